"""What happened in a life, line by line, and the hash that says whether two lives are the same.

Owns: the lines, among them every log line of the real code; a logged bug is a finding. Must not: judge more.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog


class Trace:
    """Lines of ``seconds what fields``; ``bugs`` are tracebacks the code logged and errors nobody fetched."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        """Take the virtual time."""
        self._seconds = seconds
        self.lines: list[str] = []
        self.bugs: list[str] = []

    def note(self, what: str, /, **fields: Any) -> None:
        """Add a line."""
        told = " ".join(f"{name}={value}" for name, value in fields.items() if value is not None)
        self.lines.append(f"{self._seconds():10.4f} {what} {told}")

    @property
    def digest(self) -> str:
        """The hash of every line."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take what the code logs instead of printing it."""
        before = structlog.get_config()
        structlog.configure(
            processors=[self._take],
            wrapper_class=structlog.make_filtering_bound_logger(0),
            cache_logger_on_first_use=False,
        )
        try:
            yield
        finally:
            structlog.configure(**before)

    def _take(self, _logger: object, method: str, event: MutableMapping[str, Any]) -> str:
        what = event.pop("event")
        if event.pop("exc_info", None):
            self.bugs.append(f"{what}: {traceback.format_exc()}")
        self.note(f"log.{method} {what}", **{name: event[name] for name in sorted(event)})
        raise structlog.DropEvent

    def unfetched(self, _loop: object, context: dict[str, Any]) -> None:
        """Note an error that no task waited for, as the loop's exception handler."""
        error = context.get("exception")
        text = "".join(traceback.format_exception(error)) if error else ""
        self.bugs.append(f"{context['message']} {text}")
