"""``bridge dossier``: the sealed archive of a case.

Owns: the two commands. Must not: know what lies in a dossier.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, DOES_NOT_HOLD, AsJson, Config, print_json, refuse
from bridge.os_errors import worded as os_worded

if TYPE_CHECKING:
    from bridge.dossier.check import Checked
    from bridge.pipeline.dossier import Dossier
    from bridge.pipeline.service import Service

app = typer.Typer(help="卷宗：导出一个案件的封存档案，核对卷宗是否被改动。", no_args_is_help=True)


@app.command()
def export(
    case_id: Annotated[str, typer.Argument(help="案件编号。")],
    output: Annotated[Path, typer.Option("-o", "--output", help="写到哪个文件（.zip），已有的不覆盖。")],
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """导出卷宗；内容含个人信息，文件只有本用户可读。同一状态导出两次逐字节相同。"""
    from bridge.cli.audit import worded

    found = _read(config, case_id)
    if found.findings:
        lines = "\n".join(worded(finding) for finding in found.findings)
        raise refuse(f"{lines}\n案件数据与封印不符，不予导出", DOES_NOT_HOLD)
    data = found.packed()
    try:
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise refuse(f"{output} 写不进去：{os_worded(error)}") from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if as_json:
        print_json({"file": str(output), "files": len(found.files), "signed_by": found.fingerprint, **found.facts})
    else:
        typer.echo(f"已导出 {output}：{len(found.files)} 个文件，签名公钥指纹 {found.fingerprint}")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="卷宗文件。")],
    config: Annotated[Path | None, typer.Option("--config", help="写明时同时与该配置的数据库核对。")] = None,
    signed_by: Annotated[str | None, typer.Option("--signed-by", help="应为哪个公钥指纹所签。")] = None,
    as_json: AsJson = False,
) -> None:
    """核对卷宗：清单、每个文件、签名、历史链；不需要数据库。有一处不符即以 1 退出。"""
    from bridge.dossier.check import check

    try:
        checked = check(file.read_bytes())
    except OSError as error:
        raise refuse(f"{file} 读不出来：{os_worded(error)}") from None
    checked = checked if config is None else _against(checked, config)
    problems = [*checked.problems]
    if signed_by is not None and signed_by != checked.dossier.fingerprint:
        problems.append(f"签名公钥指纹应为 {signed_by}，实为 {checked.dossier.fingerprint or '无'}")
    _report(file, checked, problems, as_json=as_json)
    if problems:
        raise typer.Exit(DOES_NOT_HOLD)


def _report(file: Path, checked: Checked, problems: list[str], *, as_json: bool) -> None:
    manifest, fingerprint = checked.dossier.manifest, checked.dossier.fingerprint
    if as_json:
        facts = {name: manifest.get(name) for name in ("case_id", "state", "retention", "chain", "counts")}
        known = {"signed_by": fingerprint, "problems": problems, "notes": checked.notes}
        print_json({"holds": not problems, **facts, **known})
        return
    for line in (*problems, *checked.notes):
        typer.echo(line)
    if problems:
        typer.echo(f"{file}：不符 {len(problems)} 处")
    else:
        typer.echo(f"{file}：完整，案件 {manifest.get('case_id')}，签名公钥指纹 {fingerprint}")


def _against(checked: Checked, config: Path) -> Checked:
    from dataclasses import replace

    from bridge.cli.audit import worded
    from bridge.dossier.check import against
    from bridge.errors import NotFound

    case_id = str(checked.dossier.manifest.get("case_id", ""))
    try:
        live = _read(config, case_id)
    except NotFound:
        return replace(checked, problems=(*checked.problems, f"数据库里没有案件 {case_id}"))
    if live.findings:
        return replace(checked, problems=(*checked.problems, *(worded(finding) for finding in live.findings)))
    return against(checked, live.files, live.fingerprint)


def _read(config: Path, case_id: str) -> Dossier:
    from bridge.cli.ledger import with_service
    from bridge.pipeline.dossier import dossier

    async def work(service: Service) -> Dossier:
        store, rules = service.runtime.store, service.runtime.rules()
        return await store.read(lambda tx: dossier(tx, store, rules, case_id))

    return with_service(config, work)
