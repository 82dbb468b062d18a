"""The field types shared by every body: instants, texts, identifiers, months, money, attachments.

Owns: the limits on single fields. Must not: know a whole body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bridge.core.model.ticket import Attachment, FeePeriod

MAX_CONTENT_CHARACTERS = 20_000
"""Source: the contract §3."""

MAX_EXTERNAL_ID_CHARACTERS = 64
"""Source: the contract §3."""

MAX_AHEAD = timedelta(minutes=5)
"""How far ahead of us a moment that has happened may lie. Source: the contract §3."""

MAX_OPINION_CHARACTERS = 100_000
_MAX_LINE_CHARACTERS = 2_000
_MAX_ITEMS = 1_000
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_MONTH_OR_DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?")
_DECIMAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_URL = re.compile(r"(?:https?|ftps?|sftp)://[^\s\x00-\x1f]+", re.IGNORECASE)


class Wire(BaseModel):
    """A body or a part of one: unknown keys are refused, ``null`` counts as absent."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        if isinstance(data, dict) and None in data.values():
            return {key: value for key, value in data.items() if value is not None or key not in cls._names()}
        return data

    @classmethod
    def _names(cls) -> set[str]:
        return {field.alias or name for name, field in cls.model_fields.items()}


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError("应为 ISO 8601 时间文字，例如 2026-01-05T09:30:00+08:00")  # noqa: TRY004 - pydantic reads ValueError
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("不是 ISO 8601 时间，例如 2026-01-05T09:30:00+08:00") from None
    if moment.tzinfo is None:
        raise ValueError("时间缺少时区，例如 +08:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("时间超出可用范围（1990 年至 2099 年）") from None


def _in_range(moment: datetime) -> datetime:
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError("时间超出可用范围（1990 年至 2099 年）")
    return moment


def _not_ahead(moment: datetime, info: ValidationInfo) -> datetime:
    now = (info.context or {}).get("now")
    if now is not None and moment > now + MAX_AHEAD:
        raise ValueError("时间晚于现在 5 分钟以上")
    return moment


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("不能为空")
    return text


def _identifier(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        raise ValueError("首尾不能有空白，不能含控制字符")
    return text


def _amount(value: object) -> object:
    """Upstreams send money as text or as a number; it is kept as text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _decimal(text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise ValueError('应为十进制数字的文字（元），例如 "431.20"')
    return text


Instant = Annotated[datetime, BeforeValidator(_instant), AfterValidator(_in_range)]
"""An ISO 8601 instant with offset, converted to UTC."""

PastInstant = Annotated[Instant, AfterValidator(_not_ahead)]
"""An instant at most 5 minutes ahead of the ``now`` of the validation."""

ExternalId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_EXTERNAL_ID_CHARACTERS),
    AfterValidator(_identifier),
]
Line = Annotated[str, StringConstraints(max_length=_MAX_LINE_CHARACTERS)]
"""A short free text; may be empty."""

FilledLine = Annotated[Line, AfterValidator(_not_blank)]
Words = Annotated[str, StringConstraints(max_length=MAX_CONTENT_CHARACTERS)]
"""A citizen's or clerk's words; may be empty."""

FilledWords = Annotated[Words, AfterValidator(_not_blank)]
OpinionWords = Annotated[str, StringConstraints(max_length=MAX_OPINION_CHARACTERS)]
FilledOpinionWords = Annotated[OpinionWords, AfterValidator(_not_blank)]
Amount = Annotated[Line, BeforeValidator(_amount)]
Decimal = Annotated[str, AfterValidator(_decimal)]
Count = Annotated[StrictInt, Field(ge=0, le=10_000_000)]
Lines = Annotated[tuple[FilledLine, ...], Field(max_length=_MAX_ITEMS)]
ExternalIds = Annotated[tuple[ExternalId, ...], Field(max_length=_MAX_ITEMS)]
Flag = StrictBool


class PeriodIn(Wire):
    """A fee period as an upstream states it: months, or days."""

    start: str | None = Field(None, alias="from", pattern=f"^(?:{_MONTH_OR_DAY.pattern})$")
    end: str | None = Field(None, alias="to", pattern=f"^(?:{_MONTH_OR_DAY.pattern})$")

    @field_validator("end")
    @classmethod
    def _in_order(cls, end: str | None, info: ValidationInfo) -> str | None:
        start = info.data.get("start")
        if end and start and end[:7] < start[:7]:
            raise ValueError("截止早于起始")
        return end

    def core(self) -> FeePeriod:
        """Convert."""
        return FeePeriod(self.start, self.end)


class MonthPeriodIn(PeriodIn):
    """A fee period of an opinion: ``YYYY-MM`` only."""

    start: str | None = Field(None, alias="from", pattern=f"^(?:{_MONTH.pattern})$")
    end: str | None = Field(None, alias="to", pattern=f"^(?:{_MONTH.pattern})$")


class AttachmentIn(Wire):
    """A file, by reference (``url``) or inline (``content_base64``); an inline file must match its hash."""

    name: FilledLine
    media_type: Line | None = None
    sha256: str | None = None
    url: Line | None = None
    content_base64: str | None = None

    @field_validator("sha256")
    @classmethod
    def _is_hash(cls, value: str) -> str:
        if not _SHA256.fullmatch(value.lower()):
            raise ValueError("应为 64 位十六进制的 SHA-256")
        return value.lower()

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if not _URL.fullmatch(value):
            raise ValueError("应为 http(s)、ftp(s) 或 sftp 地址")
        return value

    @field_validator("content_base64")
    @classmethod
    def _is_base64(cls, value: str) -> str:
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("不是 base64") from None
        return value

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.url is not None and self.content_base64 is not None:
            raise ValueError("url 与 content_base64 只能有一个")
        if self.sha256 is not None and self.content_base64 is not None:
            digest = hashlib.sha256(base64.b64decode(self.content_base64)).hexdigest()
            if digest != self.sha256:
                raise ValueError("内容与 sha256 不符")
        return self

    def core(self) -> Attachment:
        """Convert."""
        return Attachment(self.name, self.media_type, self.sha256, self.url, self.content_base64)


Attachments = Annotated[tuple[AttachmentIn, ...], Field(max_length=_MAX_ITEMS)]


def some(text: str | None) -> str | None:
    """Take a blank text for absent."""
    return text if text and text.strip() else None
