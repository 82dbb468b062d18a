"""The demo's stories are told in order, speak the contract's language and reckon their dates as our calendar does."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.xinfang import LABELS
from bridge.core.calendar import build_calendar
from bridge.core.vocabulary import CaseState, MessageType
from bridge.demo.player import Run, mornings, runs_of
from bridge.demo.stories import CLOSES, OPENS, STORIES
from bridge.demo.story import CHINA, Act, Event, Letters, Merge, Push, Receipt, Story, Ticket, Visit, instant
from bridge.demo.verdict import differences
from bridge.demo.words import CATEGORIES, MESSAGES, STATES, UNITS, step_text
from bridge.demo.world import Note
from bridge.rules.calendar_data import load_published
from bridge.rules.load import load_rules
from bridge.wire.action import operator_action
from bridge.wire.event import upstream_event
from bridge.wire.receipt import unit_receipt

ROOT = Path(__file__).parents[2]
each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.id)


def test_the_stories_the_issue_asks_for_are_told() -> None:
    procedures = {story.outcome.procedure for story in STORIES}
    assert {"direct", "transfer", "joint_general"} <= procedures
    assert {"archived", "replied", "closed_consult", "withdrawn", "returned_upstream"} == {
        story.outcome.state for story in STORIES
    }
    assert len({story.id for story in STORIES}) == len(STORIES) >= 8


@each_story
def test_steps_are_in_order_and_within_the_demo(story: Story) -> None:
    times = [instant(step.at) for step in story.steps]
    assert times == sorted(times)
    assert instant(OPENS) <= times[0]
    assert times[-1] < instant(CLOSES)


@each_story
def test_bodies_are_the_contract_s(story: Story) -> None:
    for step in story.steps:
        now = instant(step.at)
        match step:
            case Event():
                assert upstream_event({"external_id": "E", **step.body}, now).type == step.body["type"]
            case Receipt():
                assert unit_receipt(step.body, now).type == step.body["type"]
            case Merge():
                merge = {"action": "merge", "into": "c1", "reason": step.reason}
                assert operator_action(merge, now).action == "merge"
            case Act():
                assert operator_action(step.body, now).action == step.body["action"]
            case Letters():
                assert {label for row in (step.body, *step.bad) for label in row} <= set(LABELS.values())
                assert all(row["反映内容"].encode("gbk") for row in (step.body, *step.bad))
            case Ticket() | Visit():
                assert {"kind", "title", "content"} <= set(step.body)


@each_story
def test_every_word_shown_is_chinese(story: Story) -> None:
    assert story.outcome.state in STATES
    assert story.outcome.category is None or story.outcome.category in CATEGORIES
    assert all(push.type in MESSAGES for push in story.outcome.pushes)
    assert all("→" in step_text(step) for step in story.steps)


def test_no_state_message_or_unit_is_without_a_word() -> None:
    rules = load_rules(ROOT / "routing_rules.yaml")
    assert set(STATES) == {state.value for state in CaseState}
    assert set(MESSAGES) == {kind.value for kind in MessageType}
    assert {unit.id for unit in rules.policy.units.values() if not unit.external} <= set(UNITS)


def test_reminders_and_escalations_fall_on_working_days() -> None:
    calendar = build_calendar(load_published())
    for story in STORIES:
        for entry in (*story.outcome.reminders, *story.outcome.escalations):
            day = instant(f"{entry.split()[0]} 09:00").date()
            assert calendar.is_working_day(day), f"{story.id}: {entry}"


def test_the_demo_stops_on_every_morning() -> None:
    stops = list(mornings(instant("02-13 10:00"), instant("02-16 09:00")))
    assert [f"{stop:%m-%d %H:%M:%S}" for stop in stops] == ["02-14 09:00:30", "02-15 09:00:30"]


# --- the verdict


@pytest.fixture
def run() -> Run:
    return runs_of([next(story for story in STORIES if story.id == "08")])[0]


def case(**changes: object) -> dict[str, object]:
    return {"state": "returned_upstream", "category": None, "assignments": [], **changes}


def pushed(run: Run, kind: str, text: str = "住房公积金管理中心") -> Note:
    body = {"type": kind, "external_id": run.external_id, "suggested": text}
    return Note(datetime(2026, 2, 10, tzinfo=CHINA), "hotline", body)


def test_a_story_that_ends_as_told_has_no_difference(run: Run) -> None:
    run.notes.append(pushed(run, "ticket.returned"))
    assert differences(run, case()) == []


def test_every_difference_is_named(run: Run) -> None:
    run.problems.append("步骤失败")
    run.notes += [pushed(run, "ticket.replied"), Note(instant("02-11 09:00"), "tax", {"type": "assignment.reminder"})]
    found = "\n".join(differences(run, case(state="replied")))
    assert "步骤失败" in found
    assert "state 应为 returned_upstream,实为 replied" in found
    assert "回推应为" in found
    assert "催办多 ['02-11 tax']" in found


def test_a_push_without_its_words_is_a_difference(run: Run) -> None:
    run.notes.append(pushed(run, "ticket.returned", text="别处"))
    assert differences(run, case()) == ["ticket.returned 中没有 ['住房公积金管理中心']"]


def test_an_answer_under_another_name_is_a_difference() -> None:
    run = runs_of([next(story for story in STORIES if story.id == "13")])[0]
    run.notes += [
        Note(instant("02-25 09:20"), "xinfang", {"type": push.type, "text": push.holds}, file="XF2026-13-2.json")
        for push in run.story.outcome.pushes
    ]
    found = [line for line in differences(run, case()) if "写成" in line]
    assert found == ["ticket.replied 应写成 XF2026-13-1.json,实为 XF2026-13-2.json"]


def test_a_reporter_s_name_told_to_a_unit_is_a_difference() -> None:
    run = runs_of([next(story for story in STORIES if story.id == "14")])[0]
    told = {"type": "assignment.dispatched", "content": "我叫濮阳明", "due": {}}
    run.notes += [
        Note(instant("02-26 15:00"), "hrss", told),
        Note(instant("02-26 15:00"), "xinfang", {**told, "type": "ticket.assigned"}),
    ]
    found = [line for line in differences(run, case()) if "保密" in line or "不应有" in line]
    assert found == ["案件应为保密", "hrss 收到的 assignment.dispatched 中不应有 ['濮阳']"]
    assert not any("不应有" in line for line in differences(runs_of([run.story])[0], case(confidential=True)))


def test_messages_belong_to_their_story(run: Run) -> None:
    run.case_id = "c1"
    assert run.concerns(Note(instant("02-10 10:00"), "tax", {"type": "case.updated", "case_id": "c1"}))
    assert not run.concerns(Note(instant("02-10 10:00"), "tax", {"type": "case.updated", "case_id": "c2"}))
    assert not runs_of(STORIES)[0].concerns(Note(instant("02-10 10:00"), "tax", {"case_id": ""}))


def test_both_cases_and_both_numbers_of_a_merge_belong_to_its_story() -> None:
    run = runs_of([next(story for story in STORIES if story.id == "15")])[0]
    run.opened("c1")
    run.opened("c2")
    assert (run.external_id, run.letter_id) == ("ZZ12345-2026-15", "XF2026-15")
    told = [{"case_id": "c1"}, {"case_id": "c2"}, {"external_id": "ZZ12345-2026-15"}, {"external_id": "XF2026-15"}]
    assert all(run.concerns(Note(instant("02-26 10:30"), "tax", body)) for body in told)


def test_a_story_is_data() -> None:
    assert Push("ticket.replied") == Push("ticket.replied", ())
    assert instant("02-14 09:00") - instant("02-13 09:00") == timedelta(days=1)
