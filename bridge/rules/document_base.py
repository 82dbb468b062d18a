"""What every part of the operators' document shares: strict models, identifiers, quoted dates and times.

Owns: the base model and the scalar types. Must not: know any section.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]{0,79}$")]
"""An id: small letters, digits, ``_`` and ``.``; starts with a letter."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"\S")]
"""A non-empty text in Chinese."""

Short = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]
"""A name, a title, a clause: one line."""

IsoDate = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
"""A quoted date, ``"2026-02-28"``."""

IsoMonth = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
"""A quoted month, ``"2023-12"``."""

ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A quoted time of day, ``"08:30"``."""

Instant = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$")]
"""A quoted instant with offset, ``"2026-02-28T09:30:00+08:00"``."""

Names = Annotated[list[Short], Field(default_factory=list)]
"""A list of names, clauses or words; empty by default."""


class Section(BaseModel):
    """A part of the document: unknown keys are errors, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
