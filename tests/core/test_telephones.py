"""Which numbers stand in a free text: two tickets that share one are one person's."""

from datetime import UTC, datetime

import pytest

from bridge.core.lifecycle.petitioners import grouped
from bridge.core.model.ticket import Petitioner, Ticket, TicketBody
from bridge.core.similarity import Clue, alike, clues
from bridge.core.telephones import telephones
from bridge.core.vocabulary import TicketKind, TicketState

MOBILE = "13800138000"
PHONES = (f"+86 {MOBILE}", f"0356-3033333 / {MOBILE}", "不详")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (MOBILE, (MOBILE,)),
        ("+86 138 0013 8000", (MOBILE,)),
        ("0086-13800138000", (MOBILE,)),
        ("8613800138000", (MOBILE,)),
        ("（+86）１３８－００１３－８０００", (MOBILE,)),
        ("13800138000 13900139000", (MOBILE, "13900139000")),
        ("13800138000/0356-3033333", (MOBILE, "03563033333")),
        ("本人13800138000，家里(0356)3033333转801", (MOBILE, "03563033333")),
        ("3033333、13800138000", ("3033333", MOBILE)),
        ("+86 356 3033333", ("03563033333",)),
        ("138****8000 或 13900139000", ("13900139000",)),
        ("+1 415 555 0100", ("14155550100",)),
        ("13800138000138001380001", ("13800138000138001380001",)),
        ("1380013800", ("1380013800",)),
        *((text, ()) for text in (None, "", "不详", "无", "0", "00000000000", "138****8000", "12345", "1380013***")),
    ],
)
def test_numbers_of_a_text(text: str | None, numbers: tuple[str, ...]) -> None:
    assert telephones(text) == numbers


def test_one_shared_number_is_one_person_and_a_clue() -> None:
    one, other, third = (ticket(f"t{n}", phone) for n, phone in enumerate(PHONES))
    assert [[each.id for each in group] for group in grouped((one, other, third))] == [["t0", "t1"], ["t2"]]
    found = [{value for clue, value in clues(each.id, each.body) if clue is Clue.PHONE} for each in (one, other)]
    assert found == [{MOBILE}, {MOBILE, "03563033333"}]
    assert "联系电话相同" in alike([one], [other], same_category=False).reasons
    assert not alike([one], [third], same_category=False).reasons


def ticket(id_: str, phone: str) -> Ticket:
    body = TicketBody(content=f"诉求 {id_}", petitioner=Petitioner(phone=phone))
    at = datetime(2026, 1, 5, tzinfo=UTC)
    return Ticket(id_, "c", "hotline", id_, TicketKind.HELP, TicketState.OPEN, at, at, body, id_)
