"""What the ledger itself shows: messages that wait for a person or for nobody, the other replicas, the clock, the backup.

Owns: how long is too long. Must not: move a row.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bridge import __version__
from bridge.core.vocabulary import OutboxState
from bridge.doctor.finding import Finding, fault, good, note
from bridge.roster import SKEW
from bridge.store.facts import LAST_BACKUP
from bridge.store.store import Store
from bridge.store.writer import Tx

ABANDONED = timedelta(minutes=2)
UNSENT = timedelta(minutes=15)
UNFIRED = timedelta(minutes=10)
BACKUP = timedelta(days=2)
AHEAD = timedelta(minutes=5)
"""How far the newest record may be ahead of this machine's clock (contract section 3: ``received_at``)."""


async def ledger(store: Store, wall: datetime) -> list[Finding]:
    """Read everything on one moment of the ledger."""
    return await store.read(
        lambda tx: [
            *stuck(tx, store, wall),
            *replicas(tx, store, wall),
            *clock(tx, store, wall),
            backup(tx, store, wall),
        ]
    )


def stuck(tx: Tx, store: Store, wall: datetime) -> list[Finding]:
    """Check the outbox and the clocks."""
    found = [
        note(
            "stuck",
            f"发往 {target} 的 {count} 件{_STATES[state]}",
            f"bridge outbox list --state {state} --target {target}，查明后 bridge outbox retry 或 drop",
        )
        for (target, state), count in sorted(store.stuck.waiting_for_a_person(tx).items())
    ]
    if abandoned := store.stuck.abandoned(tx, wall - ABANDONED):
        found.append(
            fault(
                "stuck", f"{abandoned} 件被领走后过期无人收回", "检查有没有 worker 角色的进程在运行；它会自动收回重发"
            )
        )
    oldest = store.stuck.oldest_unsent(tx)
    if oldest is not None and oldest[0] < wall - UNSENT:
        minutes = int((wall - oldest[0]).total_seconds() // 60)
        found.append(
            fault(
                "stuck",
                f"发往 {oldest[1]} 的件已等候 {minutes} 分钟未发",
                "检查 worker 角色的进程是否在运行、该渠道能否连通",
            )
        )
    fires = store.queries.next_fire_at(tx)
    if fires is not None and fires < wall - UNFIRED:
        found.append(fault("stuck", "有提醒到时未发", "检查有没有 clock 角色的进程在运行；它会补上"))
    return found or [good("stuck", "没有搁置、过期未收回或久候未发的件")]


_STATES = {OutboxState.PARKED.value: "已搁置", OutboxState.UNCERTAIN.value: "不知对方收到没有"}


def replicas(tx: Tx, store: Store, wall: datetime) -> list[Finding]:
    """Check the processes of this region against each other."""
    alive = store.replicas.alive(tx, wall)
    if not alive:
        return [note("replicas", "没有进程在运行", "bridge serve，或 systemctl start ticket-bridge")]
    versions = sorted({each.version for each in alive} | {__version__})
    if len(versions) > 1 or len({each.rules_hash for each in alive}) > 1:
        text = f"{len(alive)} 个进程的程序版本（{'、'.join(versions)}）或规则不一致"
        return [note("replicas", text, "把同一版本的程序和同一份规则文件放到每台机器，再逐个重启")]
    return [good("replicas", f"{len(alive)} 个进程在运行，程序与规则一致")]


def clock(tx: Tx, store: Store, wall: datetime) -> list[Finding]:
    """Compare this machine's clock with the database server's and with what is recorded already."""
    server, newest = store.replicas.server_time(tx), store.stuck.last_registered_at(tx)
    remedy = "检查本机时间与时间同步（timedatectl），签名与时限都依赖它"
    if server is not None and abs(server - wall) > SKEW:
        seconds = int((wall - server).total_seconds())
        return [fault("clock", f"本机时钟与数据库服务器相差 {seconds} 秒", remedy)]
    if newest is not None and newest > wall + AHEAD:
        return [fault("clock", f"账上最新的登记晚于本机时钟（{newest.isoformat(timespec='seconds')}）", remedy)]
    return [good("clock", "本机时钟与账上记录相符")]


def backup(tx: Tx, store: Store, wall: datetime) -> Finding:
    """Check when the last backup was made with ``bridge backup``."""
    remedy = "bridge backup 文件；可由 systemd 定时器每夜执行（ops/systemd）"
    made = store.facts.get(tx, LAST_BACKUP)
    if made is None:
        return note("backup", "还没有用 bridge backup 备份过", remedy)
    age = wall - datetime.fromisoformat(made)
    text = f"最近一次备份在 {made}"
    return note("backup", f"{text}，已有 {age.days} 天", remedy) if age > BACKUP else good("backup", text)
