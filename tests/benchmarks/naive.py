"""The yardstick: the same intake written the obvious way, a session a request, an object a row, a commit a step.

``python -m tests.benchmarks.naive DATABASE_URL PORT SECRET`` serves ``/v1/feeds/hotline/tickets`` on either database.
It verifies, validates and classifies as the daemon does, and keeps ticket, case, history and message in clear.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import Field, Session, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bridge.core.lifecycle.register import facts_of
from bridge.core.lifecycle.work import Context, FeedTerms
from bridge.core.model.event import SYSTEM
from bridge.rules.load import load_rules
from bridge.store.codec import table_of
from bridge.store.types import UtcDateTime
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
    at: datetime = Field(sa_type=UtcDateTime)


class NaiveMessage(SQLModel, table=True):
    """A message to send."""

    key: str = Field(primary_key=True)
    case_id: str = Field(index=True)
    state: str = Field(index=True)
    payload: str


class Naive:
    """The handler and its engine."""

    def __init__(self, database_url: str, secret: str) -> None:
        self.url = make_url(database_url)
        self.rules, self.secret = load_rules(ROOT / "routing_rules.yaml").prepare(), secret

    async def open(self, _app: web.Application) -> None:
        """Open the database and make the tables."""
        tables = [table_of(row) for row in _TABLES]
        if self.url.get_backend_name() == "postgresql":
            self.engine: Engine | AsyncEngine = create_async_engine(self.url, pool_size=32)
            async with self.engine.begin() as connection:
                await connection.run_sync(SQLModel.metadata.create_all, tables=tables)
            return
        self.engine = create_engine(self.url, connect_args={"timeout": 60})
        event.listen(self.engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode=WAL"))
        SQLModel.metadata.create_all(self.engine, tables=tables)

    async def take(self, request: web.Request) -> web.Response:
        """Take one ticket."""
        raw = await request.read()
        check(self.secret, request.headers, raw, now=time.time())
        return web.json_response(await self._registered(raw), status=202)

    async def _registered(self, raw: bytes) -> dict[str, str]:
        if isinstance(self.engine, AsyncEngine):
            async with AsyncSession(self.engine) as session:
                return await session.run_sync(self.register, raw)
        return await asyncio.to_thread(self._beside, self.engine, raw)

    def _beside(self, engine: Engine, raw: bytes) -> dict[str, str]:
        with Session(engine) as session:
            return self.register(session, raw)

    def register(self, session: Any, raw: bytes) -> dict[str, str]:
        """Step by step, each committed."""
        now = datetime.now(UTC)
        draft = parse_ticket(raw, now)
        feeds = {"hotline": FeedTerms("hotline_12345")}
        context = Context(now=now, rules=self.rules, feeds=feeds, respond_base="", actor=SYSTEM, cause="")
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
        message = NaiveMessage(key=f"{case_id}-1", case_id=case_id, state="ready", payload=json.dumps({"id": case_id}))
        self._step(session, message, NaiveEvent(case_id=case_id, type="assignment.dispatched", at=now))
        return {"ticket_id": ticket_id, "case_id": case_id}

    def _step(self, session: Any, *rows: SQLModel) -> None:
        session.add_all(rows)
        session.commit()


_TABLES = (NaiveTicket, NaiveCase, NaiveEvent, NaiveMessage)


if __name__ == "__main__":
    naive = Naive(sys.argv[1], sys.argv[3])
    app = web.Application()
    app.add_routes([web.post("/v1/feeds/hotline/tickets", naive.take)])
    app.on_startup.append(naive.open)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), print=None, access_log=None)
