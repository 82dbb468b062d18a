"""``bridge doctor``: everything an installation needs, looked at one by one, each with its remedy.

Owns: the checks and their verdicts. Must not: change the ledger, send a message, or word a refusal of its own where
``bridge serve`` has one (:mod:`bridge.refusals`).
"""
