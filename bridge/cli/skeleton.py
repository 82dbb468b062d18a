"""The first text of a new adapter: it loads, passes lint and types, and says where to go on.

Owns: the skeletons. Must not: overwrite a file.
"""

from __future__ import annotations

import re
from pathlib import Path

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")

_HEAD = '''"""{title}: say here who the counterpart is and how it protects itself against duplicates."""

from __future__ import annotations

from bridge.adapter import (
{imports}
)


class {title}Config(SignedConfig):
    """``url`` is where messages are posted."""

    url: Address


class {title}({base}[{title}Config]):
    """Say here what happens to a message sent twice; :class:`Capabilities` must agree."""

    Config = {title}Config
    capabilities = Capabilities(idempotent=True)

    def __init__(self, config: {title}Config, context: AdapterContext) -> None:
        """Open nothing yet."""
        super().__init__(config, context)
        self._endpoint = SignedEndpoint(context.name, config, context.http, context.clock)

    def verify(self, request: InboundRequest) -> str:
        """Check the signature of a request that came in."""
        return self._endpoint.verify(request.headers, request.body)

    async def {verb}(self, message: OutboundMessage) -> None:
        """Make one attempt to send a message under its stable key."""
        await self._endpoint.post(self.config.url, message.key, message.payload)
'''

_IMPORTS = (
    "AdapterContext", "Address", "Capabilities", "InboundRequest", "OutboundMessage", "SignedConfig", "SignedEndpoint",
)  # fmt: skip
KINDS = {"unit": ("UnitAdapter", "dispatch"), "feed": ("FeedAdapter", "push")}


def is_name(name: str) -> bool:
    """Tell whether a name can be an adapter's."""
    return _NAME.fullmatch(name) is not None


def write_skeleton(folder: Path, name: str, kind: str) -> Path:
    """Write ``<folder>/<name>.py`` and return it. Raises FileExistsError, and overwrites nothing."""
    base, verb = KINDS[kind]
    title = "".join(part.capitalize() for part in name.split("_"))
    imports = "\n".join(f"    {each}," for each in sorted((*_IMPORTS, base)))
    path = folder / f"{name}.py"
    with path.open("x", encoding="utf-8") as file:
        file.write(_HEAD.format(title=title, base=base, verb=verb, imports=imports))
    return path
