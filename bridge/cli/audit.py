"""``bridge audit``: does the ledger still say what the bridge wrote into it.

Owns: the wording of what was found, and the exit status. Must not: repair anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_json, refuse

if TYPE_CHECKING:
    from bridge.store.audit import Finding, Page
    from bridge.store.marks import Marks
    from bridge.store.store import Store
    from bridge.store.writer import Tx

app = typer.Typer(help="审计：核对历史链和案件封印，发现直接改动数据库的行为。", no_args_is_help=True)

TABLES = {
    "cases": "案件登记",
    "tickets": "工单",
    "ticket_revisions": "工单原文",
    "assignments": "交办",
    "opinions": "意见",
    "deadlines": "时限",
    "events": "历史",
    "outbox": "待发件",
    "documents": "文书",
}
PROBLEMS = {
    "changed": "登记后被改动过",
    "added": "不是由本程序写入的",
    "missing": "登记过，现在不见了",
    "chain": "历史链从这一条起断开（被改动、删除或插入）",
    "seal": "案件的封印本身被改动过",
    "unsealed": "没有封印；升级前的案件请执行一次 bridge audit seal，升级后新出现的请查明原因",
    "unreadable": "密文打不开，内容被替换或损坏",
    "vanished": "上次核对时还在，现在整案不见了",
    "put_back": "历史比上次核对时短或不同，整案被换回了旧状态",
}


def worded(finding: Finding) -> str:
    """Return one finding as a line for the auditor."""
    where = "" if finding.table == "cases" else f" {finding.row}"
    return f"案件 {finding.case_id}：{TABLES.get(finding.table, finding.table)}{where} {PROBLEMS[finding.problem]}"


@dataclass(slots=True)
class Audit:
    """What one run has read so far; findings are said at once when ``aloud``."""

    marks: Marks
    aloud: bool
    cases: int = 0
    rows: int = 0
    found: list[dict[str, Any]] = field(default_factory=list)

    def take(self, page: Page) -> None:
        """Add a page."""
        self.cases, self.rows = self.cases + page.cases, self.rows + page.rows
        self.tell(page.findings + self.marks.meet(page.histories))

    def tell(self, findings: Iterable[Finding]) -> None:
        """Keep findings, each with its line for the auditor."""
        for finding in findings:
            self.found.append({**finding._asdict(), "text": worded(finding)})
            if self.aloud:
                typer.echo(self.found[-1]["text"])

    def close(self) -> None:
        """Say how it went."""
        if not self.aloud:
            print_json({"holds": not self.found, "cases": self.cases, "rows": self.rows, "findings": self.found})
            return
        verdict = f"不符 {len(self.found)} 处" if self.found else "全部相符"
        typer.echo(f"共核对 {self.cases} 个案件、{self.rows} 行，{verdict}")


@app.command()
def verify(
    case: Annotated[str | None, typer.Option("--case", help="只核对这一个案件。")] = None,
    marks: Annotated[
        Path | None,
        typer.Option(
            "--marks", help="核对记号文件，放在数据库之外：与上次比，找出整案删去或换回旧状态的；相符则更新。"
        ),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """逐案核对历史链与封印；有一处不符即以 1 退出。可在服务运行时执行，核对全部案件时记下时间和结果供监控。"""
    from bridge.cli.ledger import with_store
    from bridge.cli.marks import keep, kept
    from bridge.opening import system_ports
    from bridge.store.facts import AUDIT_FINDINGS, LAST_AUDIT

    if marks is not None and case is not None:
        raise refuse("--marks 记的是全部案件，不能与 --case 同用；请去掉其中一个")
    wall = system_ports().clock.wall()

    async def work(store: Store) -> Audit:
        audit = Audit(kept(marks, store), aloud=not as_json)
        after: str | None = ""
        while after is not None:
            page = await store.read(lambda tx, after=after: store.audit.page(tx, after, only=case))  # type: ignore[misc]
            audit.take(page)
            after = page.last
        audit.tell(audit.marks.left())
        if marks is not None and not audit.found:
            keep(marks, audit.marks, store)
        if case is None:
            await store.write(lambda tx: note(tx, store, len(audit.found)))
        return audit

    def note(tx: Tx, store: Store, findings: int) -> None:
        store.facts.put(tx, LAST_AUDIT, wall.isoformat(timespec="seconds"))
        store.facts.put(tx, AUDIT_FINDINGS, str(findings))

    audit = with_store(config, work)
    audit.close()
    if audit.found or (case is not None and not audit.cases):
        raise typer.Exit(DOES_NOT_HOLD)


@app.command()
def seal(config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """给升级前登记、还没有封印的案件按现状加封；已有封印的不动。"""
    from bridge.cli.ledger import with_store

    async def work(store: Store) -> int:
        count = 0
        while ids := await store.read(store.audit.unsealed):
            for case_id in ids:
                await store.write(lambda tx, case_id=case_id: store.audit.seal(tx, case_id))  # type: ignore[misc]
            count += len(ids)
        return count

    count = with_store(config, work)
    if as_json:
        print_json({"sealed": count})
    else:
        typer.echo(f"已加封 {count} 个案件")
