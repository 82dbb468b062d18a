"""Whole lives of the bridge on virtual time, each from one seed: the real pipeline, delivery and store.

Owns: what surrounds the real code (loop, clock, counterparts, faults, crashes) and what must hold in the
end. Must not: replace a module of the bridge, except the thread that the SQLite writer runs in.

``python -m bridge.testing.simulation SEED`` repeats a life and prints its trace.
"""

from bridge.testing.simulation.life import Life, simulate
from bridge.testing.simulation.verdict import Verdict

__all__ = ["Life", "Verdict", "simulate"]
