"""An example or two for every command, shown under its ``--help`` and in the reference.

Owns: the table, and putting it into the command tree. Must not: name an option there is not (a test follows each line).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.cli.help_page import ChineseCommand, ChinesePages

if TYPE_CHECKING:
    import typer

EXAMPLES = {
    "adapters check": ("bridge adapters check",),
    "adapters list": ("bridge adapters list",),
    "adapters new": ("bridge adapters new county_oa", "bridge adapters new city_hotline --kind feed"),
    "audit seal": ("bridge audit seal",),
    "audit verify": ("bridge audit verify", "bridge audit verify --case c01m84aw03a80c5tftg8nyntds3"),
    "backfill": ("bridge backfill --feed hotline --since 2026-03-01",),
    "backup": ("bridge backup /mnt/backup/first.zip", "bridge backup /mnt/backup --keep 14"),
    "calendar add": ("bridge calendar add 2026-02-12 15", "bridge calendar add 2026-02-12 60 --unit days"),
    "calendar explain": ("bridge calendar explain 2026-02-12 15",),
    "calendar recount": (
        "bridge calendar recount --preview --rules candidate.yaml",
        "bridge calendar recount --preview",
        "bridge calendar recount",
    ),
    "calendar update": ("bridge calendar update 2027.json --preview", "bridge calendar update 2027.json"),
    "cases explain": ("bridge cases explain c01m84aw03a80c5tftg8nyntds3",),
    "cases list": ("bridge cases list --state triage", "bridge cases list --unit tax --overdue --json"),
    "cases receipt": ("bridge cases receipt c01m84aw03a80c5tftg8nyntds3a1 receipt.json --reason 单位来电",),
    "cases show": ("bridge cases show c01m84aw03a80c5tftg8nyntds3",),
    "cases similar": ("bridge cases similar c01m84aw03a80c5tftg8nyntds3",),
    "db check": ("bridge db check",),
    "db upgrade": ("bridge backup /mnt/backup/before-upgrade.zip", "bridge db upgrade"),
    "demo": ("bridge demo --once", "bridge demo --tickets 20 --port 8081"),
    "doctor": ("bridge doctor", "bridge doctor --offline --strict"),
    "documents check": ("bridge documents check",),
    "documents export": ("bridge documents export c01m84aw03a80c5tftg8nyntds3 -o 文书",),
    "documents issue": ("bridge documents issue c01m84aw03a80c5tftg8nyntds3 register",),
    "documents list": ("bridge documents list c01m84aw03a80c5tftg8nyntds3",),
    "documents templates": ("bridge documents templates templates",),
    "dossier export": ("bridge dossier export c01m84aw03a80c5tftg8nyntds3 -o 卷宗.zip",),
    "dossier verify": ("bridge dossier verify 卷宗.zip",),
    "import": ("bridge import 台账.xlsx --dry-run", "bridge import 台账.xlsx --feed hotline"),
    "init": ("bridge init /srv/bridge",),
    "ledger": ("bridge ledger 台账.xlsx", "bridge ledger 税务.xlsx --unit tax"),
    "metrics": ("bridge metrics",),
    "migrate-store": (
        "bridge migrate-store sqlite+aiosqlite:///data/bridge.db postgresql+asyncpg://用户:口令@主机/库名",
    ),
    "openapi": ("bridge openapi > openapi.json",),
    "outbox by-hand": ("bridge outbox by-hand 消息的键 --note 已当面送达",),
    "outbox drop": ("bridge outbox drop 消息的键",),
    "outbox edit": ("bridge outbox edit 消息的键 > message.json", "bridge outbox edit 消息的键 --file message.json"),
    "outbox list": ("bridge outbox list --state parked", "bridge outbox list --target tax --json"),
    "outbox retry": ("bridge outbox retry 消息的键",),
    "reconcile": ("bridge reconcile --feed hotline --since 2026-03-01",),
    "replay": (
        "bridge replay --reason unavailable --target tax --dry-run",
        "bridge replay --reason unavailable --target tax",
    ),
    "report assessment": ("bridge report assessment --from 2026-01-01 --to 2026-03-31 -o 考核.xlsx",),
    "report hotspots": ("bridge report hotspots --from 2026-01-01 --to 2026-03-31",),
    "restore": ("bridge restore /mnt/backup/first.zip --check", "bridge restore /mnt/backup/first.zip"),
    "rules check": ("bridge rules check routing_rules.yaml",),
    "rules classify": ("bridge rules classify --rules routing_rules.yaml < in.jsonl > out.jsonl",),
    "rules diff": ("bridge rules diff routing_rules.yaml candidate.yaml --against archive",),
    "rules explain": ("bridge rules explain --rules routing_rules.yaml 单位扣了社保没有交，要求追缴。",),
    "rules learn": ("bridge rules learn examples/labelled.jsonl --output second_opinion.json",),
    "rules reload": ("bridge rules reload",),
    "rules suggest": ("bridge rules suggest --rules routing_rules.yaml --days 365",),
    "rules test": ("bridge rules test routing_rules.yaml",),
    "schemas": ("bridge schemas --check",),
    "serve": ("bridge serve --config /srv/bridge/bridge.toml", "bridge serve --roles web,worker"),
    "simulate": ("bridge simulate --until 2026-12-31",),
    "states": ("bridge states",),
    "tokens add": (
        "bridge tokens add 张三 --role operator",
        "bridge tokens add 王五 --role clerk --unit tax --days 30",
    ),
    "tokens list": ("bridge tokens list",),
    "tokens revoke": ("bridge tokens revoke 张三",),
    "top": ("bridge top", "bridge top --once --json"),
}
"""Command words -> lines as they are typed."""


def teach(app: typer.Typer, path: tuple[str, ...] = ()) -> None:
    """Give each command its page of help with examples; a command without any is left as it is."""
    for command in app.registered_commands:
        command.cls = ChineseCommand
        name = command.name or (command.callback.__name__.replace("_", "-") if command.callback else "")
        lines = EXAMPLES.get(" ".join((*path, name)))
        if lines and not command.epilog:
            command.epilog = "例：\n\n" + "\n\n".join(lines)
    for group in app.registered_groups:
        group.cls = ChinesePages
        if group.typer_instance is not None:
            teach(group.typer_instance, (*path, group.name or ""))
