"""A unit that shares a folder with us: assignments in ``out/``, receipts in ``in/`` (contract section 7).

The folder's permissions are its authentication. A receipt's file is named after its assignment:
``in/<assignment_id>-<anything>.json``; what we would have answered over HTTP is written beside it in ``done/``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from bridge.adapter import (
    AdapterConfig,
    AdapterContext,
    Capabilities,
    Entry,
    ExchangeFolder,
    FiledReceipt,
    FileRefused,
    FolderSource,
    InvalidPayload,
    LocatedPath,
    Note,
    NotJson,
    OutboundMessage,
    UnitAdapter,
    fitted,
)

MAX_RECEIPT_BYTES = 16 << 20
"""As over HTTP. Source: contract section 3."""

_NAME = re.compile(r"(?P<assignment>[a-z0-9]{1,64}a[0-9]{1,9})-.+\.json")


class FileDropConfig(AdapterConfig):
    """``dir`` holds ``in/ done/ bad/ out/``; what is missing is made."""

    dir: LocatedPath


class FileDrop(FolderSource, UnitAdapter[FileDropConfig]):
    """A message sent again is the same file again."""

    Config = FileDropConfig
    capabilities = Capabilities(idempotent=True)
    suffix = ".json"
    name_counts = True

    def __init__(self, config: FileDropConfig, context: AdapterContext) -> None:
        """Open nothing yet."""
        super().__init__(config, context)
        self.folder = ExchangeFolder(config.dir, context.clock.wall)

    async def dispatch(self, message: OutboundMessage) -> None:
        """Write one message to ``out/``."""
        await self.folder.send(message_name(message.key), message.payload)

    def entries(self, name: str, file: BinaryIO) -> Iterator[Entry]:
        """Read the one receipt of a file."""
        named = _NAME.fullmatch(name)
        if not named:
            raise FileRefused("文件名应为 <assignment_id>-<序号>.json")
        body = file.read(MAX_RECEIPT_BYTES + 1)
        if len(body) > MAX_RECEIPT_BYTES:
            raise FileRefused("回执超过 16 MiB")
        try:
            yield Entry(1, FiledReceipt(named["assignment"], self.parse_receipt(body)))
        except (InvalidPayload, NotJson) as error:
            yield Entry(1, problem=str(error))

    def note(self, name: str, file: BinaryIO | None, problems: Mapping[int, str]) -> Note:  # noqa: ARG002 - one entry
        """Say why a receipt was refused."""
        return _note(name, ".error.json", {"detail": "；".join(problems.values())})

    def answer(self, name: str, body: Mapping[str, Any]) -> Note:
        """Say what the unit owes now."""
        return _note(name, ".answer.json", body)


def message_name(key: str) -> str:
    """Return ``<assignment_id>-<n>.json`` for a message's key (``<assignment_id>-<purpose>-<n>``)."""
    owner, _, number = key.rsplit("-", 2)
    return f"{owner}-{number}.json"


def _note(name: str, suffix: str, body: Mapping[str, Any]) -> Note:
    text = json.dumps(body, ensure_ascii=False, indent=2)
    return Note(fitted(name.removesuffix(".json"), suffix), (text.encode("utf-8", "replace"),))
