"""Plays stories on one business clock against the real daemon, and keeps what came of each.

Owns: taking one step after the other as the units, the upstreams and the people of the county would.
Must not: judge what came of it.

What a story leaves out the county does as of itself: units sign as soon as they are asked, an operator corrects
what the rules read otherwise than the story says, and what a unit returns as none of the mechanism's the office
returns upstream.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from bridge.demo.player import mornings
from bridge.demo.world import Note, World
from bridge.testing.caller import Caller
from bridge.testing.counterparts.control import wait_until
from tests.acceptance.scenario import requests
from tests.acceptance.scenario.script import Json, Step, Story, steps

TAKEN_SECONDS = 30.0
LIVE = ("dispatched", "signed", "answered")


@dataclass
class Refused:
    """A request that was answered with an error."""

    step: Step
    status: int
    body: Json


@dataclass
class Seen:
    """A deadline as it stood in a case at some moment."""

    kind: str
    unit: str
    day: str


@dataclass
class Run:
    """What came of one story."""

    story: Story
    cases: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    corrections: list[str] = field(default_factory=list)
    deadlines: set[tuple[str, str, str]] = field(default_factory=set)
    shots: list[tuple[datetime, Json]] = field(default_factory=list)
    history: list[Json] = field(default_factory=list)
    final: Json = field(default_factory=dict)
    ended_at: datetime | None = None
    first: Json = field(default_factory=dict)

    @property
    def case_id(self) -> str:
        """The case of the story's first ticket."""
        return next(iter(self.cases.values()), "")

    def concerns(self, note: Note) -> bool:
        """Tell whether a message belongs to this story."""
        return note.body.get("external_id") in self.cases or note.body.get("case_id") in self.cases.values()

    def of_type(self, *types: str) -> list[Note]:
        """The messages of these types."""
        return [note for note in self.notes if note.type in types]


class Player:
    """Plays stories in one world."""

    def __init__(self, world: World, stories: Sequence[Story]) -> None:
        self.world = world
        self.runs = {story.id: Run(story) for story in stories}
        self._steps = steps(stories)
        self._last = {step.story.id: step for step in self._steps}

    def play(self) -> list[Run]:
        """Play every step; return what came of each story."""
        for step in self._steps:
            run = self.runs[step.story.id]
            self._pass_time(step.at)
            self._take(run, step)
            self._settle(run)
            if step is self._last[step.story.id]:
                self._close(run)
        return list(self.runs.values())

    def _pass_time(self, until: datetime) -> None:
        for stop in [*mornings(self.world.now, until), until]:
            self._keep(self.world.advance_to(stop))

    def _keep(self, notes: Sequence[Note]) -> None:
        for note in notes:
            run = next((run for run in self.runs.values() if run.concerns(note)), None)
            if run is not None:
                run.notes.append(note)

    def _settle(self, run: Run) -> None:
        """Let messages arrive, let the units sign what they were sent, and look at the case."""
        self._keep(self.world.settle())
        if not run.case_id:
            return
        while self._sign(run):
            self._keep(self.world.settle())
        self._look(run)

    def _sign(self, run: Run) -> bool:
        """Units whose signing the story does not tell sign at once."""
        signed = False
        for part in self._parts(run):
            if "signed" in part["owed"] and not run.story.does(part["unit"], "signed", "returned"):
                body = {"type": "signed", "signed_by": "经办人"}
                signed |= self._send(part["unit"], part["id"], body)[0] == HTTPStatus.ACCEPTED
        return signed

    def _look(self, run: Run) -> Json:
        """Keep a picture of the case."""
        case = self.world.case(run.case_id)
        run.shots.append((self.world.now, case))
        for each in case["deadlines"]:
            for name in ("due_at", "original_due_at"):
                if each[name]:
                    run.deadlines.add((each["kind"], each["unit"], each[name][:10]))
        return case

    def _close(self, run: Run) -> None:
        """The story is over: what stands now is its end."""
        run.ended_at = self.world.now
        run.final = self._look(run) if run.case_id else {}
        if run.case_id:
            path = f"/v1/cases/{run.case_id}/history"
            run.history = self.world.county.bridge.get(path, self.world.token("auditor"))["events"]

    def _take(self, run: Run, step: Step) -> None:
        """Take one step; keep an answer that is an error."""
        taken = getattr(self, f"_{step.who}")(run, step)
        if taken is not None and taken[0] >= HTTPStatus.BAD_REQUEST:
            run.refused.append(Refused(step, *taken))

    def _ticket(self, run: Run, step: Step) -> tuple[int, Json] | None:
        if step.body["feed"] == "petition":
            self._letter(run, step)
        else:
            body = requests.ticket(run.story, step.body)
            answer = self.world.county.hotline.send("tickets", body)
            if int(answer["status"]) >= HTTPStatus.BAD_REQUEST:
                return int(answer["status"]), answer["body"]
            run.cases[step.body["external_id"]] = answer["body"]["case_id"]
        self._keep(self.world.settle())
        if len(run.cases) == 1:
            self._correct(run)
        return None

    def _letter(self, run: Run, step: Step) -> None:
        desk, number = self.world.county.petition, step.body["external_id"]
        desk.hand_in(f"{number}.csv", [requests.letter(step.body)])
        wait_until(lambda: desk.taken(f"{number}.csv"), what=f"{number} 被取走")
        run.cases[number] = str(self.world.cases_of(number)[0]["id"])

    def _correct(self, run: Run) -> None:
        """An operator puts right what the rules read otherwise than the story says; the difference is kept."""
        run.first = case = self._look(run)
        asked, alternatives = run.story.first_asked, run.story.expected.get("lead_alt", [])
        wanted = requests.category_id(asked["category"])
        if case["category"] != wanted:
            run.corrections.append(f"类别 {case['category']},应为 {wanted}")
        if run.story.addressee is not None or wanted is None:
            return
        if case["lead"] != asked["lead"] and case["lead"] not in alternatives:
            run.corrections.append(f"主办 {case['lead']},应为 {asked['lead']}")
        complex_later = asked["procedure"] == "joint_complex"
        if set(case["co_units"]) != set(asked["co_units"]) and not complex_later:
            run.corrections.append(f"协办 {case['co_units']},应为 {asked['co_units']}")
        if run.corrections:
            fixed = {"category": wanted, "lead": asked["lead"], "co_units": asked["co_units"]}
            self._act(run, "operator", {"action": "classify", "reason": "人工核对", **fixed})

    def _unit(self, run: Run, step: Step) -> tuple[int, Json]:
        unit = step.body["unit"] or self.world.case(run.case_id)["lead"]
        part = self._part(run, unit)
        if part is None:
            return HTTPStatus.NOT_FOUND, {"detail": f"{unit} 没有交办件"}
        limit = part["due"]["reply_by"] if part["role"] == "lead" else part["due"]["opinion_by"]
        taken = self._send(unit, part["id"], requests.receipt(run.story, {**step.body, "unit": unit}, limit))
        if step.type == "returned" and step.body.get("reason_code") == "out_of_scope":
            self._return_upstream(run, step)
        return taken

    def _return_upstream(self, run: Run, step: Step) -> None:
        """What its addressee calls none of the mechanism's, the office returns with the same reason."""
        if self.world.case(run.case_id)["state"] == "triage":
            pushed = run.story.expected["upstream_push"]
            words = [text for push in pushed for text in push.get("must_contain", []) if "：" in text]
            suggested = words[0].partition("：")[2] if words else None
            body = {"action": "return_upstream", "reason": step.body["reason"], "suggested": suggested}
            self._act(run, "office", body)

    def _upstream(self, run: Run, step: Step) -> tuple[int, Json]:
        body = {name: value for name, value in step.body.items() if name != "at"}
        told = {ticket["external_id"]: ticket["feed"] for ticket in run.story.data["tickets"]}
        if told.get(body["external_id"]) == "petition":
            county = self.world.county
            answer = Caller(county.bridge, county.site.secrets["hotline"]).post("/v1/feeds/petition/events", body)
            return answer.status, answer.body
        heard = self.world.county.hotline.send("events", body)
        return int(heard["status"]), heard["body"]

    def _mechanism(self, run: Run, step: Step) -> tuple[int, Json] | None:
        handler = getattr(self, f"_on_{step.type}", None)
        return handler(run, step) if handler is not None else None

    # One method for each event of the mechanism that is somebody's act; the others are only looked for.

    def _on_reply_sent(self, run: Run, step: Step) -> tuple[int, Json] | None:
        side = "payer" if step.body.get("side", "A") == "A" else "other_side"
        if side == "payer" and "send_reply" in self.world.case(run.case_id)["allowed_actions"]:
            self._act(run, "office", {"action": "send_reply", "reason": "签发"})
            self._keep(self.world.settle())
        return self._tell(run, step, side)

    def _on_payer_told(self, run: Run, step: Step) -> tuple[int, Json]:
        return self._tell(run, step, "payer")

    def _on_petition_accept_notice(self, run: Run, step: Step) -> tuple[int, Json]:
        return self._tell(run, step, "payer")

    def _tell(self, run: Run, step: Step, side: str) -> tuple[int, Json]:
        told = {"who": side, "channel": step.body.get("channel") or step.body.get("text") or "书面", "by": "经办人"}
        part = self._part(run, step.body["actor"])
        if part is not None and part["state"] in LIVE:
            return self._send(step.body["actor"], part["id"], {"type": "told", **told})
        return self._act(run, "office", {"action": "told", **told})

    def _on_reply_sent_na(self, run: Run, step: Step) -> tuple[int, Json]:
        body = {"action": "told", "who": "other_side", "not_applicable": step.body["text"]}
        return self._act(run, f"clerk:{step.body['actor']}", body)

    def _on_objection_none(self, run: Run, step: Step) -> tuple[int, Json]:
        return self._act(run, f"clerk:{step.body['actor']}", {"action": "objection", "none": True})

    def _on_objection(self, run: Run, step: Step) -> tuple[int, Json]:
        body = {"action": "objection", "routes": step.body["routes"], "reason": step.body.get("text")}
        return self._act(run, f"clerk:{step.body['actor']}", body)

    def _on_archived(self, run: Run, step: Step) -> tuple[int, Json] | None:
        if self.world.case(run.case_id)["state"] == "archived":
            return None
        return self._act(run, "office", {"action": "archive", "reason": step.body.get("text") or "归档"})

    def _on_closed(self, run: Run, step: Step) -> tuple[int, Json] | None:
        if self.world.case(run.case_id)["state"] == "closed_remedy_told":
            return None
        return self._act(run, "office", {"action": "close", "reason": step.body["text"]})

    def _on_transferred(self, run: Run, step: Step) -> tuple[int, Json]:
        body = {"type": "transferred", "to_unit": step.body["to"], "reason": step.body.get("text", "属其职责")}
        return self._receipt(run, step, body)

    def _on_joint_invited(self, run: Run, step: Step) -> tuple[int, Json]:
        for unit in step.body["to"]:
            case = self.world.case(run.case_id)
            if unit not in case["co_units"] and unit != case["lead"]:
                self._act(run, "office", {"action": "add_unit", "unit": unit, "reason": "联办邀请"})
        return self._receipt(run, step, {"type": "invited"})

    def _on_reported_to_office(self, run: Run, step: Step) -> tuple[int, Json]:
        return self._receipt(run, step, {"type": "proposed_complex", "reason": step.body["text"]})

    def _receipt(self, run: Run, step: Step, body: Json) -> tuple[int, Json]:
        part = self._part(run, step.body["actor"])
        if part is None:
            return HTTPStatus.NOT_FOUND, {"detail": f"{step.body['actor']} 没有交办件"}
        return self._send(step.body["actor"], part["id"], body)

    def _on_leader_approved(self, run: Run, step: Step) -> tuple[int, Json] | None:
        """Where the office asks the opinions later than the leader agreed on paper, it enters the consent then."""
        if run.story.told("opinions_requested"):
            return None
        return self._act(run, "leader", {"action": "approve", "reason": step.body["text"]})

    def _on_opinions_requested(self, run: Run, step: Step) -> tuple[int, Json] | None:
        if self.world.case(run.case_id)["state"] != "awaiting_approval":
            return None
        consent = run.story.told("leader_approved")[0]
        post = consent.get("role", "组长")
        return self._act(run, "office", {"action": "approve", "reason": consent["text"], "on_behalf_of": post})

    def _on_leader_refused(self, run: Run, step: Step) -> tuple[int, Json]:
        return self._act(run, "leader", {"action": "deny", "reason": step.body["text"]})

    def _on_meeting(self, run: Run, step: Step) -> tuple[int, Json]:
        body = {"number": step.body["minutes_no"], "held_at": step.body["at"], "text": "会商形成一致意见。"}
        return self._act(run, "office", {"action": "minutes", **body})

    def _on_designated(self, run: Run, step: Step) -> tuple[int, Json]:
        return self._act(run, "office", {"action": "designate", "unit": step.body["to"], "reason": step.body["text"]})

    def _on_redispatched(self, run: Run, step: Step) -> tuple[int, Json]:
        return self._act(run, "office", {"action": "reroute", "unit": step.body["to"], "reason": step.body["text"]})

    def _on_category_changed(self, run: Run, step: Step) -> tuple[int, Json]:
        moved, expected = run.story.told("lead_changed"), run.story.expected
        lead = moved[0]["to"] if moved else expected["lead"]
        co_units = [unit for unit in expected["co_units"] if unit != lead]
        wanted = requests.category_id(step.body["to_category"])
        body = {"category": wanted, "lead": lead, "co_units": co_units, "reason": step.body["reason"]}
        return self._act(run, "operator", {"action": "classify", **body})

    def _on_lead_changed(self, run: Run, step: Step) -> tuple[int, Json] | None:
        if self.world.case(run.case_id)["lead"] == step.body["to"]:
            return None
        return self._act(run, "operator", {"action": "reroute", "unit": step.body["to"], "reason": "主办变更"})

    def _on_supplementary_reply_sent(self, run: Run, step: Step) -> tuple[int, Json]:
        late = [each for each in run.story.data["unit_actions"] if each["at"] < step.body["at"]][-1]
        text = f"补充答复：{late['text']}"
        body = {"type": "consolidated", "text": text, "conclusion": "substantiated", "signed_by": "经办人"}
        return self._receipt(run, step, body)

    def _on_duplicate_linked(self, run: Run, step: Step) -> tuple[int, Json]:
        into, other = (run.cases[number] for number in step.body["link"])
        body = {"action": "merge", "into": into, "reason": step.body["basis"]}
        answer = self.world.county.bridge.post(f"/v1/cases/{other}/actions", self.world.token("operator"), body)
        return answer.status, answer.body

    def _on_split(self, run: Run, step: Step) -> tuple[int, Json]:
        return self._act(run, "operator", {"action": "split", "parts": step.body["parts"], "reason": "多诉求拆分"})

    def _on_in_proceedings_flagged(self, run: Run, step: Step) -> tuple[int, Json]:
        known = run.story.expected["in_proceedings"]
        return self._act(run, "operator", {"action": "link", "kind": known["type"], "reference": known["ref"]})

    def _parts(self, run: Run) -> list[Json]:
        parts: list[Json] = self.world.case(run.case_id)["assignments"]
        return parts

    def _part(self, run: Run, unit: str) -> Json | None:
        """A unit's assignment: the newest that is under way, else the newest."""
        mine = [part for part in self._parts(run) if part["unit"] == unit]
        return next((part for part in reversed(mine) if part["state"] in LIVE), mine[-1] if mine else None)

    def _send(self, unit: str, assignment_id: str, body: Json) -> tuple[int, Json]:
        path = f"/v1/units/{unit}/assignments/{assignment_id}/receipts"
        url = self.world.county.site.url + path
        answer = self.world.county.units[unit].send(unit, assignment_id, body, respond_url=url)
        return int(answer["status"]), answer["body"]

    def _act(self, run: Run, who: str, body: dict[str, Any]) -> tuple[int, Json]:
        path = f"/v1/cases/{run.case_id}/actions"
        answer = self.world.county.bridge.post(path, self.world.token(who), body)
        return answer.status, answer.body
