"""The command line: one file a group, every command with ``--config``, every listing with ``--json``.

Owns: the command tree, exit statuses (0 done, 1 the thing checked does not hold, 2 wrong use), errors on stderr.
Must not: import the daemon for ``--help``.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bridge.cli import (
    adapters,
    audit,
    backup,
    calendar,
    cases,
    daemon,
    database,
    daybook,
    doctor,
    documents,
    dossier,
    metrics,
    move,
    outbox,
    papers,
    reconcile,
    report,
    rules,
    simulate,
    states,
    takeover,
    tokens,
    top,
)
from bridge.cli.characters import take_chinese
from bridge.cli.examples import teach
from bridge.cli.ledger import quiet
from bridge.cli.options import DOES_NOT_HOLD, WRONG_USE
from bridge.cli.usage import ChineseGroup

app = typer.Typer(
    name="bridge",
    cls=ChineseGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from bridge import __version__

        typer.echo(f"bridge {__version__}")
        raise typer.Exit


@app.callback()
def _bridge(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="显示程序版本。")
    ] = False,
) -> None:
    """12345 政务热线社保费争议工单桥。"""


for command in (
    daemon.init,
    daemon.serve,
    daemon.demo,
    documents.schemas,
    documents.openapi,
    simulate.simulate,
    doctor.doctor,
    backup.backup,
    backup.restore,
    top.top,
):
    app.command()(command)
app.command(name="metrics")(metrics.metrics)
app.command(name="states")(states.states)
app.command(name="migrate-store")(move.migrate_store)
app.command()(outbox.replay)
app.command(name="import")(takeover.take_over)
app.command(name="ledger")(daybook.print_ledger)
app.command()(reconcile.backfill)
app.command()(reconcile.reconcile)
for name, group in (
    ("tokens", tokens.app),
    ("rules", rules.app),
    ("calendar", calendar.app),
    ("cases", cases.app),
    ("outbox", outbox.app),
    ("documents", papers.app),
    ("dossier", dossier.app),
    ("report", report.app),
    ("audit", audit.app),
    ("adapters", adapters.app),
    ("db", database.app),
):
    app.add_typer(group, name=name)

teach(app)


def main() -> None:
    """Run the command line and exit with its status."""
    from bridge.errors import BridgeError, ConfigError

    take_chinese()
    quiet()
    try:
        app()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        sys.exit(WRONG_USE)
    except BridgeError as error:
        typer.echo(str(error), err=True)
        sys.exit(DOES_NOT_HOLD)
    except KeyboardInterrupt:
        sys.exit(130)
