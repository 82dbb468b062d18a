"""What the drivers themselves can do on this machine at this moment: one row of a ticket's size, one durable commit.

Owns: the limits every rate is divided by. Must not: batch, prepare or otherwise help.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import asyncpg

ROW_BYTES = 1_743
CONNECTIONS = 8


def sqlite_commits(file: Path, seconds: float = 1.0) -> float:
    """Raw sqlite3, WAL, synchronous=FULL: commits per second."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS raw (id INTEGER PRIMARY KEY, body BLOB)")
    body, began, commits = bytes(ROW_BYTES), time.perf_counter(), 0
    while (took := time.perf_counter() - began) < seconds:
        connection.execute("INSERT INTO raw (body) VALUES (?)", (body,))
        commits += 1
    connection.close()
    return commits / took


async def postgres_commits(url: str, seconds: float = 1.0) -> float:
    """Raw asyncpg, eight connections, synchronous_commit=on: commits per second."""
    dsn = url.replace("postgresql+asyncpg://", "postgresql://")
    pool = await asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)
    await pool.execute("CREATE TABLE IF NOT EXISTS raw (id BIGSERIAL PRIMARY KEY, body BYTEA)")
    began, body, commits = time.perf_counter(), bytes(ROW_BYTES), [0] * CONNECTIONS

    async def work(number: int) -> None:
        async with pool.acquire() as connection:
            while time.perf_counter() - began < seconds:
                await connection.execute("INSERT INTO raw (body) VALUES ($1)", body)
                commits[number] += 1

    await asyncio.gather(*(work(number) for number in range(CONNECTIONS)))
    took = time.perf_counter() - began
    await pool.close()
    return sum(commits) / took


async def postmaster_of(url: str) -> int:
    """Return the process of the PostgreSQL server on this machine; every session is a child of it."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg://", "postgresql://"))
    folder = await connection.fetchval("SHOW data_directory")
    await connection.close()
    return int((Path(folder) / "postmaster.pid").read_text(encoding="ascii").split()[0])
