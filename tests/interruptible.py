"""Starting what Ctrl-C must end, even from a test run that ignores SIGINT itself: the background job of a script does."""

from __future__ import annotations

INTERRUPTIBLE = ("env", "--default-signal=INT")
"""Stands before a command: it runs in the same process, with SIGINT as a terminal leaves it."""
