"""Chinese in and out in any locale: the words typed, the names of files, what is printed.

Owns: a locale or a terminal that has no Chinese (``LC_ALL=POSIX`` without Python's UTF-8 mode, ``LANG=en_US``), and a
character that a GBK terminal lacks. Must not: print.
"""

from __future__ import annotations

import io
import os
import sys

_CHINESE = "社保"
_UTF8_MODE = "PYTHONUTF8"


def take_chinese() -> None:
    """See to it that this process reads and writes Chinese; in a locale without it the program starts again in UTF-8.

    Arguments and file names are decoded before any line of ours runs, so that no later setting would mend them.
    """
    if not _has_chinese(sys.getfilesystemencoding()) and os.environ.get(_UTF8_MODE) != "1":
        os.environ[_UTF8_MODE] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - the very program and words
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if _has_chinese(stream.encoding) else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def _has_chinese(encoding: str) -> bool:
    try:
        _CHINESE.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
