"""信访: letters arrive as CSV files in an exchange folder, answers leave as JSON files (contract section 7).

Columns are found by code or Chinese label, in any order; a column we do not know is kept with the ticket. 揭发控告 is a
confidential report; a purpose we do not know is confidential too: too much secrecy can be undone, too little cannot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from bridge.adapter import (
    AdapterContext,
    Capabilities,
    CsvRecord,
    CsvTable,
    Entry,
    ExchangeFolder,
    FeedAdapter,
    FileRefused,
    FolderSource,
    InboundRequest,
    InvalidPayload,
    LocatedPath,
    Note,
    OutboundMessage,
    Secrets,
    SignedConfig,
    SignedEndpoint,
    csv_lines,
    fitted,
    is_safe_name,
    loads_object,
    local_instant,
    plain,
    ticket_draft,
)

LABELS = {
    "xfjbh": "信访件编号",
    "xfrq": "信访日期",
    "content": "反映内容",
    "xfxs": "信访形式",
    "xfmddm": "信访目的",
    "name": "姓名",
    "phone": "联系电话",
    "id_number": "证件号码",
    "address": "地址",
    "xfrs": "信访人数",
    "counterparty": "被反映单位",
    "xbjzrq": "限办截止",
    "nmbz": "匿名",
    "secret": "保密",
}
"""Our name of a column (its code, where the exchange format has one) and its label. Source: contract section 7."""

REQUIRED = ("xfjbh", "xfrq", "content")
LINE, REASON = "行号", "原因"
"""Columns we add to a file of refused rows, and pass over when it comes back corrected."""

KINDS = {
    "意见建议": "suggestion",
    "建议": "suggestion",
    "申诉": "complaint",
    "求决": "help",
    "咨询": "consult",
    "其他": "help",
    "": "help",
}
"""信访目的 besides reports. Source: domain 4.2."""

REPORTS = ("揭发", "控告", "检举", "举报")
"""信访目的 of a report, which is confidential. Source: domain 4.2 and 5.2."""

_CODES = frozenset({"xfjbh", "xfrq", "xfxs", "xfmddm", "xfrs", "xbjzrq", "nmbz"})
_NAMES = {label: name for name, label in LABELS.items()} | {code: code for code in _CODES}
_NO = frozenset({"", "0", "否", "无", "不", "n", "no", "false", "非匿名", "实名", "不保密", "非保密", "公开"})
_COUNT = re.compile(r"([0-9]{1,7})\s*(?:人|名)?")
_ID = re.compile(r"\w.*")
_PATHS = {
    "external_id": "xfjbh",
    "received_at": "xfrq",
    "respond_by": "xbjzrq",
    "counterparty.name": "counterparty",
    "petitioner.people_count": "xfrs",
}


class XinfangConfig(SignedConfig):
    """``dir`` holds ``in/ done/ bad/ out/``; what is missing is made.

    Files carry letters only. With a secret the office's system may also send events (催办、满意度、重办) by HTTP.
    """

    dir: LocatedPath
    secrets: Secrets = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One letter's cells by our names of the columns, and by label what we have no name for."""

    cells: Mapping[str, str]
    others: Mapping[str, str]

    def ticket(self) -> dict[str, Any]:
        """Return the letter in the contract's shape.

        Raises:
            ValueError: a cell cannot be read; the text names its column.
        """
        cells = self.cells
        purpose = cells["xfmddm"]
        kind = "report" if any(word in purpose for word in REPORTS) else KINDS.get(purpose, "help")
        return {
            "external_id": _external_id(cells["xfjbh"]),
            "received_at": _instant(cells, "xfrq"),
            "respond_by": _instant(cells, "xbjzrq", end_of_day=True) if cells["xbjzrq"] else None,
            "kind": kind,
            "content": cells["content"],
            "petitioner": self._petitioner(confidential=kind == "report" or purpose not in KINDS),
            "counterparty": {"name": cells["counterparty"]} if cells["counterparty"] else None,
            "extra": self._extra(),
        }

    def _petitioner(self, *, confidential: bool) -> dict[str, Any]:
        cells = self.cells
        return {
            "name": cells["name"],
            "phone": cells["phone"],
            "id_number": cells["id_number"],
            "address": cells["address"],
            "people_count": _count(cells["xfrs"]),
            "anonymous": _flag(cells["nmbz"]),
            "confidential": confidential or _flag(cells["secret"]),
        }

    def _extra(self) -> dict[str, str]:
        kept = {"信访形式": self.cells["xfxs"], "信访目的": self.cells["xfmddm"], **self.others}
        return {label: text for label, text in kept.items() if text}


class Xinfang(FolderSource, FeedAdapter[XinfangConfig]):
    """A letter is accepted when the petitioner was told (信访工作条例 第二十三条); an answer resent is the same file."""

    Config = XinfangConfig
    capabilities = Capabilities(idempotent=True, accepted_by_notice=True)
    suffix = ".csv"

    def __init__(self, config: XinfangConfig, context: AdapterContext) -> None:
        """Open nothing yet."""
        super().__init__(config, context)
        self.folder = ExchangeFolder(config.dir, context.clock.wall)
        self._endpoint = SignedEndpoint(context.name, config, context.http, context.clock)

    def verify(self, request: InboundRequest) -> str:
        """Check the signature of a request; without a secret the folder is the only way in."""
        return self._endpoint.verify(request.headers, request.body) if self.config.secrets else super().verify(request)

    def entries(self, name: str, file: BinaryIO) -> Iterator[Entry]:  # noqa: ARG002 - only bytes count here
        """Read the letters of one file."""
        table = CsvTable(file, missing_columns)
        columns = [_column(cell) for cell in table.header]
        for record in table:
            yield self._entry(record.line, record.raw, _row(columns, record.cells), record.problem)

    def _entry(self, line: int, raw: bytes, row: Row, problem: str) -> Entry:
        if problem:
            return Entry(line, problem=problem)
        try:
            data = {key: value for key, value in row.ticket().items() if value is not None}
            return Entry(line, ticket_draft(data, raw, self.context.clock.now()))
        except InvalidPayload as error:
            found = (f"{_label(each.path)}：{each.message}" for each in error.problems)
            return Entry(line, problem="；".join(found))
        except ValueError as error:
            return Entry(line, problem=str(error))

    def note(self, name: str, file: BinaryIO | None, problems: Mapping[int, str]) -> Note:
        """Repeat the refused rows with line and reason, as a table that can be corrected and handed in again."""
        return Note(fitted(name.removesuffix(self.suffix), ".errors.csv"), csv_lines(_refused(file, problems)))

    async def push(self, message: OutboundMessage) -> None:
        """Write one answer to ``out/``."""
        body = loads_object(message.payload)
        await self.folder.send(answer_name(message, str(body["external_id"])), message.payload)


def answer_name(message: OutboundMessage, external_id: str) -> str:
    """Return the file's name: ``<external_id>-<round>.json`` for a reply; made from the key, so it never changes."""
    key, serial = message.key.rsplit("-", 1)
    number = f"{external_id}-{key.rsplit('-', 1)[1]}"
    purpose = message.type.partition(".")[2]
    return f"{number}.json" if purpose == "replied" else f"{number}-{serial}.{purpose}.json"


def missing_columns(header: Sequence[str]) -> str | None:
    """Say why a header is none of ours; None when it is."""
    names = [_column(cell) for cell in header]
    missing = [LABELS[name] for name in REQUIRED if name not in names]
    if missing:
        return f"表头缺少必填列：{'、'.join(missing)}"
    twice = sorted({LABELS.get(name, name) for name in names if name and names.count(name) > 1})
    return f"表头有重复的列：{'、'.join(twice)}" if twice else None


def _column(cell: str) -> str:
    text = plain(cell).rstrip("*＊").strip()
    return _NAMES.get(text) or _NAMES.get(text.lower(), text)


def _row(columns: Sequence[str], cells: Sequence[str]) -> Row:
    found = {column: plain(cell) for column, cell in zip(columns, cells, strict=False)}
    others = {name: text for name, text in found.items() if name and name not in LABELS and name not in (LINE, REASON)}
    return Row({name: found.get(name, "") for name in LABELS}, others)


def _external_id(text: str) -> str:
    if not text:
        raise ValueError(f"{LABELS['xfjbh']}：缺少必填项")
    if not _ID.fullmatch(text) or not is_safe_name(text):
        raise ValueError(f"{LABELS['xfjbh']}：只能以字母、数字或汉字开头，不能含 / \\ : * ? 等不能用作文件名的字符")
    return text


def _instant(cells: Mapping[str, str], column: str, *, end_of_day: bool = False) -> str:
    try:
        return local_instant(cells[column], end_of_day=end_of_day).isoformat()
    except ValueError as error:
        raise ValueError(f"{LABELS[column]}：{error if cells[column] else '缺少必填项'}") from None


def _count(text: str) -> int | None:
    match = _COUNT.fullmatch(text)
    if text and not match:
        raise ValueError(f"{LABELS['xfrs']}：应为整数")
    return int(match[1]) if match else None


def _flag(text: str) -> bool:
    """Anything that is not a clear no is a yes: a mark misread must not name anybody."""
    return text.lower() not in _NO


def _label(path: str) -> str:
    name = _PATHS.get(path) or path.rpartition(".")[2]
    return LABELS.get(name, path)


def _refused(file: BinaryIO | None, problems: Mapping[int, str]) -> Iterator[Sequence[str]]:
    """Return the header and the refused rows; lines that are no rows stand at the end."""
    rest = dict(problems)
    try:
        table = CsvTable(file, missing_columns) if file else None
    except FileRefused:
        table = None
    keep = [_column(cell) not in (LINE, REASON) for cell in table.header] if table else []
    yield [*(cell for cell, kept in zip(table.header if table else (), keep, strict=True) if kept), LINE, REASON]
    for record in table or ():
        reason = rest.pop(record.line, None)
        if table is not None and reason is not None:
            yield [*_repeated(table, record, keep), str(record.line), reason]
    for line, reason in sorted(rest.items()):
        yield [*[""] * sum(keep), str(line), reason]


def _repeated(table: CsvTable, record: CsvRecord, keep: Sequence[bool]) -> list[str]:
    """Return a refused row's cells; one that could not be split stands whole in the first column."""
    cells = [cell for cell, kept in zip(record.cells, keep, strict=False) if kept]
    cells = cells or [record.raw.decode(table.encoding, "replace").strip()]
    return [*cells, *[""] * (sum(keep) - len(cells))]
