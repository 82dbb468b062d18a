"""Counterparts that leave files: their folders are polled, every file is taken once, nothing is lost on the way.

Owns: the loops of role ``feeds``. Must not: know a format (adapters do) or decide about a case. See ADR 0005.
"""
