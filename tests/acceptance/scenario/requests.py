"""What a story says in few words, said in the contract's shapes.

Owns: the bodies of tickets, letters, receipts and actions, with the details a story leaves to the player.
Must not: send anything.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from bridge.core.calendar import WorkCalendar
from bridge.core.vocabulary import LEADING_OFFICE
from bridge.rules.load import load_rules
from tests.acceptance.scenario.script import Json, Story

RULES = Path(__file__).parents[3] / "routing_rules.yaml"
PURPOSES = {"complaint": "申诉", "report": "揭发控告", "consult": "咨询", "suggestion": "意见建议", "help": "求决"}
"""信访目的 of a kind of ticket."""
LEAD_KEYS = ("round", "step", "supersedes", "at", "unit", "days", "note")
OFFICE_ROLE = {LEADING_OFFICE: "office", "leader": "leader", "system": "operator", "office": "office"}
"""The role in which an actor of the mechanism uses the operators' interface; a unit acts as its clerk."""
NAMES = {
    "office": "政府办", "tax": "税务", "hrss": "人社", "medical": "医保", "justice": "司法", "court": "法院",
    "finance": "财政", "petition": "信访",
}  # fmt: skip
_POLICY = load_rules(RULES).policy


def calendar() -> WorkCalendar:
    """The shipped calendar."""
    return _POLICY.calendar


def category_id(number: int | None) -> str | None:
    """Return the id of a category of the policy by its number."""
    return next((info.id for info in _POLICY.categories.values() if info.number == number), None)


def ticket(story: Story, told: Json) -> Json:
    """Return the body of a ticket as the hotline sends it."""
    body = {name: value for name, value in told.items() if name != "feed"}
    if story.addressee is not None:
        body["upstream_unit"] = story.addressee
    return body


def letter(told: Json) -> dict[str, str]:
    """Return a letter's cells by label, as 信访 exports them."""
    person, other = told.get("petitioner", {}), told.get("counterparty", {})
    cells = {
        "信访件编号": told["external_id"],
        "信访日期": told["received_at"][:19].replace("T", " "),
        "限办截止": (told.get("respond_by") or "")[:19].replace("T", " "),
        "反映内容": told["content"],
        "信访目的": PURPOSES[told.get("kind", "help")],
        "姓名": person.get("name", ""),
        "联系电话": person.get("phone", ""),
        "信访人数": str(person.get("people_count", 1)),
        "匿名": "是" if person.get("anonymous") else "否",
        "保密": "是" if person.get("confidential") else "否",
        "被反映单位": other.get("name", ""),
    }
    return {label: text for label, text in cells.items() if text}


def receipt(story: Story, told: Json, limit: str | None) -> Json:
    """Return a unit's receipt; ``limit`` is the limit that an extension would move."""
    body = {name: value for name, value in told.items() if name not in LEAD_KEYS}
    match told["type"]:
        case "opinion" | "consolidated":
            return body | _words(story, told)
        case "extension_requested":
            return body | {"until": _until(story, told, limit)}
        case _:
            return body


def _words(story: Story, told: Json) -> Json:
    """Fill in what every written opinion has; the answer also says what the other side is told."""
    words: Json = {"signed_by": "经办人", "conclusion": _conclusion(story, told)}
    if "amounts" in told:
        words["amounts"] = {name: f"{amount:.2f}" for name, amount in told["amounts"].items()}
    if "override" in told:
        words["override"] = {"post": told["override"]["by"], **told["override"]}
    if told["type"] == "consolidated" or not _consolidates(story):
        words |= _other_side(story, told)
    return words


def _conclusion(story: Story, told: Json) -> str:
    if story.data["tickets"][0].get("kind") == "consult":
        return "answered"
    return "no_comment" if told["text"].startswith("无意见") else "substantiated"


def _consolidates(story: Story) -> bool:
    return any(each["type"] == "consolidated" for each in story.data["unit_actions"])


def _other_side(story: Story, told: Json) -> Json:
    """What the other side is told: in other words than the petitioner's, or not at all."""
    withheld = story.told("reply_sent_na")
    if withheld:
        return {"other_side": {"not_applicable": withheld[0]["text"]}}
    letters = [event for event in story.told("reply_sent") if event.get("side") == "B"]
    if not letters:
        return {}
    return {"other_side": {"text": f"经依法核查，现将处理要求告知如下：{letters[0].get('text') or told['text']}"}}


def _until(story: Story, told: Json, limit: str | None) -> str:
    granted = [event for event in story.data["upstream_events"] if event["type"] == "extension_granted"]
    if granted:
        return str(granted[0]["until"])
    end = datetime.fromisoformat(limit or told["at"])
    last = calendar().add_working_days(end.date(), int(told.get("days", 5)))
    return datetime.combine(last, end.timetz()).isoformat()


def later(text: str, days: int) -> str:
    """Return the date some natural days after a date."""
    return (datetime.fromisoformat(text[:10]) + timedelta(days=days)).date().isoformat()
