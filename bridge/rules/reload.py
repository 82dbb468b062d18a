"""Hot reload: watch the files, load and test the new rules, then swap one pointer; a failure keeps the old ones.

Owns: the holder of the snapshot of the moment, telling changed files by time, size and content, reporting.
Must not: sleep or read a clock (the caller's loop does), or let a half-written file in: its tests must pass.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from bridge.core import snapshots
from bridge.errors import ConfigError, Problem
from bridge.rules.compile import CompiledRules
from bridge.rules.load import read_source, rules_of
from bridge.rules.testing import failures, run_cases
from bridge.rules.yaml_reader import MAX_BYTES

_log = structlog.get_logger(__name__)

Adjust = Callable[[CompiledRules], CompiledRules]
Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Reload:
    """How an attempt ended: ``loaded`` with new rules, or ``problems`` and the old rules stay."""

    loaded: bool
    rules_hash: str
    problems: tuple[Problem, ...] = ()


Report = Callable[[Reload], None]


class RulesHolder:
    """The rules of the moment; :meth:`current` is what a use case reads once at its start."""

    def __init__(
        self,
        path: Path,
        rules: CompiledRules,
        *,
        adjust: Adjust | None = None,
        report: Report | None = None,
        years: Path | None = None,
    ) -> None:
        """Hold rules already loaded from ``path``.

        ``adjust`` applies the settings (review, calendar years) to every snapshot; the year files it reads
        from the folder ``years`` are watched like the rules themselves.
        """
        self.path = path
        self._years = years
        self._rules = rules
        self._adjust = adjust or (lambda loaded: loaded)
        self._report = report or (lambda _: None)
        self._seen = self._settling = self._stamps()
        self._digest = self._content()
        self._lock = threading.Lock()

    def current(self) -> CompiledRules:
        """The snapshot of the moment; a caller keeps the one it started with."""
        return self._rules

    def poll(self) -> Reload | None:
        """Reload if a file changed and has since stood still for one poll; None if not.

        A file that is just being written looks different at each poll and is left alone until it is whole.
        """
        stamp = self._stamps()
        if stamp == self._seen:
            return None
        if stamp != self._settling:
            self._settling = stamp
            return None
        self._seen = stamp
        content = self._content()
        if None not in content and content == self._digest:
            return None
        return self.reload()

    def reload(self) -> Reload:
        """Read, validate, run the file's own tests, swap. Never raises for a bad file."""
        with self._lock:
            self._seen, self._digest = self._stamps(), self._content()
            try:
                rules = self._adjust(load_tested(self.path))
                self._refuse_half(rules)
            except ConfigError as error:
                return self._refused(error)
            except Exception as error:  # noqa: BLE001 - the daemon goes on with the old rules
                _log.exception("rules.reading_failed", rules_hash=self._rules.hash)
                said = f"程序读这份规则时出错({type(error).__name__});请改回上一版,并把这份文件交给维护人员"
                return self._refused(ConfigError(str(self.path), [Problem("-", said, 1, 1)]))
            self._tell_of_another_calendar(rules)
            self._rules = rules
            snapshots.forget()
            outcome = Reload(loaded=True, rules_hash=rules.hash)
            _log.info("rules.reloaded", rules_hash=rules.hash)
            self._report(outcome)
            return outcome

    def _watched(self) -> list[Path]:
        return [self.path, *(sorted(self._years.glob("*.json")) if self._years else ())]

    def _stamps(self) -> list[tuple[str, Stamp | None]]:
        return [(path.name, _stamp(path)) for path in self._watched()]

    def _content(self) -> list[str | None]:
        return [_digest(path) for path in self._watched()]

    def _refuse_half(self, rules: CompiledRules) -> None:
        """A file cut off among its tests still reads as rules: fewer tests and no line end give it away."""
        now, before = len(rules.document.tests), len(self._rules.document.tests)
        if now < before and not _ends_a_line(self.path):
            said = f"最后一行没有写完(没有换行),用例也比在用的少({before} 个 → {now} 个),文件像是只写了一半"
            raise ConfigError(str(self.path), [Problem("tests", f"{said};确是删了用例的,请在末尾补一个换行")])

    def _tell_of_another_calendar(self, rules: CompiledRules) -> None:
        """Open limits never move by a reload: a person looks first (``bridge calendar recount``)."""
        calendar = rules.policy.calendar.version
        if calendar != self._rules.policy.calendar.version:
            _log.warning("calendar.changed", calendar=calendar, remedy="bridge calendar recount --preview")

    def _refused(self, error: ConfigError) -> Reload:
        for problem in error.problems:
            _log.error("rules.refused", problem=problem.located(error.file), rules_hash=self._rules.hash)
        outcome = Reload(loaded=False, rules_hash=self._rules.hash, problems=error.problems)
        self._report(outcome)
        return outcome


def load_tested(path: Path) -> CompiledRules:
    """Load rules and run their tests.

    Raises:
        ConfigError: the file's problems, or one problem per test that does not hold.
    """
    file, data = read_source(path)
    rules = rules_of(data, file)
    if wrong := failures(run_cases(rules), data):
        raise ConfigError(file, wrong)
    return rules


def _ends_a_line(path: Path) -> bool:
    try:
        return path.read_bytes().endswith(b"\n")
    except OSError:
        return False


def _stamp(path: Path) -> Stamp | None:
    """Time, size and the time of the last change of any kind: permissions count, and so does ``cp -p``."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ctime_ns


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.sha256(file.read(MAX_BYTES + 1)).hexdigest()
    except OSError:
        return None
