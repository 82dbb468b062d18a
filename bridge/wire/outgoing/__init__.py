"""What leaves us, as schemas for the other side: messages to units, pushes upstream, answers, what operators see.

Owns: the published shape of outgoing bodies (contract §3). The core composes them; a test holds them against these
models. Must not: be used to build a body.
"""
