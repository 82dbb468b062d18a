"""文号: one each, none twice, none left out, whoever draws at the same time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial

import pytest

from bridge.store.documents import IssuedDocument
from bridge.store.engine import parse
from bridge.store.store import Store
from bridge.store.writer import Tx
from tests.conftest import REGION, vault

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
AT_ONCE = 60


def document(kind: str, year: int, serial: int) -> IssuedDocument:
    return IssuedDocument(
        id=f"c{kind}{year}d{serial}", case_id=f"c{kind}{year}", kind=kind, subject="case", unit=None, year=year,
        serial=serial, number=f"{kind}〔{year}〕{serial}号", issued_at=NOW, issued_by="operator:李四",
        template_sha256="0" * 64, sha256="0" * 64, size=4,
    )  # fmt: skip


def draw(store: Store, tx: Tx, kind: str = "register", year: int = 2026) -> int:
    serial = store.documents.draw(tx, kind, year)
    store.documents.add(tx, document(kind, year, serial), content=b"docx", blanked=None, fields={"文号": str(serial)})
    return serial


class Refused(Exception):
    """The rest of a unit of work failed."""


def draw_and_fail(store: Store, tx: Tx) -> int:
    draw(store, tx)
    raise Refused


async def test_two_processes_at_once_draw_every_number_once(store: Store, database_url: str) -> None:
    other = Store(parse(database_url), REGION, vault())
    await other.start()
    stores = [store] if store.single else [store, other]
    drawn = await asyncio.gather(
        *[one.write(partial(draw, one)) for one in (stores[n % len(stores)] for n in range(AT_ONCE))]
    )
    await other.stop()
    assert sorted(drawn) == list(range(1, AT_ONCE + 1))


async def test_a_document_that_fails_gives_its_number_back(store: Store) -> None:
    async def one(number: int) -> int | None:
        if number % 3:
            return await store.write(lambda tx: draw(store, tx))
        with pytest.raises(Refused):
            await store.write(lambda tx: draw_and_fail(store, tx))
        return None

    drawn = [n for n in await asyncio.gather(*[one(number) for number in range(30)]) if n is not None]
    assert sorted(drawn) == list(range(1, 21))


async def test_each_kind_and_each_year_counts_for_itself(store: Store, database_url: str) -> None:
    assert await store.write(lambda tx: [draw(store, tx), draw(store, tx), draw(store, tx, "minutes")]) == [1, 2, 1]
    assert await store.write(lambda tx: draw(store, tx, year=2027)) == 1
    neighbour = Store(parse(database_url), "140521", vault())
    await neighbour.start()
    assert await neighbour.write(lambda tx: draw(neighbour, tx)) == 1
    await neighbour.stop()


async def test_bytes_and_data_are_sealed_and_come_back(store: Store) -> None:
    await store.write(lambda tx: draw(store, tx))
    listed = await store.read(lambda tx: store.documents.of_case(tx, "cregister2026"))
    assert [each.number for each in listed] == ["register〔2026〕1号"]
    assert await store.read(lambda tx: store.documents.content(tx, listed[0].id)) == b"docx"
    assert await store.read(lambda tx: store.documents.fields(tx, listed[0].id)) == {"文号": "1"}
