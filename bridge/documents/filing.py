"""Papers issue themselves when a case is archived, so that its dossier is whole without anybody thinking of it.

Owns: finding archived cases whose papers were not issued yet, one after the other. Must not: decide what a case can have.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bridge.core.documents import DocumentKind
from bridge.core.model import SYSTEM
from bridge.documents.desk import Desk
from bridge.errors import NotFound, StoreError

log = structlog.get_logger(__name__)

FILE_SECONDS = 15.0
_OVERLAP = timedelta(hours=1)
"""How far behind the last look a look reaches: a case may be committed late."""


@dataclass
class Filing:
    """Issues the papers of archived cases; at first of all of them, later of those changed since the last look."""

    desk: Desk
    kinds: Collection[DocumentKind]
    _looked_at: datetime | None = None
    _seen: set[str] = field(default_factory=set)

    async def step(self) -> int:
        """File what was archived; returns how many cases got papers. Raises StoreError."""
        if not self.kinds:
            return 0
        runtime, filed = self.desk.runtime, 0
        since, now = self._looked_at, runtime.now()
        waiting = await runtime.store.read(lambda tx: runtime.store.documents.unfiled(tx, since))
        for case_id in waiting:
            if case_id not in self._seen:
                filed += await self._file(case_id)
                self._seen.add(case_id)
        self._looked_at = now - _OVERLAP
        return filed

    async def _file(self, case_id: str) -> bool:
        """Issue one case's papers; a template that cannot be used holds up no other case."""
        try:
            issued = await self.desk.file(case_id, self.kinds, SYSTEM)
        except StoreError:
            raise
        except NotFound:
            return False
        except Exception:
            log.exception("documents.not_filed", case_id=case_id)
            return False
        log.info("documents.filed", case_id=case_id, documents=len(issued))
        return True
