"""The nouns of the ledger and their states, as frozen values: one module each.

Owns: Ticket, Case, Assignment, Opinion, Deadline, Message, Event. Must not: read a clock, touch a store, know a wire format.

Instants end in ``_at`` and are aware UTC. Everything in ``*Body`` classes may be personal and is sealed at rest.
"""
