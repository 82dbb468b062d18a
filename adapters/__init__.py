"""The adapters shipped with the bridge: one file per counterpart's protocol.

Each may import ``bridge.adapter`` and nothing else of the bridge, and the bridge imports none of them:
they are found by name through the registry. Must not decide anything about a ticket.
"""
