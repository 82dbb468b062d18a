"""Papers issue themselves when a case is archived, so that its dossier is whole without anybody thinking of it.

Owns: finding archived cases whose papers were not issued yet, one after the other. Must not: decide what a case can have.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bridge.core.documents import DocumentKind
from bridge.core.model.event import SYSTEM
from bridge.documents.desk import Desk
from bridge.errors import NotFound, StoreError

log = structlog.get_logger(__name__)

FILE_SECONDS = 15.0
CASES_AT_ONCE = 10
"""Papers of so many cases are made in a row: the intake waits for each."""
_OVERLAP = timedelta(hours=1)
"""How far behind the last look a look reaches: a case may be committed late."""


@dataclass
class Filing:
    """Issues the papers of archived cases, a few at a step: at first of all of them, later of those changed since then."""

    desk: Desk
    kinds: Collection[DocumentKind]
    _since: datetime | None = None
    _after: str = ""
    _began_at: datetime | None = None

    async def step(self) -> int:
        """File what was archived; returns how many cases got papers. Raises StoreError."""
        if not self.kinds:
            return 0
        runtime = self.desk.runtime
        self._began_at = self._began_at or runtime.now()
        since, after = self._since, self._after
        waiting = await runtime.store.read(lambda tx: runtime.store.documents.unfiled(tx, since, after, CASES_AT_ONCE))
        filed = sum([await self._file(case_id) for case_id in waiting])
        if len(waiting) == CASES_AT_ONCE:
            self._after = waiting[-1]
        else:
            self._since, self._after, self._began_at = self._began_at - _OVERLAP, "", None
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
