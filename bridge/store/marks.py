"""What an audit saw, to be kept outside the database: a case removed whole, or put back whole, shows at the next audit.

Owns: the text of the marks, its tag, and how histories differ from them. Must not: read or write a file, or run SQL.
A mark is a case's id with the length and the head of its history; there is nothing personal in it. See ADR 0010.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.crypto import Vault
from bridge.errors import StoreError
from bridge.store.audit import Finding

_PURPOSE = "audit-marks"

Histories = Mapping[str, Sequence[str]]
"""The hashes of each case's history, in order."""


@dataclass(slots=True)
class Marks:
    """The heads of one audit, and those of the one before it that were not met again yet."""

    before: dict[str, tuple[int, str]] = field(default_factory=dict)
    now: dict[str, tuple[int, str]] = field(default_factory=dict)

    def meet(self, histories: Histories) -> list[Finding]:
        """Note the cases of a page, and return those whose history does not go on from where it was."""
        found = []
        for case_id, hashes in histories.items():
            length, head = self.before.pop(case_id, (0, ""))
            if length and (len(hashes) < length or hashes[length - 1] != head):
                found.append(Finding(case_id, "cases", case_id, "put_back"))
            self.now[case_id] = (len(hashes), hashes[-1] if hashes else "")
        return found

    def left(self) -> list[Finding]:
        """Return the cases that were there at the audit before and were not met at this one."""
        return [Finding(case_id, "cases", case_id, "vanished") for case_id in sorted(self.before)]


def text_of(marks: Marks, vault: Vault, region: str) -> str:
    """Return what was met as the text of a file: its tag on the first line, then a line a case."""
    lines = "".join(f"{case_id} {length} {head}\n" for case_id, (length, head) in sorted(marks.now.items()))
    return f"{_tag(vault, region, lines)}\n{lines}"


def marks_from(text: str, vault: Vault, region: str) -> Marks:
    """Return the marks of a file's text. Raises StoreError if it is not of this key and region, or was changed."""
    tag, _, lines = text.partition("\n")
    if not hmac.compare_digest(tag.encode(), _tag(vault, region, lines).encode()):
        raise StoreError("核对记号文件不是本套密钥写的，或被改动过；请查明原因，另换一个文件名重新留存")
    cut = (line.split(" ") for line in lines.splitlines())
    return Marks({case_id: (int(length), head) for case_id, length, head in cut})


def _tag(vault: Vault, region: str, lines: str) -> str:
    return vault.mac(_PURPOSE, f"{region}\x00{lines}".encode()).hex()
