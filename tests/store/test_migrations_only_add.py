"""A migration adds: the program of the release before goes on working while the schema is upgraded under it.

The first release's own migrations stand outside: nobody runs a program from before them.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from bridge.store import migrate

VERSIONS = Path(__file__).parents[2] / "bridge/store/migrations/versions"
FIRST_RELEASE = "0003"
LATER = [path for path in sorted(VERSIONS.glob("[0-9]*.py")) if path.name[:4] > FIRST_RELEASE]
TAKES_AWAY = {"drop_table", "drop_column", "alter_column", "rename_table", "drop_constraint"}


def _upgrade(source: str) -> list[ast.Call]:
    (found,) = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    return [node for node in ast.walk(found) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]


def _problems(source: str) -> list[str]:
    """Return what an upgrade takes away, or demands of rows that the older program writes."""
    found = []
    for call in _upgrade(source):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in TAKES_AWAY:
            found.append(name)
        if (
            name == "add_column"
            and "nullable=True" not in ast.unparse(call)
            and "server_default" not in ast.unparse(call)
        ):
            found.append("add_column without a default")
    return found


@pytest.mark.parametrize("path", LATER, ids=lambda path: path.stem)
def test_it_takes_nothing_away(path: Path) -> None:
    assert _problems(path.read_text(encoding="utf-8")) == []


def test_taking_away_would_be_found() -> None:
    assert _problems("def upgrade():\n    op.drop_column('cases', 'lead')\n") == ["drop_column"]
    wrong = "def upgrade():\n    op.add_column('cases', sa.Column('x', sa.Text(), nullable=False))\n"
    assert _problems(wrong) == ["add_column without a default"]


def test_the_revisions_are_read_from_their_files_as_alembic_reads_them() -> None:
    script = ScriptDirectory(str(VERSIONS.parent))
    assert migrate.head() == script.get_current_head()
    assert {path.name[:4] for path in VERSIONS.glob("[0-9]*.py")} == {one.revision for one in script.walk_revisions()}
