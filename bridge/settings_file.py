"""From ``bridge.toml`` and the environment to :class:`~bridge.settings.Settings`, or every problem at once.

Owns: reading, merging ``BRIDGE_…`` (nested with ``__``), secrets from files, positions of problems. Must not: keep a
secret outside the adapters' configs, or show one in a problem.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from bridge.errors import ConfigError, Problem
from bridge.registry import UnknownAdapter, feed_class, unit_class
from bridge.settings import (
    ChannelSettings,
    ChannelTable,
    Document,
    Encryption,
    FeedSettings,
    FeedTable,
    Settings,
    Web,
    Worker,
)
from bridge.toml_positions import Path as KeyPath
from bridge.toml_positions import Position, nearest, positions, syntax_position
from bridge.wire.problems import sentence

PREFIX = "BRIDGE_"
NOT_KEYS = frozenset({"BRIDGE_CONFIG", "BRIDGE_CLOCK_SOCKET", "BRIDGE_CLOCK_START"})
"""Variables of ours that are no keys of the file: ``--config``, and the demo's business clock."""

_UNREADABLE: Mapping[type[Exception], str] = {
    FileNotFoundError: "文件不存在",
    PermissionError: "没有权限",
    IsADirectoryError: "是文件夹",
    UnicodeDecodeError: "不是文字",
}
_SECRET_KEYS = ("secret", "secret_file", "secrets")
_TABLES: Mapping[KeyPath, type[BaseModel]] = {
    (): Document,
    ("encryption",): Encryption,
    ("worker",): Worker,
    ("web",): Web,
    ("feeds",): FeedTable,
    ("channels",): ChannelTable,
}


def load_settings(path: Path, environ: Mapping[str, str], rules: Path | None = None) -> Settings:
    """Read the deployer's settings; ``rules`` (``--rules``) beats the file.

    Raises:
        ConfigError: every problem found, each with its line and column.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise ConfigError(str(path), [Problem("-", "文件不存在或读不出来；bridge init DIR 可以生成一份")]) from None
    except UnicodeDecodeError:
        raise ConfigError(str(path), [Problem("-", "文件不是 UTF-8")]) from None
    return parse_settings(text, path, environ, rules)


def parse_settings(text: str, path: Path, environ: Mapping[str, str], rules: Path | None = None) -> Settings:
    """Do what :func:`load_settings` does with a text already read; ``path`` names it and its folder."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, column = syntax_position(error) or (None, None)
        raise ConfigError(str(path), [Problem("-", f"TOML 语法错误：{error}", line, column)]) from None
    reader = _Reader(values, path.absolute().parent)
    reader.merge(environ)
    settings = reader.settings(rules)
    if reader.problems or settings is None:
        found = positions(text)
        located = [_located(problem, key, found) for key, problem in reader.problems]
        raise ConfigError(str(path), sorted(located, key=lambda problem: (problem.line or 0, problem.column or 0)))
    return settings


class _Reader:
    """Collects problems on the way from raw values to settings."""

    def __init__(self, values: dict[str, Any], folder: Path) -> None:
        self._values = values
        self._folder = folder
        self.problems: list[tuple[KeyPath, Problem]] = []

    def merge(self, environ: Mapping[str, str]) -> None:
        """Let each ``BRIDGE_…`` variable replace its key."""
        for name, value in sorted(environ.items()):
            if name.startswith(PREFIX) and name not in NOT_KEYS:
                self._set(tuple(name.removeprefix(PREFIX).lower().split("__")), _decoded(value), name)

    def settings(self, rules: Path | None) -> Settings | None:
        """Validate everything; None when the plain keys do not hold."""
        feeds = {name: self._feed(name, table) for name, table in self._tables("feeds").items()}
        channels = {name: self._channel(name, table) for name, table in self._tables("channels").items()}
        self._refuse_shared_folders({"feeds": feeds, "channels": channels})
        document = self._validated(Document, self._values, ())
        if document is None or self.problems:
            return None
        # The raw tables hold secrets; what is kept of them is in the adapters' configs.
        kept: dict[str, Any] = {"feeds": {}, "channels": {}}
        if rules is not None:
            kept["rules"] = rules.absolute()
        document = document.model_copy(update=kept)
        return Settings(
            document,
            self._folder,
            {name: feed for name, feed in feeds.items() if feed},
            {name: channel for name, channel in channels.items() if channel},
        )

    def _refuse_shared_folders(
        self, sections: Mapping[str, Mapping[str, FeedSettings | ChannelSettings | None]]
    ) -> None:
        """Two counterparts in one folder would take each other's files."""
        taken: dict[Path, str] = {}
        for section, tables in sections.items():
            for name, table in tables.items():
                folder = getattr(table.config, "dir", None) if table else None
                if not isinstance(folder, Path):
                    continue
                other = taken.setdefault(folder.resolve(), f"{section}.{name}")
                if other != f"{section}.{name}":
                    self._add((section, name, "dir"), f"与 {other} 是同一个目录，请分开")

    def _set(self, key: KeyPath, value: object, variable: str) -> None:
        table = self._values
        for part in key[:-1]:
            inner = table.setdefault(part, {})
            if not isinstance(inner, dict):
                self._add(key, f"环境变量 {variable} 指向的不是一个表")
                return
            table = inner
        if key[-1] in _SECRET_KEYS:
            for other in _SECRET_KEYS:
                table.pop(other, None)
        table[key[-1]] = value

    def _tables(self, section: str) -> dict[str, dict[str, Any]]:
        tables = self._values.get(section, {})
        if not isinstance(tables, dict):
            return {}
        return {name: table for name, table in tables.items() if isinstance(table, dict)}

    def _feed(self, name: str, table: dict[str, Any]) -> FeedSettings | None:
        key = ("feeds", name)
        common = _validated_quietly(FeedTable, table)
        config = self._adapter_config(key, table, feed_class, FeedTable)
        if common is None or config is None:
            return None
        return FeedSettings(
            name=name,
            adapter=common.adapter,
            config=config,
            push=None if common.push is None else frozenset(common.push),
            honour_upstream_unit=common.honour_upstream_unit,
            accepting_unit=common.accepting_unit,
            attachment_hosts=common.attachment_hosts,
        )

    def _channel(self, name: str, table: dict[str, Any]) -> ChannelSettings | None:
        config = self._adapter_config(("channels", name), table, unit_class, ChannelTable)
        return ChannelSettings(name, table["adapter"], config) if config else None

    def _adapter_config(
        self,
        key: KeyPath,
        table: dict[str, Any],
        find: Any,
        common: type[BaseModel],
    ) -> BaseModel | None:
        adapter = table.get("adapter")
        if not isinstance(adapter, str):
            return None
        try:
            config_type = find(adapter).Config
        except UnknownAdapter as error:
            self._add((*key, "adapter"), str(error))
            return None
        options = {name: value for name, value in table.items() if name not in common.model_fields}
        secrets = config_type.model_fields.get("secrets")
        if secrets is not None and (secrets.is_required() or options.keys() & set(_SECRET_KEYS)):
            options = self._with_secrets(key, options)
        config: BaseModel | None = self._validated(config_type, options, key, also=tuple(common.model_fields))
        return config

    def _with_secrets(self, key: KeyPath, options: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in _SECRET_KEYS if name in options]
        rest = {name: value for name, value in options.items() if name not in _SECRET_KEYS}
        if not given:
            self._add(key, "缺少密钥：secret、secret_file 或 secrets")
            return rest | {"secrets": ["whsec_AA=="]}
        for extra in given[1:]:
            self._add((*key, extra), f"与 {given[0]} 只能写一个")
        secrets = self._secrets(key, given[0], options[given[0]])
        return rest | {"secrets": ["whsec_AA=="] if secrets is None else secrets}

    def _secrets(self, key: KeyPath, name: str, value: object) -> object:
        """Read the secrets of one spelling; None after a problem was noted."""
        if name != "secret_file":
            return [value] if name == "secret" else value
        try:
            lines = (self._folder / str(value)).read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as error:
            path = self._folder / str(value)
            why = _UNREADABLE.get(type(error), "读取出错")
            self._add((*key, name), f"密钥文件 {path} 读不出来（{why}）；请放回文件、核对权限，或改写 {name}")
            return None
        if not lines:
            self._add((*key, name), "密钥文件是空的；请写入一行 whsec_ 开头的密钥，或从备份放回")
            return None
        return lines

    def _validated(
        self, model: type[BaseModel], values: Mapping[str, Any], key: KeyPath, also: tuple[str, ...] = ()
    ) -> Any:
        try:
            return model.model_validate(values, context={"folder": self._folder})
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                location = (*key, *(str(part) for part in detail["loc"] if part != "[key]"))
                if detail["type"] == "extra_forbidden":
                    self._add(location, "不认识的键" + _hint(location, model, also))
                elif location[-1:] == ("secrets",) or "secrets" in location:
                    self._add(key, f"密钥不合要求：{sentence(detail)}")
                else:
                    self._add(location, sentence(detail))
        return None

    def _add(self, key: KeyPath, message: str) -> None:
        self.problems.append((key, Problem(".".join(key), message)))


def _validated_quietly(model: type[FeedTable], table: dict[str, Any]) -> FeedTable | None:
    """Validate a common table; its problems are reported by the whole document."""
    try:
        return model.model_validate(table)
    except ValidationError:
        return None


def _decoded(value: str) -> object:
    """Read lists and tables written as JSON; everything else stays text and is read by its type."""
    if value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _hint(location: KeyPath, model: type[BaseModel], also: tuple[str, ...]) -> str:
    model = _TABLES.get(location[:-1], model)
    names = [*model.model_fields, *also]
    names += _SECRET_KEYS if "secrets" in names else ()
    close = get_close_matches(location[-1], names, n=1)
    return f"，是否为 {close[0]}？" if close else ""


def _located(problem: Problem, key: KeyPath, found: dict[KeyPath, Position]) -> Problem:
    line, column = nearest(found, key) or (None, None)
    return Problem(problem.path, problem.message, line, column)
