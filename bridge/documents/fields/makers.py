"""From a subject to its fields: one table.

Owns: which maker serves which kind, and who is hidden in it. Must not: word anything.
"""

from __future__ import annotations

from collections.abc import Callable

from bridge.core.documents import SECRECY, DocumentKind, Secrecy, Subject
from bridge.core.lifecycle import secrecy
from bridge.documents.fields import letters
from bridge.documents.fields.matter import Fields, Matter
from bridge.documents.fields.register import register

_MAKERS: dict[DocumentKind, Callable[[Matter, Subject], Fields]] = {
    DocumentKind.REGISTER: lambda matter, _subject: register(matter),
    DocumentKind.ASSIGNMENT: letters.assignment,
    DocumentKind.TRANSFER: letters.transfer,
    DocumentKind.OPINION: letters.opinion,
    DocumentKind.SUMMARY: letters.summary,
    DocumentKind.MINUTES: letters.minutes,
    DocumentKind.REPLY_PAYER: letters.reply_payer,
    DocumentKind.REPLY_OTHER: letters.reply_other,
}


def fields_of(matter: Matter, subject: Subject) -> Fields:
    """Return the fields of a document's full copy."""
    return _MAKERS[subject.kind](matter.blanked() if _is_hidden(matter, subject) else matter, subject)


def blanked_fields_of(matter: Matter, subject: Subject) -> Fields | None:
    """Return the fields of the copy for readers who may not know the petitioner; None where the full copy will do."""
    if SECRECY[subject.kind] is not Secrecy.FULL or not matter.work.case.confidential:
        return None
    return _MAKERS[subject.kind](matter.blanked(), subject)


def _is_hidden(matter: Matter, subject: Subject) -> bool:
    match SECRECY[subject.kind]:
        case Secrecy.NEVER:
            return True
        case Secrecy.FULL:
            return False
        case Secrecy.CIRCULATED:
            readers = [subject.unit] if subject.kind is DocumentKind.ASSIGNMENT else list(_units(matter))
            return any(secrecy.hides_petitioner(matter.work, unit) for unit in readers if unit)


def _units(matter: Matter) -> set[str]:
    return {assignment.unit for assignment in matter.work.assignments.values()} or {""}
