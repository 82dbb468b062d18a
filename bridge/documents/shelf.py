"""The templates on the shelf: the county's own where it has one, else the shipped one.

Owns: finding, compiling and keeping templates; writing the shipped ones out for editing. Must not: know a case.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.core.documents import DocumentKind
from bridge.documents.package import TemplateRefused
from bridge.documents.titles import TITLES, template_name
from bridge.os_errors import worded

if TYPE_CHECKING:
    from bridge.documents.template import Template

SHIPPED = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Shelf:
    """Templates of one office; ``folder`` holds its own, which are read again when they change."""

    folder: Path | None = None
    _known: dict[str, Template] = field(default_factory=dict)

    def template(self, kind: DocumentKind) -> Template:
        """Return the template of a kind. Raises TemplateRefused."""
        template = self.prepare()
        path = self.path(kind)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise TemplateRefused(f"模板 {path.name} 读不出来：{worded(error)}") from None
        digest = hashlib.sha256(content).hexdigest()
        if digest not in self._known:
            self._known[digest] = template.read(TITLES[kind], content)
        return self._known[digest]

    @staticmethod
    def prepare() -> type[Template]:
        """Load what reads Word, before a transaction that others wait for; a daemon does not at its start."""
        from bridge.documents.template import Template  # noqa: PLC0415 - see above

        return Template

    def path(self, kind: DocumentKind) -> Path:
        """Return where the template of a kind is."""
        own = self.folder / template_name(kind) if self.folder else None
        return own if own and own.is_file() else SHIPPED / template_name(kind)


def write_shipped(folder: Path) -> list[Path]:
    """Write the shipped templates into a folder for editing; one that is there already is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in DocumentKind:
        target = folder / template_name(kind)
        if not target.exists():
            target.write_bytes((SHIPPED / template_name(kind)).read_bytes())
            written.append(target)
    return written
