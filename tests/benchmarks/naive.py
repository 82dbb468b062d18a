"""The yardstick: the same intake written the obvious way, a session a request, an object a row, a commit a step.

``python -m tests.benchmarks.naive FOLDER PORT SECRET`` serves ``/v1/feeds/hotline/tickets`` on a SQLite file.
It verifies, validates and classifies as the daemon does, and keeps ticket, case, history and message in clear.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from sqlalchemy import create_engine, event
from sqlmodel import Field, Session, SQLModel, select

from bridge.core.lifecycle.register import facts_of
from bridge.core.lifecycle.work import Context, FeedTerms
from bridge.core.model import SYSTEM
from bridge.rules.load import load_rules
from bridge.store.codec import table_of
from bridge.testing.counterparts.control import ROOT
from bridge.testing.counterparts.webhooks import check
from bridge.wire.ticket import parse_ticket


class NaiveTicket(SQLModel, table=True):
    """A ticket."""

    id: str = Field(primary_key=True)
    external_id: str = Field(unique=True)
    case_id: str
    body: str


class NaiveCase(SQLModel, table=True):
    """A case."""

    id: str = Field(primary_key=True)
    state: str
    category: str | None
    lead: str | None


class NaiveEvent(SQLModel, table=True):
    """A line of history."""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = Field(index=True)
    type: str
    at: datetime


class NaiveMessage(SQLModel, table=True):
    """A message to send."""

    key: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    state: str = Field(index=True)
    payload: str


class Naive:
    """The handler and its engine."""

    def __init__(self, folder: Path, secret: str) -> None:
        self.engine = create_engine(f"sqlite:///{folder}/naive.db", connect_args={"timeout": 60})
        event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode=WAL"))
        SQLModel.metadata.create_all(self.engine, tables=[table_of(row) for row in _TABLES])
        self.rules, self.secret = load_rules(ROOT / "routing_rules.yaml").prepare(), secret

    async def take(self, request: web.Request) -> web.Response:
        """Take one ticket."""
        raw = await request.read()
        check(self.secret, request.headers, raw, now=time.time())
        return web.json_response(await asyncio.to_thread(self.register, raw), status=202)

    def register(self, raw: bytes) -> dict[str, str]:
        """Step by step, each committed."""
        now = datetime.now(UTC)
        draft = parse_ticket(raw, now)
        feeds = {"hotline": FeedTerms("hotline_12345")}
        context = Context(now=now, rules=self.rules, feeds=feeds, respond_base="", actor=SYSTEM, cause="")
        with Session(self.engine) as session:
            known = session.exec(select(NaiveTicket).where(NaiveTicket.external_id == draft.external_id)).first()
            if known is not None:
                return {"ticket_id": known.id, "case_id": known.case_id}
            ticket_id, case_id = secrets.token_hex(13), secrets.token_hex(13)
            ticket = NaiveTicket(id=ticket_id, external_id=draft.external_id, case_id=case_id, body=raw.decode())
            self._step(session, ticket, NaiveEvent(case_id=case_id, type="ticket.registered", at=now))
            assessed = self.rules.assess(facts_of("hotline", draft, context))
            case = NaiveCase(
                id=case_id, state="handling", category=assessed.classification.category, lead=assessed.route.lead
            )
            self._step(session, case, NaiveEvent(case_id=case_id, type="case.classified", at=now))
            message = NaiveMessage(
                key=f"{case_id}-1", case_id=case_id, state="ready", payload=json.dumps({"id": case_id})
            )
            self._step(session, message, NaiveEvent(case_id=case_id, type="assignment.dispatched", at=now))
        return {"ticket_id": ticket_id, "case_id": case_id}

    def _step(self, session: Session, *rows: SQLModel) -> None:
        session.add_all(rows)
        session.commit()


_TABLES = (NaiveTicket, NaiveCase, NaiveEvent, NaiveMessage)


if __name__ == "__main__":
    app = web.Application()
    app.add_routes([web.post("/v1/feeds/hotline/tickets", Naive(Path(sys.argv[1]), sys.argv[3]).take)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), print=None, access_log=None)
