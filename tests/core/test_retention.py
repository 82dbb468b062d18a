"""How long the papers of a case are kept."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bridge.core.retention import Retention, retention_of
from bridge.core.vocabulary import ProcedureId


@dataclass(frozen=True)
class Stated:
    retention: Retention | None


@pytest.mark.parametrize(
    ("procedure", "stated", "expected"),
    [
        (ProcedureId.DIRECT, None, Retention.YEARS_10),
        (ProcedureId.TRANSFER, None, Retention.YEARS_10),
        (ProcedureId.JOINT_GENERAL, None, Retention.YEARS_30),
        (ProcedureId.JOINT_COMPLEX, None, Retention.PERMANENT),
        (ProcedureId.DIRECT, Retention.PERMANENT, Retention.PERMANENT),
        (None, None, Retention.YEARS_10),
    ],
)
def test_the_rules_say_else_the_procedure(
    procedure: ProcedureId | None, stated: Retention | None, expected: Retention
) -> None:
    procedures = {procedure: Stated(stated)} if procedure else {}
    assert retention_of(procedure, procedures) is expected


def test_a_procedure_the_rules_do_not_have_is_kept_as_usual() -> None:
    assert retention_of(ProcedureId.JOINT_COMPLEX, {}) is Retention.PERMANENT
