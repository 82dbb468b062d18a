"""The document's JSON Schema, named in the first line of ``routing_rules.yaml`` so that editors complete it.

Owns: rendering. Must not: differ from the model; a drift check runs in CI.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from bridge.rules.closed_words import LISTS, NAMES
from bridge.rules.document import RulesDocument

NAME = "routing_rules.schema.json"


def render() -> dict[str, str]:
    """File name to content."""
    schema = RulesDocument.model_json_schema()
    for name, entry in schema["$defs"].items():
        if "enum" in entry:
            entry.update(_in_chinese(name, entry["enum"]))
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "routing_rules.yaml"}
    return {NAME: json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"}


def _in_chinese(name: str, codes: Sequence[str]) -> dict[str, object]:
    """What an editor shows of a closed list: the name of each code."""
    names = [NAMES[code][0] for code in codes]
    told = "、".join(f"{code} {word}" for code, word in zip(codes, names, strict=True))
    return {"description": f"{LISTS[name]}:{told}", "enumDescriptions": names}


def write(folder: Path) -> list[Path]:
    """Write the schema into a folder; return what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in render().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths
