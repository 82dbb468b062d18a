"""The kit every adapter passes, ours and yours: subclass what fits and let pytest collect it.

    from bridge.testing.adapter_suite import HttpSuite

    class TestMyUnit(HttpSuite):
        adapter = MyUnit

        def keys(self, url):
            return {"url": url, "secrets": [SECRET]}

:class:`HttpSuite` for what is sent over HTTP, :class:`BodySuite` for what comes in over HTTP, :class:`FolderSuite` for a
counterpart that is a folder; an adapter may need several. Needs pytest and pytest-asyncio.
"""

from bridge.testing.adapter_suite.bodies import BodySuite
from bridge.testing.adapter_suite.counterpart import Counterpart, Heard
from bridge.testing.adapter_suite.folders import FolderSuite
from bridge.testing.adapter_suite.http import HttpSuite
from bridge.testing.adapter_suite.messages import CITIZEN, SECRET, message_to, ticket_body

__all__ = [
    "CITIZEN",
    "SECRET",
    "BodySuite",
    "Counterpart",
    "FolderSuite",
    "Heard",
    "HttpSuite",
    "message_to",
    "ticket_body",
]
