"""A proxy before PostgreSQL that cuts a connection exactly where a transaction of the test's choice is committed.

That is its COMMIT, or the end of a statement that changes rows and is a transaction by itself.
Owns: reading the client's half of the protocol as far as that needs. Must not: change a byte of what it forwards.
Source: PostgreSQL documentation, 55.7 (message formats).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy.engine import URL

from bridge.store.engine import parse
from bridge.testing.beside import Beside

_ENCRYPTION_REQUESTS = {(1234 << 16) + 5679, (1234 << 16) + 5680}
_CHUNK = 65_536
_CHANGES = (b"INSERT INTO", b"UPDATE ")


class Loss(StrEnum):
    """What is lost when the connection is cut."""

    COMMIT = "commit"
    """The COMMIT never arrives: the server rolls back."""
    ANSWER = "answer"
    """The COMMIT takes place; its answer never arrives."""


@dataclass
class _Line:
    """One client's connection: both ends, and whether its open transaction holds what the test looks for.

    ``changing`` are the names of prepared statements that change rows, ``changes`` tells of the one being sent.
    """

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    marked: bool = False
    deaf: bool = False
    begun: bool = False
    changes: bool = False
    changing: set[bytes] = field(default_factory=set)

    def ends(self, kind: bytes, body: bytes) -> bool:
        """Take note of a message and tell whether a transaction is committed by it."""
        if kind == b"P":
            name, text = body.split(b"\0", 2)[:2]
            (self.changing.add if any(word in text for word in _CHANGES) else self.changing.discard)(name)
        elif kind == b"B":
            self.changes = body.split(b"\0", 2)[1] in self.changing
        elif kind == b"Q" and body.startswith(b"BEGIN"):
            self.begun = True
        return body.startswith(b"COMMIT") if kind == b"Q" else kind == b"S" and self.changes and not self.begun

    def over(self, kind: bytes, body: bytes) -> bool:
        """Tell whether nothing is open after a message."""
        if kind == b"Q" and body.startswith((b"COMMIT", b"ROLLBACK")):
            self.begun = False
        return not self.begun and kind in {b"Q", b"S"}

    def cut(self) -> None:
        """Reset both ends."""
        self.client.transport.abort()
        self.server.transport.abort()


class FaultProxy(Beside):
    """A context manager: inside it, :attr:`url` reaches the database of ``url`` through the proxy."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._target = parse(url)
        self.port = 0
        self.cuts = 0
        self._marker: bytes | None = None
        self._loss = Loss.ANSWER

    @property
    def url(self) -> str:
        """The database's URL by way of the proxy."""
        url = self._target.difference_update_query(["host", "port"]).set(host="127.0.0.1", port=self.port)
        return str(url.render_as_string(hide_password=False))

    def cut_next_commit(self, of: str, loss: Loss) -> None:
        """Cut where the first transaction is committed one of whose values contains ``of``."""
        self._loss, self._marker = loss, of.encode()

    async def open(self) -> None:
        """Listen on a port of the system's choice."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening."""
        self._server.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await _open(self._target)
        line = _Line(writer, to_server)
        pumps = [
            asyncio.ensure_future(self._requests(reader, line)),
            asyncio.ensure_future(self._answers(from_server, line)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            line.cut()

    async def _requests(self, reader: asyncio.StreamReader, line: _Line) -> None:
        line.server.write(await _startup(reader, line.client))
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
            line.marked |= self._marker is not None and self._marker in body
            if line.ends(head[:1], body) and line.marked and self._is_lost(line):
                return
            line.marked &= not line.over(head[:1], body)
            line.server.write(head + body)
            await line.server.drain()

    def _is_lost(self, line: _Line) -> bool:
        """Lose this COMMIT or its answer; tell whether the COMMIT itself is lost."""
        self._marker = None
        self.cuts += 1
        line.deaf = True
        return self._loss is Loss.COMMIT

    async def _answers(self, reader: asyncio.StreamReader, line: _Line) -> None:
        while (data := await reader.read(_CHUNK)) and not line.deaf:
            line.client.write(data)
            await line.client.drain()


async def _open(target: URL) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the server by its socket's folder or its address."""
    host, port = target.host or str(target.query["host"]), target.port or 5432
    if host.startswith("/"):
        return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
    return await asyncio.open_connection(host, port)


async def _startup(reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> bytes:
    """Return the client's first message to the server; a request for encryption is declined."""
    while True:
        size = await reader.readexactly(4)
        body = await reader.readexactly(int.from_bytes(size) - 4)
        if int.from_bytes(body[:4]) not in _ENCRYPTION_REQUESTS:
            return size + body
        client.write(b"N")
