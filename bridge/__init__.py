"""The 12345 ticket bridge: takes in hotline tickets on social-insurance fee disputes and sees each one answered.

Owns the daemon, its rules, its store and its commands. Must not know any counterpart by name: what speaks to
an upstream or a unit is an adapter, found by its configured name.
"""

from importlib.metadata import version

__version__ = version("ticket-bridge")
