"""Who works at the keyboard: the roles a token can carry.

Owns: the closed list. Must not: say what a role may do; the pipeline knows.
"""

from __future__ import annotations

from enum import StrEnum


class OperatorRole(StrEnum):
    """What a token may do. Source: the contract §3, operators."""

    OPERATOR = "operator"
    OFFICE = "office"
    LEADER = "leader"
    CLERK = "clerk"
    AUDITOR = "auditor"
    ADMIN = "admin"
