"""Text to compiled rules, or every problem at once.

Owns: the order reading → shape → meaning → compile. Must not: print, or keep half-checked rules.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from bridge.errors import ConfigError, Problem
from bridge.rules.check import meaning_problems
from bridge.rules.compile import CompiledRules, compile_rules
from bridge.rules.document import RulesDocument
from bridge.rules.messages import shape_problems
from bridge.rules.repair import certain, repaired
from bridge.rules.yaml_reader import YamlText, read_yaml


def load_rules(source: Path | str | bytes, name: str | None = None) -> CompiledRules:
    """Load rules from a path, or from the text itself (``bytes``).

    Raises:
        ConfigError: with every problem of the file.
    """
    file, data = read_source(source, name)
    return rules_of(data, file)


def rules_of(data: bytes, file: str) -> CompiledRules:
    """Compile a rules text; ``file`` is what its problems call it.

    Raises:
        ConfigError: with every problem of the text.
    """
    document, problems = parse(data)
    if document is None or problems:
        raise ConfigError(file, problems)
    return compile_rules(document, data)


def check_text(text: str | bytes) -> list[Problem]:
    """Every problem of a rules text; empty if it can be used."""
    return parse(text.encode() if isinstance(text, str) else text)[1]


def parse(data: bytes) -> tuple[RulesDocument | None, list[Problem]]:
    """The document (None if its shape is wrong) and every problem found, in the order of the file."""
    source = read_yaml(data)
    if source.value is None:
        return None, source.problems or [Problem("-", "文件里没有内容;请从备份或上一版取回", 1, 1)]
    if not isinstance(source.value, dict):
        return None, [*source.problems, Problem("-", "规则文件的最外层应当是“名称: 内容”,如 units: …", 1, 1)]
    document, problems = _shape(source)
    problems = [*source.problems, *problems]
    if document is not None:
        problems += meaning_problems(document, source)
    elif (patched := repaired(source.value)) is not None:
        problems += certain(meaning_problems(patched, source))
    lines = {problem.line for problem in problems}
    return document, _ordered([*problems, *(one for one in source.unseen if one.line in lines)])


def _shape(source: YamlText) -> tuple[RulesDocument | None, list[Problem]]:
    try:
        return RulesDocument.model_validate(source.value), []
    except ValidationError as error:
        return None, shape_problems(error, source)


def _ordered(problems: list[Problem]) -> list[Problem]:
    unique = {(one.line, one.column, one.message): one for one in problems}
    return sorted(unique.values(), key=lambda one: (one.line or 0, one.column or 0))


def read_source(source: Path | str | bytes, name: str | None = None) -> tuple[str, bytes]:
    """Return what a rules file is called, and its bytes.

    Raises:
        ConfigError: it cannot be read.
    """
    if isinstance(source, bytes):
        return name or "routing_rules.yaml", source
    path = Path(source)
    try:
        with path.open("rb") as file:
            return name or str(path), file.read(2 * 1024 * 1024)
    except OSError as error:
        raise ConfigError(name or str(path), [Problem("-", _unreadable(error), 1, 1)]) from None


def _unreadable(error: OSError) -> str:
    """Say why a file cannot be read, and what to look at."""
    match error:
        case FileNotFoundError():
            return "文件不存在;请核对文件名和所在的文件夹"
        case IsADirectoryError():
            return "这是文件夹,不是文件;请写到文件名为止"
        case PermissionError():
            return "没有读取的权限;请检查文件的属主和权限"
    return f"无法读取({error.strerror})"
