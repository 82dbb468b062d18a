"""``bridge ledger``: the daily 台账 on paper, so that the office can go on when nothing else works.

Owns: the command. Must not: decide what a line says.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.options import DEFAULT_CONFIG, AsJson, Config, print_json, refuse
from bridge.cli.private_file import write_private
from bridge.os_errors import worded

if TYPE_CHECKING:
    from bridge.pipeline.daybook import Daybook
    from bridge.pipeline.service import Service


def print_ledger(
    file: Annotated[Path, typer.Argument(help="写到这个文件：.xlsx 或 .docx。")],
    unit: Annotated[str | None, typer.Option(help="只出一个单位的，按该单位可见的内容。")] = None,
    reveal: Annotated[
        bool, typer.Option("--with-confidential", help="写出保密件的诉求人；缺省遮蔽。只供有权知悉的人员。")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> None:
    """在办案件台账（可打印）：单位、期限、下一步、联系电话，留有手写的位置；停机时凭它用纸面接着办。"""
    from bridge.cli.ledger import with_service
    from bridge.documents.daybook import word, workbook

    writers = {".xlsx": workbook, ".docx": word}
    if file.suffix.lower() not in writers:
        raise refuse("文件名须以 .xlsx 或 .docx 结尾")
    if unit is not None and reveal:
        raise refuse("--unit 与 --with-confidential 不能同时用：单位只能看到规则允许的")

    async def work(service: Service) -> Daybook:
        if unit is not None and unit not in service.runtime.rules().policy.units:
            raise refuse(f"没有单位 {unit}；有：{'、'.join(service.runtime.rules().policy.units)}")
        return await service.daybook(unit, reveal=reveal)

    book = with_service(config, work)
    try:
        write_private(file, writers[file.suffix.lower()](book))
    except OSError as error:
        raise refuse(f"{file} 写不出来：{worded(error)}") from None
    late = sum(line.overdue for line in book.lines)
    if as_json:
        print_json({"file": str(file), "cases": len(book.lines), "overdue": late})
    else:
        typer.echo(f"{file}：在办 {len(book.lines)} 件，其中超期 {late} 件")
