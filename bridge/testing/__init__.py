"""Public fakes for tests of the bridge and of adapters: few, and real enough to be trusted.

Owns: what stands in for the outside world (time). Must not: imitate the bridge's own modules.
"""
