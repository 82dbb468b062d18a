"""Checking a dossier by itself, and against the ledger it came from.

Owns: what makes a dossier hold, in Chinese. Must not: read a store.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from bridge.dossier.contents import HISTORY, OUTBOX
from bridge.dossier.index import INDEX
from bridge.dossier.package import Files, Opened, opened
from bridge.store.cases import chain_hash

_NEVER_CHANGING = ("opinions/", "media/")
_NOT_COMPARED = frozenset({INDEX, OUTBOX})


@dataclass(frozen=True, slots=True)
class Checked:
    """A dossier, and everything that is wrong with it; ``notes`` are worth knowing but not wrong."""

    dossier: Opened
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()


def check(data: bytes) -> Checked:
    """Check a dossier without any database."""
    dossier = opened(data)
    problems = [*dossier.problems]
    if dossier.manifest:
        problems += [*_chains(dossier), *_counts(dossier)]
    return Checked(dossier, tuple(dict.fromkeys(problems)))


def _chains(dossier: Opened) -> Iterator[str]:
    region = str(dossier.manifest.get("region_code"))
    for case_id, stated in dict(dossier.manifest.get("chain", {})).items():
        path = f"{HISTORY}/{case_id}.jsonl"
        count, head, broken = _walked(dossier.files.get(path, b""), region, case_id)
        if broken:
            yield f"{path}：历史链从第 {broken} 条起断开"
        elif (count, head) != (stated.get("events"), stated.get("head")):
            yield f"{path}：历史应有 {stated.get('events')} 条，实有 {count} 条，或链首不符"


def _walked(lines: bytes, region: str, case_id: str) -> tuple[int, str, int]:
    """Follow a chain: how many events, the head, and the number of the first that does not fit (0: all do)."""
    head = ""
    for number, line in enumerate(lines.splitlines(), 1):
        try:
            row = _row(orjson.loads(line), region, case_id)
            head = chain_hash(head, row)
            fits = (row["seq"], row["hash"]) == (number, head)
        except (ValueError, KeyError, TypeError, binascii.Error):
            fits = False
        if not fits:
            return number, head, number
    return len(lines.splitlines()), head, 0


def _row(line: Mapping[str, Any], region: str, case_id: str) -> dict[str, Any]:
    times = {name: datetime.fromisoformat(line[name]) for name in ("occurred_at", "recorded_at")}
    sealed = base64.b64decode(line["sealed"], validate=True)
    return {**line, **times, "detail": sealed, "region_code": region, "case_id": case_id}


def _counts(dossier: Opened) -> Iterator[str]:
    counts = dict(dossier.manifest.get("counts", {}))
    there = {
        "tickets": sum(path.startswith("tickets/") and path.count("/") == 1 for path in dossier.files),
        "revisions": sum(path.endswith(".raw") for path in dossier.files),
        "opinions": sum(path.startswith("opinions/") for path in dossier.files),
        "documents": sum(path.startswith("documents/") for path in dossier.files),
    }
    for name, number in there.items():
        if counts.get(name) != number:
            yield f"清单记 {name} {counts.get(name)} 件，卷宗里有 {number} 件"


def against(checked: Checked, live: Files, fingerprint: str) -> Checked:
    """Compare a dossier with what the ledger holds of the case now; what came after it was made is only noted."""
    problems, notes = list(checked.problems), list(checked.notes)
    dossier = checked.dossier
    if dossier.fingerprint != fingerprint:
        problems.append(f"签名不是本机密钥所签（卷宗 {dossier.fingerprint or '无'}，本机 {fingerprint}）")
    later = 0
    for path in sorted(path for path in dossier.files if path.startswith(f"{HISTORY}/")):
        old, new = dossier.files[path].splitlines(), live.get(path, b"").splitlines()
        later += len(new) > len(old)
        if new[: len(old)] != old:
            problems.append(f"{path}：与现有数据库的历史不一致")
    if later:
        notes.append("卷后有补充：数据库中的历史比卷宗长，请另行导出新卷")
    paths = sorted(dossier.files if later else dossier.files.keys() | live.keys())
    compared = [path for path in paths if _comparable(path, changed_since=bool(later))]
    problems += [f"{path}：与现有数据库不一致" for path in compared if dossier.files.get(path) != live.get(path)]
    return Checked(dossier, tuple(problems), tuple(notes))


def _comparable(path: str, *, changed_since: bool) -> bool:
    """Tell whether a file must be the same now: once the case went on, only what never changes."""
    if path in _NOT_COMPARED or path.startswith(f"{HISTORY}/"):
        return False
    return not changed_since or path.startswith(_NEVER_CHANGING) or path.endswith(".raw")
