"""Simulated counterparts: a hotline and the units, each a process of its own on loopback.

Owns: what the other side of the public contract does: push signed tickets and events, take pushes,
answer assignments with signed receipts, fail in the ways real systems fail. Must not: import anything
of the bridge; they know the contract (HTTP, signatures, message shapes) and nothing else, so that they
judge the daemon instead of agreeing with it.

``python -m bridge.testing.counterparts hotline|units --help`` says how one is started;
:mod:`bridge.testing.counterparts.control` starts and drives one from a test or the demo.
"""
