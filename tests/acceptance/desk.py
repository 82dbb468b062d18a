"""The desk from which acceptance tests look at a daemon: silent units, a hotline, an auditor."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.testing.caller import Caller
from bridge.testing.counterparts.control import wait_until
from bridge.testing.county import County
from bridge.testing.process import Response

TICKETS = "/v1/feeds/hotline/tickets"
EVENTS = "/v1/feeds/hotline/events"
BATCH = "/v1/feeds/hotline/batch"

_NUMBERS = itertools.count(1)


@dataclass
class Desk:
    """A daemon whose units stay silent, and the two kinds of machine callers it knows."""

    county: County
    auditor: str

    @property
    def hotline(self) -> Caller:
        return Caller(self.county.bridge, self.county.site.secrets["hotline"])

    def unit(self, name: str) -> Caller:
        return Caller(self.county.bridge, self.county.site.secrets[name])

    def send(self, **changes: Any) -> dict[str, Any]:
        """Send a sound ticket and return what the 202 says."""
        answer = self.hotline.post(TICKETS, ticket(**changes))
        assert answer.status == 202, answer.raw.decode()
        return answer.body

    def case(self, case_id: str) -> dict[str, Any]:
        return self.county.bridge.get(f"/v1/cases/{case_id}", self.auditor)

    def messages(self, case_id: str) -> list[dict[str, Any]]:
        """What units have been sent about a case so far."""
        desk = self.county.desks[0]
        return [entry.body for entry in desk.received() if entry.body["case_id"] == case_id]

    def dispatched(self, case_id: str, unit: str) -> dict[str, Any]:
        """Wait for a unit's dispatch of a case."""

        def look() -> dict[str, Any] | None:
            found = [m for m in self.messages(case_id) if m["unit"] == unit and m["type"] == "assignment.dispatched"]
            return found[-1] if found else None

        message = wait_until(look, what=f"dispatch to {unit}")
        assert message is not None
        return message

    def pushes(self, external_id: str) -> list[dict[str, Any]]:
        """What the hotline has been told about a ticket so far."""
        received = self.county.hotline.received()
        return [entry.body for entry in received if entry.body["external_id"] == external_id]

    def answer(self, message: dict[str, Any], receipt: dict[str, Any]) -> Response:
        """Answer a message with a unit's receipt."""
        path = message["respond_url"].removeprefix(self.county.site.url)
        return self.unit(message["unit"]).post(path, receipt)


def ticket(**changes: Any) -> dict[str, Any]:
    """A sound ticket of a single unit; a value of None leaves the field out."""
    body = {
        "external_id": f"T{next(_NUMBERS):08d}",
        "kind": "complaint",
        "title": "公司按最低基数报社保",
        "content": "来电人在晋宇光电上班,公司从2024年7月到现在一直按最低基数给他申报社保,要求公司按实际工资申报缴费基数。",
        "received_at": (datetime.now(UTC) - timedelta(minutes=1)).isoformat(),
        "petitioner": {"name": "祁先生", "phone": "13300000606"},
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


def is_problem(answer: Response, status: int) -> bool:
    """Tell whether an answer is an RFC 9457 problem with a Chinese detail."""
    detail = answer.body.get("detail", "")
    chinese = any("一" <= letter <= "鿿" for letter in detail)
    return answer.status == status and answer.headers["content-type"].startswith("application/problem+json") and chinese


def raw(**changes: Any) -> str:
    """A sound ticket as JSON text, to be spoiled."""
    return json.dumps(ticket(**changes), ensure_ascii=False)
