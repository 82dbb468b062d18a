"""The closed word lists that the contract fixes; stored and shown as they read.

Source: contract sections 3 to 6.
"""

from __future__ import annotations

from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING


class Word(StrEnum):
    """A word of a closed list; its ``value`` is read directly (the enum module's own takes five times as long)."""

    if not TYPE_CHECKING:  # a type checker would take it for one of the words
        value = property(attrgetter("_value_"))


class TicketKind(Word):
    """What the citizen wants; decides whether a reply form and an objection window apply."""

    CONSULT = "consult"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"


class Urgency(Word):
    """The upstream's own urgency mark."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


class PartyRole(Word):
    """Who the petitioner is in the dispute."""

    EMPLOYEE = "employee"
    EMPLOYER = "employer"
    FLEXIBLE = "flexible"
    RESIDENT = "resident"
    AGENT = "agent"
    GROUP = "group"


class CounterpartyType(Word):
    """Whom the petitioner complains of."""

    EMPLOYER = "employer"
    AGENCY = "agency"
    PERSON = "person"


class Insurance(Word):
    """Insurance kinds; an empty list means not stated."""

    PENSION_EMPLOYEE = "pension_employee"
    PENSION_RESIDENT = "pension_resident"
    PENSION_INSTITUTION = "pension_institution"
    MEDICAL_EMPLOYEE = "medical_employee"
    MEDICAL_RESIDENT = "medical_resident"
    UNEMPLOYMENT = "unemployment"
    WORK_INJURY = "work_injury"
    MATERNITY = "maternity"
    LONG_TERM_CARE = "long_term_care"


class PeriodStage(Word):
    """Where the fee period lies relative to the reform of unified collection (R36)."""

    POST = "post"
    PRE = "pre"
    STRADDLE = "straddle"
    UNKNOWN = "unknown"


class ProcedureId(Word):
    """How a case is handled (policy 四(二))."""

    DIRECT = "direct"
    TRANSFER = "transfer"
    JOINT_GENERAL = "joint_general"
    JOINT_COMPLEX = "joint_complex"


class CaseState(Word):
    """States of a case; suspended and confidential are flags, not states."""

    TRIAGE = "triage"
    AWAITING_APPROVAL = "awaiting_approval"
    HANDLING = "handling"
    CONSOLIDATING = "consolidating"
    REPLYING = "replying"
    REPLIED = "replied"
    ARCHIVED = "archived"
    WITHDRAWN = "withdrawn"
    RETURNED_UPSTREAM = "returned_upstream"
    CLOSED_CONSULT = "closed_consult"
    CLOSED_REMEDY_TOLD = "closed_remedy_told"
    MERGED = "merged"


class TicketState(Word):
    """What we still owe the upstream for one ticket (internal; not part of the contract)."""

    OPEN = "open"
    REPLYING = "replying"
    REPLIED = "replied"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"


class AssignmentState(Word):
    """States of a unit's duty."""

    QUEUED = "queued"
    DISPATCHED = "dispatched"
    SIGNED = "signed"
    ANSWERED = "answered"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class OutboxState(Word):
    """States of an outgoing message."""

    READY = "ready"
    LEASED = "leased"
    DELIVERED = "delivered"
    PARKED = "parked"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"


class DeadlineKind(Word):
    """What a clock measures."""

    SIGN = "sign"
    RETURN = "return"
    ACCEPT_NOTICE = "accept_notice"
    INVITE = "invite"
    OPINION = "opinion"
    CONSOLIDATE = "consolidate"
    APPROVAL = "approval"
    MEETING = "meeting"
    REPLY = "reply"
    OBJECTION = "objection"


class DeadlineStatus(Word):
    """Status of a clock; ``cancelled`` is internal and never exported."""

    RUNNING = "running"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    MET = "met"
    MISSED = "missed"
    PROVISIONAL = "provisional"
    CANCELLED = "cancelled"


class Role(Word):
    """A unit's role in a case."""

    LEAD = "lead"
    CO = "co"


class ReceiptType(Word):
    """What a unit can send us about an assignment."""

    SIGNED = "signed"
    PROGRESS = "progress"
    TOLD = "told"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    INVITED = "invited"
    PROPOSED_COMPLEX = "proposed_complex"
    EXTENSION_REQUESTED = "extension_requested"
    OPINION = "opinion"
    CONSOLIDATED = "consolidated"


class Conclusion(Word):
    """What an opinion concludes."""

    SUBSTANTIATED = "substantiated"
    PARTLY = "partly"
    UNSUBSTANTIATED = "unsubstantiated"
    NOT_IN_SCOPE = "not_in_scope"
    ANSWERED = "answered"
    NO_COMMENT = "no_comment"


class ReturnReason(Word):
    """Why a unit returns an assignment (退单)."""

    NOT_OUR_DUTY = "not_our_duty"
    WRONG_REGION = "wrong_region"
    OUT_OF_SCOPE = "out_of_scope"
    DUPLICATE = "duplicate"
    IN_PROCEEDINGS = "in_proceedings"
    INSUFFICIENT_INFORMATION = "insufficient_information"
    OTHER = "other"


class UrgeLevel(Word):
    """催办, 督办, 通报."""

    URGE = "urge"
    SUPERVISE = "supervise"
    CRITICISE = "criticise"


class LinkKind(Word):
    """Proceedings that a matter may already be in (A11)."""

    PETITION = "petition"
    ARBITRATION = "arbitration"
    LITIGATION = "litigation"
    RECONSIDERATION = "reconsideration"
    MEDIATION = "mediation"
    JUDICIAL_CONFIRMATION = "judicial_confirmation"
    INSPECTION = "inspection"
    OTHER = "other"


class Side(Word):
    """The two sides of a dispute (R29)."""

    PAYER = "payer"
    OTHER_SIDE = "other_side"


class Party(Word):
    """Whose satisfaction counts (R2): both sides of the dispute, and the local government."""

    PAYER = "payer"
    OTHER_SIDE = "other_side"
    GOVERNMENT = "government"


class SideStatus(Word):
    """Whether a side was told what came of the dispute."""

    PENDING = "pending"
    TOLD = "told"
    NOT_APPLICABLE = "not_applicable"


class NoticeKind(Word):
    """What the payer is told before the answer: whom to reach after a transfer (R23), that more time was given."""

    TRANSFER = "transfer"
    EXTENSION = "extension"


class NoticeReason(Word):
    """Why the coordinators of a unit are named in a message to it (R33)."""

    ASSIGNED = "assigned"
    CO_HANDLED = "co_handled"
    OVERDUE = "overdue"
    URGED = "urged"
    SUPERVISED = "supervised"
    CRITICISED = "criticised"


class PartDisposal(Word):
    """Where a matter of a mixed ticket goes (A12): stays, back upstream, or into a case of its own."""

    HERE = "here"
    OUTSIDE = "outside"
    APART = "apart"


class MessageType(Word):
    """Every message that can leave the process."""

    ASSIGNMENT_DISPATCHED = "assignment.dispatched"
    ASSIGNMENT_REMINDER = "assignment.reminder"
    ASSIGNMENT_ESCALATED = "assignment.escalated"
    ASSIGNMENT_WITHDRAWN = "assignment.withdrawn"
    CASE_UPDATED = "case.updated"
    TICKET_ASSIGNED = "ticket.assigned"
    TICKET_TRANSFERRED = "ticket.transferred"
    TICKET_ACCEPTED = "ticket.accepted"
    TICKET_PROGRESS = "ticket.progress"
    TICKET_EXTENSION_REQUESTED = "ticket.extension_requested"
    TICKET_REPLIED = "ticket.replied"
    TICKET_RETURNED = "ticket.returned"
    TICKET_WITHDRAWN = "ticket.withdrawn"


LEADING_OFFICE = "leading_office"
"""领导小组办公室: approves, designates, is notified; owes no opinion (R4)."""

OPEN_CASE_STATES = frozenset(
    {
        CaseState.TRIAGE,
        CaseState.AWAITING_APPROVAL,
        CaseState.HANDLING,
        CaseState.CONSOLIDATING,
        CaseState.REPLYING,
    }
)
"""States in which somebody still owes something before the reply."""
