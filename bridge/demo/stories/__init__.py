"""The demo's stories, on one business clock from 2026-02-02 over Spring Festival to 2026-03-20.

Owns: the list of stories. Must not: play them. Names, firms and numbers are fictional.

Calendar: 2026-02-15 to 02-23 is Spring Festival; Saturday 02-14 and Saturday 02-28 are working days.
"""

from __future__ import annotations

from bridge.demo.stories import disputed, joint, petition, single, special
from bridge.demo.story import Story

OPENS = "02-02 09:00"
CLOSES = "03-20 12:00"
CRASHES = "02-13 12:00"
"""When the daemon is killed with -9 and started again; no story may notice."""

STORIES: tuple[Story, ...] = tuple(
    sorted(
        (*single.STORIES, *joint.STORIES, *disputed.STORIES, *petition.STORIES, *special.STORIES),
        key=lambda story: story.id,
    )
)
