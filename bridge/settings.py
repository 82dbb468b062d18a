"""What the deployer decides: the values of ``bridge.toml`` and ``BRIDGE_…``, validated.

Owns: the settings' types, limits and defaults (contract §2). Must not: read a file (:mod:`bridge.settings_file`
does) or hold anything the operators decide (that is ``routing_rules.yaml``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from bridge.core.documents import DocumentKind
from bridge.core.vocabulary import MessageType
from bridge.folder import LocatedPath
from bridge.refusals import NO_URL
from bridge.signed_http import Address

_LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\s\[\]]+):([0-9]{1,5})")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_DATABASES = ("sqlite+aiosqlite:///", "postgresql+asyncpg://")
_SQLITE = "sqlite+aiosqlite:///"
_PUSHED = tuple(type_.value for type_ in MessageType if type_.value.startswith("ticket."))
_MAX_PORT = 65_535
DRAIN_SECONDS = 5.0
"""Two looks of a balancer that asks ``/readyz`` every two seconds, and a little."""


def _listen(value: str) -> str:
    match = _LISTEN.fullmatch(value)
    if not match or int(match[2]) > _MAX_PORT:
        raise ValueError('应为 "地址:端口"，例如 "127.0.0.1:8080"')
    return value


def _database(value: str, info: ValidationInfo) -> str:
    if not value.startswith(_DATABASES):
        raise ValueError("应以 sqlite+aiosqlite:/// 或 postgresql+asyncpg:// 开头")
    if not value.startswith(_SQLITE):
        try:
            _ = urlsplit(value).port
        except ValueError:
            raise ValueError(NO_URL) from None
        return value
    file = Path(value.removeprefix(_SQLITE))
    return f"{_SQLITE}{_folder(info) / file}"


def _folder(info: ValidationInfo) -> Path:
    return (info.context or {}).get("folder") or Path.cwd()


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("名称应为小写字母开头的小写字母、数字、_ 或 -，最多 32 个")
    return value


def _pushed(value: object) -> object:
    if value not in _PUSHED:
        raise ValueError(f"应为 {'、'.join(_PUSHED)} 之一")
    return value


def _number_form(value: str) -> str:
    known = {"word", "year", "serial"}
    try:
        named = [name for _, name, _, _ in Formatter().parse(value) if name is not None]
    except ValueError:
        named = []
    if set(named) != known or len(named) != len(known):
        raise ValueError("文号格式须含 {word}、{year}、{serial} 各一次，例如 泽社争{word}〔{year}〕{serial}号")
    return value


Name = Annotated[str, AfterValidator(_name)]
PushedType = Annotated[MessageType, BeforeValidator(_pushed)]


class Table(BaseModel):
    """A table of the file: unknown keys are errors, values never show in one."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Encryption(Table):
    """``[encryption]``."""

    key_file: LocatedPath = Field(Path("data/keys.json"), validate_default=True)


class Worker(Table):
    """``[worker]``: how much is sent at once and how long a claim lasts.

    ``lease_seconds`` is also how long a message claimed by a killed process waits for the next attempt.
    """

    concurrency: int = Field(128, ge=1, le=1024)
    per_target: int = Field(8, ge=1, le=128)
    lease_seconds: float = Field(25.0, ge=5, le=600)


class Web(Table):
    """``[web]``: patience with slow clients, in seconds, and how many connections are kept at once.

    ``drain_seconds`` is how long a process that was told to stop still serves while ``/readyz`` says no; unset, that
    is 5 seconds on PostgreSQL, where other replicas take over, and none on SQLite, where there is nobody to do so.
    """

    head_seconds: float = Field(10.0, gt=0, le=120)
    body_seconds: float = Field(30.0, gt=0, le=600)
    max_connections: int = Field(1000, ge=1, le=100_000)
    drain_seconds: float | None = Field(None, ge=0, le=300)


class Documents(Table):
    """``[documents]``: who issues, the form of a 文号, where the county's own templates are, what is issued at archiving."""

    county: str = Field("泽州县", min_length=1, max_length=30)
    number: Annotated[str, AfterValidator(_number_form)] = "泽社争{word}〔{year}〕{serial}号"
    templates: LocatedPath = Field(Path("templates"), validate_default=True)
    at_archive: tuple[DocumentKind, ...] = tuple(DocumentKind)


class FeedTable(BaseModel):
    """``[feeds.NAME]``: what every upstream has; other keys belong to its adapter.

    ``push`` limits what is pushed (``ticket.replied`` always is); ``honour_upstream_unit`` asks the upstream's own
    addressee first; ``accepting_unit`` names the unit that accepts every ticket of this feed (own handling).
    """

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    adapter: str
    push: tuple[PushedType, ...] | None = None
    honour_upstream_unit: bool = False
    accepting_unit: str | None = None
    attachment_hosts: tuple[str, ...] = ()


class ChannelTable(BaseModel):
    """``[channels.NAME]``: its adapter; other keys belong to the adapter."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    adapter: str


class Document(Table):
    """The whole file."""

    region_code: str = Field("140525", pattern=r"^[0-9]{6,12}$")
    listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8080"
    public_url: Address | None = None
    database_url: Annotated[str, AfterValidator(_database)] = Field(
        "sqlite+aiosqlite:///data/bridge.db", validate_default=True, repr=False
    )
    rules: LocatedPath = Field(Path("routing_rules.yaml"), validate_default=True)
    mode: Literal["live", "shadow"] = "live"
    review: bool | None = None
    log_format: Literal["json", "console"] = "json"
    encryption: Encryption = Field(default_factory=dict, validate_default=True)
    worker: Worker = Worker()
    documents: Documents = Documents()
    web: Web = Web()
    feeds: dict[Name, FeedTable] = Field(default_factory=dict)
    channels: dict[Name, ChannelTable] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """One upstream, with its adapter's own validated config."""

    name: str
    adapter: str
    config: BaseModel
    push: frozenset[MessageType] | None
    honour_upstream_unit: bool
    accepting_unit: str | None
    attachment_hosts: tuple[str, ...]

    def pushes(self, type_: MessageType) -> bool:
        """Tell whether a message type goes to this upstream."""
        return self.push is None or type_ is MessageType.TICKET_REPLIED or type_ in self.push


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """One unit's channel, with its adapter's own validated config."""

    name: str
    adapter: str
    config: BaseModel


@dataclass(frozen=True)
class Settings:
    """Everything the deployer decided. ``document`` holds the plain keys."""

    document: Document
    folder: Path
    feeds: Mapping[str, FeedSettings]
    channels: Mapping[str, ChannelSettings]

    @property
    def region_code(self) -> str:
        """Administrative division code."""
        return self.document.region_code

    @property
    def host(self) -> str:
        """Address to listen on."""
        return self.document.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """Port to listen on; 0 lets the system choose."""
        return int(self.document.listen.rpartition(":")[2])

    @property
    def public_url(self) -> str:
        """What ``respond_url`` is made from, without a trailing slash."""
        return (self.document.public_url or f"http://{self.document.listen}").rstrip("/")

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL; a SQLite path is absolute. May hold a password: never log it."""
        return self.document.database_url

    @property
    def rules(self) -> Path:
        """The operators' rules file."""
        return self.document.rules

    @property
    def shadow(self) -> bool:
        """Whether every outgoing message is held."""
        return self.document.mode == "shadow"

    @property
    def review(self) -> bool | None:
        """Overrides ``review.enabled`` of the rules; None leaves it to them."""
        return self.document.review

    @property
    def documents(self) -> Documents:
        """Word documents."""
        return self.document.documents

    @property
    def templates(self) -> Path:
        """The county's own Word templates; the folder need not be there."""
        return self.document.documents.templates

    @property
    def key_file(self) -> Path:
        """The encryption keys."""
        return self.document.encryption.key_file

    @property
    def worker(self) -> Worker:
        """Delivery."""
        return self.document.worker

    @property
    def web(self) -> Web:
        """Patience with clients."""
        return self.document.web

    @property
    def drain_seconds(self) -> float:
        """How long a process that ends still serves, so that balancers can turn to the others."""
        chosen = self.document.web.drain_seconds
        if chosen is not None:
            return chosen
        return 0.0 if self.database_url.startswith(_SQLITE) else DRAIN_SECONDS

    @property
    def log_format(self) -> str:
        """``json`` or ``console``."""
        return self.document.log_format

    def with_log_format(self, log_format: str) -> Settings:
        """Return the same settings with another log format (``--log-format``)."""
        return replace(self, document=self.document.model_copy(update={"log_format": log_format}))

    def adapters_of_feeds(self) -> Mapping[str, tuple[str, Any]]:
        """Return feed name -> (adapter, config), as the registry takes them."""
        return {name: (feed.adapter, feed.config) for name, feed in self.feeds.items()}

    def adapters_of_channels(self) -> Mapping[str, tuple[str, Any]]:
        """Return channel name -> (adapter, config), as the registry takes them."""
        return {name: (channel.adapter, channel.config) for name, channel in self.channels.items()}


def host_of(address: str) -> str:
    """Return the host of an address, for a log line that must not hold the rest."""
    return urlsplit(address).hostname or ""
