"""Write the shipped templates again: ``python -m bridge.documents.drawing``."""

from __future__ import annotations

import io
from pathlib import Path

from bridge.documents.drawing.papers import DRAWN
from bridge.documents.package import packed, unpacked
from bridge.documents.titles import template_name

FOLDER = Path(__file__).parents[1] / "templates"


def draw_all(folder: Path) -> None:
    """Draw every template into a folder; the same bytes every time."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, draw in DRAWN.items():
        target = io.BytesIO()
        draw().save(target)
        (folder / template_name(kind)).write_bytes(packed(unpacked(kind.value, target.getvalue())))


if __name__ == "__main__":
    draw_all(FOLDER)
