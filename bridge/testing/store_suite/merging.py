"""A merge writes two cases: what holds when receipts, events and other merges come at the same moment, on other replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from bridge.core.commands import ActionName, OperatorAction, UnitReceipt, UpstreamEvent, UpstreamEventType
from bridge.core.model.event import Actor
from bridge.core.vocabulary import ReceiptType
from bridge.errors import IllegalTransition
from bridge.pipeline.service import Service
from bridge.testing.store_suite.database import JOINT, Database, draft, inbound

OFFICE = Actor("operator", "办公室", "office")
AT_ONCE = 20


async def opened(service: Service, number: str) -> tuple[str, str]:
    """Register a ticket; returns its case and the lead's assignment."""
    answer = await service.accept_ticket("hotline", draft(number, JOINT), None)
    view = await service.case(answer.body["case_id"])
    return view["id"], next(a["id"] for a in view["assignments"] if a["role"] == "lead")


async def merge(service: Service, source: str, target: str) -> None:
    """Merge as an operator does."""
    await service.act(source, OperatorAction(ActionName.MERGE, into=target), OFFICE, None)


class MergingSuite:
    """Merges among everything else that happens to their cases."""

    async def test_what_comes_during_a_merge_is_recorded_or_refused_never_lost(self, database: Database) -> None:
        """Receipts for the kept case all count; one for the merged case counts or is told no."""
        services = await database.services()
        kept, lead = await opened(services[0], "T1")
        other, former = await opened(services[0], "T2")
        progress = UnitReceipt(ReceiptType.PROGRESS, text="正在核实")

        def receipt(number: int, assignment: str) -> Awaitable[object]:
            service = services[number % len(services)]
            return service.accept_receipt("tax", assignment, progress, inbound(f"{assignment}-{number}", "unit:tax"))

        said = [receipt(number, lead) for number in range(AT_ONCE)]
        late = [receipt(number, former) for number in range(AT_ONCE)]
        everything: list[Awaitable[object]] = [*said, merge(services[-1], other, kept), *late]
        outcomes = await asyncio.gather(*everything, return_exceptions=True)
        assert not [each for each in outcomes[: AT_ONCE + 1] if isinstance(each, BaseException)]
        refused = [each for each in outcomes[AT_ONCE + 1 :] if isinstance(each, BaseException)]
        assert all(isinstance(each, IllegalTransition) for each in refused)
        histories = [await services[0].history(case_id) for case_id in (kept, other)]
        reports = [[event["type"] for event in h["events"]].count("progress.reported") for h in histories]
        assert reports == [AT_ONCE, AT_ONCE - len(refused)]
        assert all(history["chain_intact"] for history in histories)

    async def test_an_event_finds_its_ticket_wherever_merges_have_put_it(self, database: Database) -> None:
        """Events of a ticket that is being moved back and forth are all recorded, in one case or the other."""
        services = await database.services()
        kept, _ = await opened(services[0], "T1")
        other, _ = await opened(services[0], "T2")

        async def move() -> None:
            for _ in range(3):
                await merge(services[0], other, kept)
                await services[0].act(other, OperatorAction(ActionName.UNMERGE), OFFICE, None)

        async def tell() -> None:
            for number in range(AT_ONCE):
                event = UpstreamEvent("T2", UpstreamEventType.SATISFACTION, value="basic")
                await services[-1].accept_event("hotline", event, inbound(f"e{number}"))

        await asyncio.gather(move(), tell())
        histories = [await services[0].history(case_id) for case_id in (kept, other)]
        kinds = [event["type"] for history in histories for event in history["events"]]
        assert kinds.count("satisfaction.recorded") == AT_ONCE
        assert all(history["chain_intact"] for history in histories)

    async def test_a_ring_of_merges_at_once_leaves_one_case_with_every_ticket(self, database: Database) -> None:
        """No two merges put tickets into each other's ended cases."""
        services = await database.services()
        cases = [(await opened(services[0], f"T{number}"))[0] for number in range(4)]
        ring = zip(cases, [*cases[1:], cases[0]], strict=True)
        outcomes = await asyncio.gather(
            *[merge(services[number % len(services)], *pair) for number, pair in enumerate(ring)],
            return_exceptions=True,
        )
        assert all(outcome is None or isinstance(outcome, IllegalTransition) for outcome in outcomes)
        views = [await services[0].case(case_id) for case_id in cases]
        assert [view for view in views if view["state"] != "merged"]
        assert sum(len(view["tickets"]) for view in views) == len(cases)
        assert not [view for view in views if view["state"] == "merged" and view["tickets"]]
