"""Repeat one life by its seed, or live many: ``python -m bridge.testing.simulation SEED [COUNT]``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bridge.rules.load import load_rules
from bridge.testing.counterparts.control import ROOT
from bridge.testing.simulation.ledger import make_template
from bridge.testing.simulation.life import simulate


def main(arguments: list[str]) -> int:
    """Print the trace of one life, or a line for each of many; 1 if anything was violated."""
    first, count = int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 1
    rules = load_rules(ROOT / "routing_rules.yaml").with_review(enabled=False)
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        template = make_template(Path(name))
        for seed in range(first, first + count):
            verdict = simulate(seed, rules, template, Path(name))
            shown = verdict.trace if count == 1 else ()
            told = (*shown, str(verdict), verdict.digest, str(dict(verdict.numbers)))
            sys.stdout.write("\n".join(told) + "\n")
            failed += bool(verdict.violations)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
