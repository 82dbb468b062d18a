"""What the ledger promises of its database: durability, one row a case, append-only history, the right key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text

from bridge.core.lifecycle.work import Work
from bridge.core.model.case import Case
from bridge.core.model.event import Actor, Event
from bridge.core.model.file import CaseFile, Decision
from bridge.core.vocabulary import CaseState
from bridge.crypto import Keyring, Vault
from bridge.errors import BridgeError, ConfigError, IllegalTransition, ReplayConflict, StaleRow, Unavailable
from bridge.store import migrate
from bridge.store.codec import table_of
from bridge.store.engine import check_durable, parse
from bridge.store.inbound import Answer, Inbound
from bridge.store.store import Store
from bridge.store.tables import LeaseRow
from bridge.store.writer import Tx
from bridge.testing.counterparts.control import PATIENCE_SECONDS
from bridge.testing.store_suite.database import NOW, Database

CHINA = timezone(timedelta(hours=8))
INSTANTS = (
    datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=CHINA),
    datetime(2025, 12, 31, 23, 59, 59, 999999, tzinfo=CHINA),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
    datetime(9999, 12, 31, tzinfo=UTC),
)


def new_case(case_id: str = "c1") -> CaseFile:
    """Return a case with nothing in it."""
    return CaseFile(Case(id=case_id, state=CaseState.TRIAGE, opened_at=NOW, updated_at=NOW))


def decision(file: CaseFile, *types: str) -> Decision:
    """Return a decision that records these events."""
    work = Work.on(file, context=None)  # type: ignore[arg-type]
    work.events.extend(Event(type_, Actor("system", "bridge"), "test", {"姓名": "张三"}, NOW) for type_ in types)
    return Decision(CaseFile(work.case, tuple(work.tickets.values())), tuple(work.events))


class LedgerSuite:
    """Cases, histories, webhook ids and leases, one caller at a time."""

    async def test_the_writers_connection_commits_durably(self, store: Store) -> None:
        """The writers connection commits durably."""

        def durable(tx: Tx) -> None:
            check_durable(tx.connection)

        await store.write(durable)

    async def test_the_schema_is_what_the_tables_say(self, store: Store) -> None:
        """The schema is what the tables say."""
        assert await store.read(lambda tx: migrate.drift(tx.connection)) == []

    async def test_migrations_run_down_and_up_again(self, store: Store) -> None:
        """Migrations run down and up again."""

        def round_trip(tx: Tx) -> None:
            migrate.downgrade(tx.connection, "base")
            migrate.upgrade(tx.connection)

        await store.write(round_trip)
        assert await store.read(lambda tx: migrate.drift(tx.connection)) == []

    async def test_a_case_comes_back_as_it_was_saved(self, store: Store) -> None:
        """A case comes back as it was saved."""
        saved = await store.write(lambda tx: store.cases.save(tx, None, decision(new_case(), "ticket.registered")))
        loaded = await store.read(lambda tx: store.cases.load(tx, "c1"))
        assert loaded == saved
        assert loaded is not None
        assert loaded.case.event_seq == 1

    async def test_a_stale_case_is_refused(self, store: Store) -> None:
        """A stale case is refused."""
        first = await store.write(lambda tx: store.cases.save(tx, None, decision(new_case(), "a")))
        await store.write(lambda tx: store.cases.save(tx, first, decision(first, "b")))
        with pytest.raises(StaleRow):
            await store.write(lambda tx: store.cases.save(tx, first, decision(first, "c")))

    @pytest.mark.parametrize("statement", ["UPDATE events SET type = 'x'", "DELETE FROM events"])
    async def test_history_is_append_only_in_the_database_itself(self, store: Store, statement: str) -> None:
        """History is append only in the database itself."""
        await store.write(lambda tx: store.cases.save(tx, None, decision(new_case(), "a")))
        with pytest.raises(BridgeError):
            await store.write(lambda tx: tx.write(text(statement)))

    @pytest.mark.parametrize(
        "change",
        ["type = 'x'", "actor = 'unit:tax'", "cause = 'y'", "occurred_at = recorded_at", "hash = 'z'", "seq = 9"],
    )
    async def test_any_change_of_a_history_row_breaks_the_chain(self, store: Store, change: str) -> None:
        """Any change of a history row breaks the chain."""
        file = decision(new_case(), "a", "b", "c")
        file = replace(
            file, events=tuple(replace(e, occurred_at=datetime(2026, 1, 1, tzinfo=UTC)) for e in file.events)
        )
        await store.write(lambda tx: store.cases.save(tx, None, file))
        assert await store.read(lambda tx: store.history.first_break(tx, "c1")) is None

        def tamper(tx: Tx) -> None:
            guards = (
                ["DROP TRIGGER events_no_update"]
                if tx.connection.dialect.name == "sqlite"
                else ["DROP TRIGGER events_no_change ON events"]
            )
            for guard in guards:
                tx.write(text(guard))
            tx.write(text(f"UPDATE events SET {change} WHERE seq = 2"))

        await store.write(tamper)
        assert await store.read(lambda tx: store.history.first_break(tx, "c1")) == 2

    async def test_a_row_cut_off_the_end_is_missed(self, store: Store) -> None:
        """A row cut off the end is missed."""
        await store.write(lambda tx: store.cases.save(tx, None, decision(new_case(), "a", "b")))

        def cut(tx: Tx) -> None:
            guard = "events_no_delete" if tx.connection.dialect.name == "sqlite" else "events_no_change ON events"
            tx.write(text(f"DROP TRIGGER {guard}"))
            tx.write(text("DELETE FROM events WHERE seq = 2"))

        await store.write(cut)
        assert await store.read(lambda tx: store.history.first_break(tx, "c1")) == 2

    async def test_personal_data_lies_sealed_in_the_history(self, store: Store) -> None:
        """Personal data lies sealed in the history."""
        await store.write(lambda tx: store.cases.save(tx, None, decision(new_case(), "a")))
        raw = await store.read(lambda tx: tx.connection.exec_driver_sql("SELECT detail FROM events").scalar_one())
        assert "张三".encode() not in bytes(raw)

    async def test_a_unit_that_fails_spoils_nobody_elses_work(self, store: Store) -> None:
        """A unit that fails spoils nobody elses work."""

        def good(number: int) -> Callable[[Tx], CaseFile]:
            return lambda tx: store.cases.save(tx, None, decision(new_case(f"c{number}"), "a"))

        def writes_then_fails(tx: Tx) -> None:
            store.cases.save(tx, None, decision(new_case("bad"), "a"))
            raise IllegalTransition("不行")

        def fails(_tx: Tx) -> None:
            raise IllegalTransition("不行")

        units: list[Callable[[Tx], object]] = [good(1), writes_then_fails, good(2), fails, good(3)]
        outcomes = await asyncio.gather(*[store.write(unit) for unit in units], return_exceptions=True)
        assert [isinstance(outcome, IllegalTransition) for outcome in outcomes] == [False, True, False, True, False]
        assert await store.read(lambda tx: store.cases.load(tx, "bad")) is None
        assert await store.read(lambda tx: store.cases.load(tx, "c3")) is not None

    async def test_a_webhook_id_is_answered_once_and_refused_with_another_body(self, store: Store) -> None:
        """A webhook id is answered once and refused with another body."""
        inbound = Inbound("feed:hotline", "w1", "d1")
        assert await store.read(lambda tx: store.inbound.first_answer(tx, inbound)) is None
        answer = Answer(202, {"ticket_id": "t1"})
        await store.write(lambda tx: store.inbound.remember(tx, inbound, answer, NOW))
        assert await store.read(lambda tx: store.inbound.first_answer(tx, inbound)) == answer
        with pytest.raises(ReplayConflict):
            await store.read(lambda tx: store.inbound.first_answer(tx, replace(inbound, body_digest="d2")))
        other = replace(inbound, source="unit:tax")
        assert await store.read(lambda tx: store.inbound.first_answer(tx, other)) is None

    async def test_one_leader_at_a_time_and_another_after_the_lease(self, store: Store) -> None:
        """One leader at a time and another after the lease."""
        until = NOW.replace(second=6)

        async def hold(owner: str, at: datetime) -> bool:
            return await store.write(lambda tx: store.leases.hold(tx, "clock", owner, at, until))

        assert await hold("a", NOW)
        assert not await hold("b", NOW)
        assert await hold("a", NOW)
        assert await hold("b", NOW.replace(second=7))
        await store.write(lambda tx: store.leases.release(tx, "clock", "b", NOW))
        assert await hold("a", NOW.replace(second=1))

    async def test_a_naive_instant_never_reaches_a_row(self, store: Store) -> None:
        """A naive instant never reaches a row."""
        naive = replace(new_case().case, opened_at=datetime(2026, 3, 2))  # noqa: DTZ001 - the mistake under test
        with pytest.raises(ValueError, match="time zone") as refused:
            await store.write(lambda tx: store.cases.save(tx, None, decision(CaseFile(naive), "a")))
        assert "140525" not in str(refused.value)

    async def test_data_sealed_with_another_key_is_refused_at_the_start(self, database: Database, store: Store) -> None:
        """Data sealed with another key is refused at the start."""
        other = Store(parse(database.url), store.region, Vault(Keyring("k1", {"k1": b"x" * 32}, b"i" * 32)))
        with pytest.raises(ConfigError) as refused:
            await other.start()
        assert "密钥" in str(refused.value)

    async def test_a_database_of_a_newer_program_is_refused(self, database: Database, store: Store) -> None:
        """A database of a newer program is refused."""
        await store.write(lambda tx: tx.write(text("UPDATE alembic_version SET version_num = '9999'")))
        again = Store(parse(database.url), store.region, store.vault)
        with pytest.raises(ConfigError) as refused:
            await again.start()
        assert "更新的版本" in str(refused.value)

    @pytest.mark.parametrize("instant", INSTANTS, ids=str)
    async def test_an_instant_comes_back_as_the_same_instant_in_utc(self, store: Store, instant: datetime) -> None:
        """Whatever zone it was given in, to the microsecond."""
        inbound = Inbound("feed:hotline", "w1", "d1")
        await store.write(lambda tx: store.inbound.remember(tx, inbound, Answer(202, {}), instant))
        await store.write(lambda tx: store.leases.hold(tx, "clock", "a", NOW, instant))
        column = table_of(LeaseRow).c.until
        found = await store.read(lambda tx: tx.read(select(column)).scalar_one())
        assert found == instant
        assert found.tzinfo is UTC

    async def test_one_statement_a_database_refuses_harms_no_other_unit(self, store: Store) -> None:
        """A unit whose statement fails is told; those it was committed with are not."""

        def poison(tx: Tx) -> None:
            tx.write(text("INSERT INTO settings (region_code) VALUES ('x')"))

        units: list[Callable[[Tx], object]] = [
            lambda tx, number=number: store.cases.save(tx, None, decision(new_case(f"c{number}"), "a"))  # type: ignore[misc]
            for number in range(4)
        ]
        units.insert(2, poison)
        outcomes = await asyncio.gather(*[store.write(unit, key="one") for unit in units], return_exceptions=True)
        failed = [isinstance(outcome, BaseException) for outcome in outcomes]
        assert failed == [False, False, True, False, False]
        assert isinstance(outcomes[2], BridgeError)

    async def test_a_stopped_store_answers_at_once(self, database: Database) -> None:
        """Nobody waits for a writer that has gone."""
        stopped = await database.open()
        await stopped.stop()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(stopped.write(store_nothing), PATIENCE_SECONDS)


def store_nothing(_tx: Tx) -> None:
    """Do nothing."""
