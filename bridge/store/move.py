"""The ledger of a county from one database to another: every row copied in one transaction, then compared.

Owns: which tables move, and the comparison. Must not: run beside a daemon, touch another county's rows, or leave half
a ledger behind: until the one commit the target is as empty of this county as before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Select, Table, insert, select
from sqlmodel import SQLModel

from bridge.errors import StoreError
from bridge.store import migrate
from bridge.store.codec import table_of
from bridge.store.migrate import SchemaState
from bridge.store.tables import LeaseRow, ReplicaRow, SettingRow

BATCH = 500
STAYS = frozenset({LeaseRow.__tablename__, ReplicaRow.__tablename__})
"""Who leads and who runs belongs to processes, not to the ledger."""
_DIGEST_RANGE = 1 << 256

Progress = Callable[[str, int], None]


def moving() -> list[Table]:
    """Return the tables that move, those that others refer to first."""
    return [table for table in SQLModel.metadata.sorted_tables if table.name not in STAYS]


def check_source(source: Connection) -> None:
    """Raise StoreError unless the source has this program's schema."""
    if migrate.state(source) is not SchemaState.CURRENT:
        raise StoreError("原库的结构不是本程序的版本，请先执行 bridge db upgrade")


def regions_of(source: Connection) -> list[str]:
    """Return the counties whose ledgers are in a database: each has a check value of its key."""
    settings = table_of(SettingRow).c.region_code
    return sorted(source.execute(select(settings).distinct()).scalars())


def prepare_target(target: Connection, regions: Sequence[str]) -> None:
    """Bring a target to the schema. Raises StoreError if it holds a single row of one of these counties."""
    state = migrate.state(target)
    if state is SchemaState.EMPTY:
        migrate.upgrade(target)
    elif state is not SchemaState.CURRENT:
        raise StoreError("目标库的结构与本程序不一致，请换一个空库")
    held = [table.name for table in moving() if target.execute(_rows(table, regions).limit(1)).first() is not None]
    if held:
        raise StoreError(f"目标库不是空的（{'、'.join(held)} 已有 {'、'.join(regions)} 的数据），请换一个库")


def copy(source: Connection, target: Connection, regions: Sequence[str], progress: Progress) -> dict[str, int]:
    """Copy these counties' rows of every table and compare; returns rows by table.

    Raises StoreError naming the table that differs.
    """
    counts = {}
    for table in moving():
        counts[table.name] = _copy_table(source, target, table, regions, progress)
        if _digest(source, table, regions) != _digest(target, table, regions):
            raise StoreError(f"搬迁后核对不符：{table.name}；目标库未作任何改动")
    return counts


def _rows(table: Table, regions: Sequence[str]) -> Select[Any]:
    return select(table).where(table.c.region_code.in_(regions))


def _copy_table(
    source: Connection, target: Connection, table: Table, regions: Sequence[str], progress: Progress
) -> int:
    done = 0
    for rows in source.execute(_rows(table, regions)).mappings().partitions(BATCH):
        target.execute(insert(table), [dict(row) for row in rows])
        done += len(rows)
        progress(table.name, done)
    return done


def _digest(connection: Connection, table: Table, regions: Sequence[str]) -> tuple[int, int]:
    """Return the number of rows and a sum over their hashes that does not depend on the order of reading."""
    count = total = 0
    for rows in connection.execute(_rows(table, regions)).partitions(BATCH):
        for row in rows:
            plain = orjson.dumps([_plain(value) for value in row], option=orjson.OPT_SORT_KEYS)
            total += int.from_bytes(hashlib.sha256(plain).digest())
        count += len(rows)
    return count, total % _DIGEST_RANGE


def _plain(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value
