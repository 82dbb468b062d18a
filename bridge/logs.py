"""Logging: one JSON object per line, Beijing time, masked; the same lines coloured for people on request.

Owns: the set-up of structlog and of the standard library's loggers behind it. Must not: write anything a mask has not seen.

One request and one attempt to deliver write one line each, with what was committed for them under ``changed``; a change
that nobody asked for over HTTP (a deadline) writes its own. Event names are constants, ``noun.past_participle``.
info: state changed; warning: will be retried; error: a person must act.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from bridge.masking import masked, masked_text

BEIJING = timezone(timedelta(hours=8))
_OURS = frozenset({"ts", "level", "component"})
_TEXTS = frozenset({"event", "logger"})
_gathered: ContextVar[dict[str, list[str]] | None] = ContextVar("gathered", default=None)
_QUIET_LOGGERS = ("aiohttp.access", "alembic", "asyncio", "sqlalchemy")


def configure_logs(
    wall: Callable[[], datetime], *, form: str = "json", level: str = "info", stream: TextIO | None = None
) -> None:
    """Send every log line of the process to ``stream`` (default stderr), as ``json`` or for the ``console``."""
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        _stamp(wall),
        structlog.processors.format_exc_info,
        _mask,
    ]
    structlog.configure(
        processors=[*shared, _renderer(form, out)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _route_standard_library(shared, _renderer(form, out), out)


@contextmanager
def one_line() -> Iterator[dict[str, list[str]]]:
    """Gather what is committed meanwhile, by case, for the one line of whoever caused it."""
    gathered: dict[str, list[str]] = {}
    token = _gathered.set(gathered)
    try:
        yield gathered
    finally:
        _gathered.reset(token)


@contextmanager
def separate_lines() -> Iterator[None]:
    """Let every change write its own line, where one request changes any number of cases."""
    token = _gathered.set(None)
    try:
        yield
    finally:
        _gathered.reset(token)


def note_change(case_id: str, what: list[str]) -> bool:
    """Hand what happened to a case to the line that is being gathered; False if there is none."""
    gathered = _gathered.get()
    if gathered is not None:
        gathered.setdefault(case_id, []).extend(what)
    return gathered is not None


def get_log(component: str) -> FilteringBoundLogger:
    """Return a logger; its lines carry ``component``."""
    log: FilteringBoundLogger = structlog.get_logger(component=component)
    return log


def _route_standard_library(shared: list[Processor], renderer: Processor, out: TextIO) -> None:
    """Let libraries' lines pass through the same processors; below warning they are dropped."""
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _mask, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in _QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def _stamp(wall: Callable[[], datetime]) -> Processor:
    def stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["ts"] = wall().astimezone(BEIJING).isoformat(timespec="milliseconds")
        return event

    return stamp


def _mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if key in _TEXTS:
            event[key] = masked_text(str(value))
        elif key not in _OURS and not key.startswith("_"):
            event[key] = masked(value, key)
    return event


def _renderer(form: str, out: TextIO) -> Processor:
    if form == "console":
        return structlog.dev.ConsoleRenderer(colors=out.isatty(), timestamp_key="ts")
    return _as_json


def _as_json(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> str:
    ordered = {key: event.pop(key) for key in ("ts", "level", "event") if key in event}
    return orjson.dumps({**ordered, **event}, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
