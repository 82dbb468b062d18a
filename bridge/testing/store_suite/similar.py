"""What the clue index promises: tickets found by what they share, newest first, bounded, within one region."""

from __future__ import annotations

from bridge.core.similarity import Clue
from bridge.store.similar import PER_CLUE
from bridge.store.store import Store
from bridge.store.writer import Tx
from bridge.testing.store_suite.database import Database, draft, inbound, service_on

PHONE = "13600000303"
OTHER_REGION = "140522"


async def register(store: Store, count: int) -> list[str]:
    """Register tickets of one petitioner; returns their ids."""
    service, taken = service_on(store), []
    for number in range(count):
        answer = await service.accept_ticket("hotline", draft(f"S{number}"), inbound(f"s{number}"))
        taken.append(str(answer.body["ticket_id"]))
    return taken


async def sharing(store: Store, phone: str) -> list[str]:
    """Return the tickets that share a phone."""
    return await store.read(lambda tx: store.similar.sharing(tx, [(Clue.PHONE, phone)]))


class SimilarSuite:
    """The index of clues."""

    async def test_tickets_that_share_a_clue_are_found_however_it_is_written(self, store: Store) -> None:
        """Tickets that share a clue are found however it is written."""
        taken = await register(store, 2)
        for written in (PHONE, "136-0000-0303", "１３６００００0303"):
            found = await sharing(store, written)
            assert sorted(found) == sorted(taken)
        assert await store.read(lambda tx: store.similar.sharing(tx, [(Clue.IDENTITY, PHONE)])) == []

    async def test_one_clue_costs_a_page_at_most_and_shows_the_newest(self, store: Store) -> None:
        """One clue costs a page at most and shows the newest."""
        taken = await register(store, PER_CLUE + 3)
        found = await sharing(store, PHONE)
        assert found == sorted(taken, reverse=True)[:PER_CLUE]

    async def test_candidates_are_opened_with_their_case(self, store: Store) -> None:
        """Candidates are opened with their case."""
        taken = await register(store, 2)
        opened = await store.read(lambda tx: store.similar.candidates(tx, [taken[1], "t-unknown"]))
        assert [(each.ticket.external_id, each.state.value, each.closed_at) for each in opened] == [
            ("S1", "handling", None)
        ]
        assert opened[0].ticket.body.petitioner.phone == PHONE

    async def test_indexing_again_changes_nothing(self, store: Store) -> None:
        """Indexing again changes nothing."""
        (ticket_id,) = await register(store, 1)

        def again(tx: Tx) -> None:
            (candidate,) = store.similar.candidates(tx, [ticket_id])
            store.similar.keep(tx, candidate.ticket)
            tx.flush()

        await store.write(again)
        found = await sharing(store, PHONE)
        assert found == [ticket_id]

    async def test_another_county_shares_no_clue(self, database: Database, store: Store) -> None:
        """Another county shares no clue."""
        await register(store, 1)
        other = await database.open(OTHER_REGION)
        assert await sharing(other, PHONE) == []
