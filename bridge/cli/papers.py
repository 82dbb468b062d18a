"""``bridge documents``: issue, list and export the Word documents of a case; the county's own templates.

Owns: the commands. Must not: decide what can be issued.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, AsJson, Config, print_rows, refuse
from bridge.cli.private_file import write_private
from bridge.os_errors import worded

if TYPE_CHECKING:
    from bridge.pipeline.service import Service

app = typer.Typer(help="文书：出具、列出、导出，改用本县模板。", no_args_is_help=True)

CaseId = Annotated[str, typer.Argument(help="案件编号。")]
_TITLES = {
    "id": "编号",
    "title": "文书",
    "number": "文号",
    "unit": "单位",
    "issued_at": "出具时间",
    "sha256": "SHA-256",
}


@app.command()
def issue(
    case_id: CaseId,
    kind: Annotated[
        str | None,
        typer.Argument(
            help="register、assignment、transfer、opinion、summary、minutes、reply_payer、reply_other；缺省为现在可出的全部。"
        ),
    ] = None,
    subject: Annotated[str | None, typer.Option(help="只出这一份：交办编号、意见编号等。")] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """出具文书并取文号；内容没有变化的，仍是原来那一份。"""
    from bridge.cli.ledger import operator, with_service
    from bridge.cli.options import settings_of
    from bridge.core.documents import DocumentKind
    from bridge.documents.desk import desk_of, view_of

    if kind is not None and kind not in list(DocumentKind):
        raise refuse(f"没有文书种类 {kind}；可用：{'、'.join(DocumentKind)}")
    settings = settings_of(config)
    wanted = DocumentKind(kind) if kind else None
    found = with_service(config, lambda s: desk_of(settings, s.runtime).issue(case_id, wanted, subject, operator()))
    print_rows(_TITLES, [view_of(document) for document in found], as_json=as_json)


@app.command(name="list")
def list_documents(case_id: CaseId, config: Config = DEFAULT_CONFIG, as_json: AsJson = False) -> None:
    """列出一个案件已出具的文书。"""
    from bridge.cli.ledger import operator, with_service
    from bridge.cli.options import settings_of
    from bridge.documents.desk import desk_of, view_of

    settings = settings_of(config)
    found = with_service(config, lambda service: desk_of(settings, service.runtime).listed(case_id, operator()))
    print_rows(_TITLES, [view_of(document) for document in found], as_json=as_json)


@app.command()
def export(
    case_id: CaseId,
    directory: Annotated[Path, typer.Option("-o", "--output", help="写到哪个文件夹。")] = Path(),
    config: Config = DEFAULT_CONFIG,
) -> None:
    """导出一个案件的全部文书（.docx）；每份的查阅都记入案件历史。"""
    from bridge.cli.ledger import operator, with_service
    from bridge.cli.options import settings_of
    from bridge.documents.desk import desk_of, view_of

    settings = settings_of(config)

    async def work(service: Service) -> list[tuple[str, bytes]]:
        desk, actor = desk_of(settings, service.runtime), operator()
        read = [await desk.read(case_id, each.id, actor) for each in await desk.listed(case_id, actor)]
        return [(str(view_of(document)["name"]), content) for document, content in read]

    files = with_service(config, work)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in files:
            write_private(directory / name, content)
            typer.echo(str(directory / name))
    except OSError as error:
        raise refuse(f"{directory} 写不进去：{worded(error)}") from None


@app.command()
def templates(
    directory: Annotated[Path, typer.Argument(help="写到哪个文件夹。")],
    config: Config = DEFAULT_CONFIG,  # noqa: ARG001 - every command takes --config
) -> None:
    """写出自带的模板供修改；已有的文件不动。改好后放在 bridge.toml 旁的 templates/ 里即生效。"""
    from bridge.documents.shelf import write_shipped

    for path in write_shipped(directory):
        typer.echo(str(path))


@app.command()
def check(config: Config = DEFAULT_CONFIG) -> None:
    """核对本县模板：逐个编译并用空白资料试填，有错即指出哪个模板、哪一处。"""
    from bridge.cli.options import DOES_NOT_HOLD, settings_of
    from bridge.clock import SystemClock
    from bridge.core.documents import DocumentKind
    from bridge.documents.package import TemplateRefused
    from bridge.documents.shelf import Shelf
    from bridge.documents.titles import TITLES

    shelf, problems = Shelf(settings_of(config).templates), []
    for kind in DocumentKind:
        try:
            shelf.template(kind).render({}, title=TITLES[kind], issued_at=SystemClock().wall())
        except TemplateRefused as error:
            problems.append(str(error))
    if problems:
        raise refuse("\n".join(problems), DOES_NOT_HOLD)
    typer.echo(f"{len(DocumentKind)} 个模板可用")
