"""What the writer keeps of the cases it wrote last is what lies in the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge.core.model.case import Case
from bridge.core.model.event import SYSTEM, Event
from bridge.core.model.file import CaseFile, Decision
from bridge.core.vocabulary import CaseState
from bridge.errors import BridgeError
from bridge.store.recent import FILES, Recent
from bridge.store.store import Store
from bridge.store.writer import Tx

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def opened(case_id: str) -> Decision:
    case = Case(case_id, CaseState.TRIAGE, opened_at=NOON, updated_at=NOON)
    return Decision(CaseFile(case), (Event("case.opened", SYSTEM, "test", {}, NOON),))


def moved(file: CaseFile, state: CaseState) -> Decision:
    return Decision(replace(file, case=replace(file.case, state=state)), (Event("moved", SYSTEM, "test", {}, NOON),))


async def load(store: Store, case_id: str) -> CaseFile:
    file = await store.write(lambda tx: store.cases.load(tx, case_id))
    assert file is not None
    return file


async def test_a_file_is_kept_after_its_commit_and_equals_what_is_read(store: Store) -> None:
    saved = await store.write(lambda tx: store.cases.save(tx, None, opened("c1")))
    assert await load(store, "c1") == saved
    kept = store.cases.recent.find("c1", saved.case.version, saved.case.event_hash)
    assert kept is not None
    store.cases.recent.keep(saved, 10**9, None)
    assert store.cases.recent.find("c1", saved.case.version, saved.case.event_hash) is None
    assert await load(store, "c1") == kept.file


async def test_a_change_that_is_rolled_back_is_not_kept(store: Store) -> None:
    before = await store.write(lambda tx: store.cases.save(tx, None, opened("c1")))

    def fail(tx: Tx) -> None:
        store.cases.save(tx, before, moved(before, CaseState.HANDLING))
        raise BridgeError("no")

    with pytest.raises(BridgeError):
        await store.write(fail)
    assert await load(store, "c1") == before


async def test_a_change_from_elsewhere_is_seen(store: Store) -> None:
    before = await store.write(lambda tx: store.cases.save(tx, None, opened("c1")))
    other = type(store.cases)(store.region, store.vault)
    after = await store.write(lambda tx: other.save(tx, before, moved(before, CaseState.HANDLING)))
    assert await load(store, "c1") == after


def test_no_more_files_are_kept_than_said() -> None:
    recent = Recent()
    files = [opened(f"c{number}").file for number in range(FILES + 1)]
    for file in files:
        recent.keep(file, 1, None)
    assert recent.find("c0", 0, "") is None
    assert recent.find(f"c{FILES}", 0, "") is not None
