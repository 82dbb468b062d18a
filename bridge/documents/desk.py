"""Use cases: issue, list and read documents; each in one unit of work.

Owns: that a number, the bytes, the data and the line in the case's history are written together; who may read what.
Must not: decide what can be issued (``core.documents`` does). A document once issued never changes; where the case
has moved on, issuing again gives a new document with a new number.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from bridge.core.civil import SHANGHAI
from bridge.core.documents import DocumentKind, Subject, subjects
from bridge.core.lifecycle import recusal, secrecy
from bridge.core.lifecycle.work import Work
from bridge.core.model.event import Actor
from bridge.documents.fields import words
from bridge.documents.fields.makers import blanked_fields_of, fields_of
from bridge.documents.fields.matter import Fields, Matter, Office, PastEvent
from bridge.documents.shelf import Shelf
from bridge.documents.titles import TITLES, WORDS
from bridge.errors import Forbidden, NotFound
from bridge.pipeline.commit import load, write
from bridge.pipeline.operate import EVERY_ACTION_ROLES, READING_ROLES
from bridge.pipeline.runtime import Runtime
from bridge.settings import Settings
from bridge.store.documents import IssuedDocument
from bridge.store.writer import Tx

NUMBER = "泽社争{word}〔{year}〕{serial}号"
_SEES_PETITIONERS = frozenset({"operator", "office", "leader", "admin"})
_DRAWN = ("文号", "成文日期")


@dataclass(frozen=True)
class Desk:
    """The desk where documents are made; ``number`` is the form of a 文号 (word, year, serial)."""

    runtime: Runtime
    shelf: Shelf = field(default_factory=Shelf)
    office: Office = field(default_factory=Office)
    number: str = NUMBER

    async def issue(
        self, case_id: str, kind: DocumentKind | None, reference: str | None, actor: Actor
    ) -> list[IssuedDocument]:
        """Issue what a case can have of a kind (None: everything), and return those documents.

        One whose data has not changed since is returned as it was issued. Raises NotFound, Forbidden, TemplateRefused.
        """
        if actor.role not in EVERY_ACTION_ROLES:
            raise Forbidden(f"角色 {actor.role or '（无）'} 不能出具文书")

        kinds = list(DocumentKind) if kind is None else [kind]

        def unit(tx: Tx) -> list[IssuedDocument]:
            return self._issue(tx, case_id, kinds, reference, actor)

        self.shelf.prepare()
        return await self.runtime.store.write(unit, key=case_id, slow=True)

    async def file(self, case_id: str, kinds: Collection[DocumentKind], actor: Actor) -> list[IssuedDocument]:
        """Issue what an ended case can have of these kinds, without a person. Raises NotFound, TemplateRefused."""

        def unit(tx: Tx) -> list[IssuedDocument]:
            return self._issue(tx, case_id, kinds, None, actor)

        self.shelf.prepare()
        return await self.runtime.store.write(unit, key=case_id, slow=True)

    async def listed(self, case_id: str, actor: Actor, unit_id: str | None = None) -> list[IssuedDocument]:
        """List what this operator may read of a case's documents; ``unit_id`` bounds a clerk."""

        def unit(tx: Tx) -> list[IssuedDocument]:
            work = Work.on(load(tx, self.runtime, case_id), self.runtime.context(actor))
            _check_reader(work, actor, unit_id)
            found = self.runtime.store.documents.of_case(tx, case_id)
            return [document for document in found if unit_id is None or document.unit in (None, unit_id)]

        return await self.runtime.store.read(unit)

    async def read(
        self, case_id: str, document_id: str, actor: Actor, unit_id: str | None = None
    ) -> tuple[IssuedDocument, bytes]:
        """Return a document's bytes and record who read it. Raises NotFound, Forbidden."""

        def unit(tx: Tx) -> tuple[IssuedDocument, bytes]:
            return self._read(tx, case_id, document_id, actor, unit_id)

        return await self.runtime.store.write(unit, key=case_id)

    def _issue(
        self, tx: Tx, case_id: str, kinds: Collection[DocumentKind], reference: str | None, actor: Actor
    ) -> list[IssuedDocument]:
        before = load(tx, self.runtime, case_id)
        work = Work.on(before, self.runtime.context(actor, "documents"))
        history = self._history(tx, case_id)
        minutes = [event.seq for event in history if event.type == "minutes.recorded"]
        wanted = [s for s in subjects(work, minutes) if s.kind in kinds and reference in (None, s.reference)]
        if not wanted:
            raise NotFound("现在没有这种文书可以出具：请核对种类，或等案件办到那一步")
        standing = {(d.kind, d.subject): d for d in self.runtime.store.documents.of_case(tx, case_id)}
        numbers = {key: document.number for key, document in standing.items()}
        issued = []
        for subject in wanted:
            matter = Matter(work, self.office, history, numbers)
            known = standing.get((subject.kind.value, subject.reference))
            issued.append(self._unchanged(tx, matter, subject, known) or self._new(tx, matter, subject, actor))
        if work.events:
            write(tx, self.runtime, before, work.decision())
        return issued

    def _history(self, tx: Tx, case_id: str) -> list[PastEvent]:
        events = self.runtime.store.history.read(tx, case_id)
        return [PastEvent(event.seq, event.type, event.occurred_at, event.detail) for event in events]

    def _unchanged(
        self, tx: Tx, matter: Matter, subject: Subject, known: IssuedDocument | None
    ) -> IssuedDocument | None:
        if known is None:
            return None
        then = self.runtime.store.documents.fields(tx, known.id)
        same = {name: value for name, value in then.items() if name not in _DRAWN} == fields_of(matter, subject)
        return known if same else None

    def _new(self, tx: Tx, matter: Matter, subject: Subject, actor: Actor) -> IssuedDocument:
        work, documents = matter.work, self.runtime.store.documents
        year = work.now.astimezone(SHANGHAI).year
        template = self.shelf.template(subject.kind)
        serial = documents.draw(tx, subject.kind.value, year)
        number = self.number.format(word=WORDS[subject.kind], year=year, serial=serial)
        drawn = {"文号": number, "成文日期": words.day(work.now)}
        fields = {**fields_of(matter, subject), **drawn}

        def render(shown: Fields) -> bytes:
            return template.render(shown, title=TITLES[subject.kind], issued_at=work.now)

        content, hidden = render(fields), blanked_fields_of(matter, subject)
        document = IssuedDocument(
            id=f"{work.case.id}d{work.next_serial()}", case_id=work.case.id, kind=subject.kind.value,
            subject=subject.reference, unit=subject.unit, year=year, serial=serial, number=number,
            issued_at=work.now, issued_by=str(actor), template_sha256=template.sha256,
            sha256=hashlib.sha256(content).hexdigest(), size=len(content),
        )  # fmt: skip
        blanked = render({**hidden, **drawn}) if hidden is not None else None
        documents.add(tx, document, content=content, blanked=blanked, fields=fields)
        work.record(
            "document.issued", document=document.id, kind=document.kind, number=number, subject=document.subject,
            sha256=document.sha256,
        )  # fmt: skip
        return document

    def _read(
        self, tx: Tx, case_id: str, document_id: str, actor: Actor, unit_id: str | None
    ) -> tuple[IssuedDocument, bytes]:
        before = load(tx, self.runtime, case_id)
        work = Work.on(before, self.runtime.context(actor, "documents"))
        _check_reader(work, actor, unit_id)
        found = next((d for d in self.runtime.store.documents.of_case(tx, case_id) if d.id == document_id), None)
        if found is None:
            raise NotFound("本案件没有这份文书，请核对编号")
        if unit_id is not None and found.unit not in {None, unit_id}:
            raise Forbidden("经办员只能查看本单位的文书")
        blanked = _is_blanked_for(work, actor, unit_id)
        content = self.runtime.store.documents.content(tx, document_id, blanked=blanked)
        work.record("document.read", document=document_id, blanked=blanked)
        write(tx, self.runtime, before, work.decision())
        return found, content


def _is_blanked_for(work: Work, actor: Actor, unit_id: str | None) -> bool:
    """A clerk sees what the unit may see; an auditor checks the papers, not the people."""
    if unit_id is not None:
        return secrecy.hides_petitioner(work, unit_id)
    return work.case.confidential and actor.role not in _SEES_PETITIONERS


def _check_reader(work: Work, actor: Actor, unit_id: str | None) -> None:
    if actor.role not in READING_ROLES or (actor.role == "clerk" and unit_id is None):
        raise Forbidden(f"角色 {actor.role or '（无）'} 不能查看文书")
    if unit_id is not None and not _takes_part(work, unit_id):
        raise Forbidden("经办员只能查看本单位参与的案件")


def _takes_part(work: Work, unit_id: str) -> bool:
    """Tell whether a unit has an assignment or registered the matter, and does not stand aside wholly."""
    assigned = unit_id in {assignment.unit for assignment in work.assignments.values()}
    registered = f"counter.{unit_id}" in {ticket.feed for ticket in work.tickets.values()}
    return (assigned or registered) and not recusal.shuts_out(work, unit_id)


def desk_of(settings: Settings, runtime: Runtime) -> Desk:
    """Return the desk of these settings."""
    paper = settings.documents
    office = Office(paper.county, f"{paper.county}社会保险费征缴争议联合处置领导小组办公室")
    return Desk(runtime, Shelf(settings.templates), office, paper.number)


def view_of(document: IssuedDocument) -> dict[str, Any]:
    """Return a document as the interfaces show it."""
    return {
        "id": document.id,
        "kind": document.kind,
        "title": TITLES[DocumentKind(document.kind)],
        "number": document.number,
        "subject": document.subject,
        "unit": document.unit,
        "issued_at": document.issued_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "issued_by": document.issued_by,
        "sha256": document.sha256,
        "size": document.size,
        "name": f"{document.id}-{document.kind}.docx",
    }
