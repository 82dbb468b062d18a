"""What an exchange folder keeps in ``done/``, beside the ledger."""

from __future__ import annotations

from datetime import timedelta

from bridge.feeds.reconcile import Difference, compare, pages
from tests.feeds.conftest import Exchange, row


async def reconciled(exchange: Exchange) -> Difference:
    since = exchange.ledger.clock.now() - timedelta(days=30)
    told = pages(exchange.feed, since, None)
    return await compare(exchange.ledger.service, "petition", told, since, take=False, revise=False)


async def test_a_folder_that_keeps_no_file_tells_nothing_and_nothing_is_called_unknown(exchange: Exchange) -> None:
    exchange.letters("a.csv", row("XF1"))
    await exchange.poll()
    kept = exchange.directory / "petition/done/a.csv"
    before = await reconciled(exchange)
    assert (before.listed, before.agrees) == (1, True)
    kept.unlink()
    after = await reconciled(exchange)
    assert (after.listed, after.unknown_upstream, after.agrees) == (0, [], True)


async def test_a_list_that_names_all_and_lacks_a_ticket_says_so(exchange: Exchange) -> None:
    exchange.letters("a.csv", row("XF1"))
    await exchange.poll()
    since = exchange.ledger.clock.now() - timedelta(days=30)
    listing = exchange.letters("b.csv", row("XF2"))
    told = pages(exchange.feed, since, listing)
    found = await compare(exchange.ledger.service, "petition", told, since, take=False, revise=False)
    assert (found.missing, found.unknown_upstream) == (["XF2"], ["XF1"])
