"""The simulated unit behind a shared folder: what it reads, what it hands in, how it learns the fate of a receipt."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bridge.testing.counterparts.drop import DropBox
from bridge.testing.counterparts.ledger import Json, Ledger


class Heard(list[tuple[str, Json]]):
    """Remembers what a unit was told."""

    async def listen(self, unit: str, body: Json) -> None:
        self.append((unit, body))


def put(directory: Path, where: str, body: Json) -> None:
    path = directory / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body), encoding="utf-8")


async def test_every_message_is_read_once(tmp_path: Path) -> None:
    ledger, heard = Ledger(), Heard()
    box = DropBox("finance", tmp_path, ledger, heard.listen)
    await box.look()
    put(tmp_path, "out/c1a1-1.json", {"assignment_id": "c1a1"})
    await asyncio.gather(box.look(), box.look())
    assert heard == [("finance", {"assignment_id": "c1a1"})]
    assert [entry.to for entry in ledger.entries] == ["finance"]


@pytest.mark.parametrize(("fate", "status"), [("done/c1a1-1.answer.json", 202), ("bad/c1a1-1.error.json", 409)])
async def test_a_receipt_has_the_fate_that_lies_beside_it(tmp_path: Path, fate: str, status: int) -> None:
    box = DropBox("finance", tmp_path, Ledger(), Heard().listen)
    put(tmp_path, fate, {"owed": []})
    answer = await box.deliver("c1a1-1", {"type": "signed"})
    assert (answer.status, answer.body) == (status, {"owed": []})
    assert json.loads((tmp_path / "in/c1a1-1.json").read_bytes()) == {"type": "signed"}
