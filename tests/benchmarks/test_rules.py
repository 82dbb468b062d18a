"""The rules on their own: finding words, and the whole decision, beside the naive ways in the same run.

Rounds are interleaved, so the ratios mean something on a noisy machine; the absolute figures do not.
Nothing here asserts a time. ``make bench`` prints the table and writes ``build/bench/rules.json``.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.core.policy import TicketFacts
from bridge.rules.compile import CompiledRules
from bridge.rules.decision import facts_of_row
from bridge.rules.load import load_rules
from bridge.rules.matcher import Hits

ROOT = Path(__file__).parents[2]
ROUNDS = 3
REPORT = Path("build/bench/rules.json")
NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules() -> CompiledRules:
    """The rules that ship."""
    return load_rules(ROOT / "routing_rules.yaml").prepare()


@pytest.fixture(scope="module")
def tickets() -> list[TicketFacts]:
    """The shipped examples of a ticket's length: title and some sentences."""
    rows = map(json.loads, (ROOT / "examples" / "labelled.jsonl").read_text(encoding="utf-8").splitlines())
    return [facts_of_row(row, NOW) for row in rows if row.get("title")]


def per_second(work: Callable[[TicketFacts], object], tickets: Sequence[TicketFacts]) -> float:
    """Return how many tickets a second of this thread goes through."""
    began = time.thread_time()
    for ticket in tickets:
        work(ticket)
    return len(tickets) / (time.thread_time() - began)


def naive_of(rules: CompiledRules) -> Callable[[TicketFacts], int]:
    """Every rule on its own: ``in`` for a word, ``re`` for a chain of words with gaps."""
    section, normaliser = rules.document.rules, rules.classifier.normaliser
    words: list[str] = []
    chains: list[re.Pattern[str]] = []
    for rule in [*section.evidence, *section.scope, *section.insurance, *section.flag_rules]:
        for pattern in [*rule.any, *rule.all, *rule.none]:
            pieces = [_spelt(part, section.words, normaliser.word) for part in pattern.split("~")]
            if len(pieces) == 1:
                words += pieces[0]
            else:
                gaps = f"[^。!?;\\n]{{0,{rule.gap}}}?"
                chains.append(re.compile(gaps.join(f"(?:{'|'.join(map(re.escape, part))})" for part in pieces)))

    def judge(ticket: TicketFacts) -> int:
        text = normaliser.text(f"{ticket.body.title}\n{ticket.body.content}")
        return sum(word in text for word in words) + sum(chain.search(text) is not None for chain in chains)

    return judge


def _spelt(part: str, groups: dict[str, list[str]], normal: Callable[[str], str]) -> list[str]:
    if not part.startswith("<"):
        return [normal(part)]
    return [word for entry in groups[part.strip("<>")] for word in _spelt(entry, groups, normal)]


def test_the_rules_beside_the_naive_ways(rules: CompiledRules, tickets: list[TicketFacts]) -> None:
    classifier, naive = rules.classifier, naive_of(rules)
    texts = {id(one): classifier.normaliser.text(f"{one.body.title}\n{one.body.content}") for one in tickets}

    def found(hits: Hits) -> dict[int, list[tuple[int, int]]]:
        return {concept: hits.get(concept) for concept in hits.concepts}

    for ticket in tickets[:100]:
        text = texts[id(ticket)]
        assert found(classifier.matcher.find(text)) == found(classifier.matcher.find_naive(text))
    rounds = []
    for _ in range(ROUNDS):
        one = {
            "matching": per_second(lambda ticket: classifier.matcher.find(texts[id(ticket)]), tickets),
            "matching_naive": per_second(
                lambda ticket: classifier.matcher.find_naive(texts[id(ticket)]), tickets[:100]
            ),
            "decision": per_second(rules.assess, tickets),
            "decision_naive": per_second(naive, tickets[:100]),
        }
        rounds.append(one)
    report = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    report["characters"] = statistics.mean(map(len, texts.values()))
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps({"median": report, "rounds": rounds}, indent=2), encoding="utf-8")
    print(f"\n{len(tickets)} texts of {report['characters']:.0f} characters on average, per second of one core")
    for name in ("matching", "decision"):
        rate, limit = report[name], report[f"{name}_naive"]
        print(f"{name:<9} {rate:>8,.0f}/s · naive {limit:>7,.0f}/s · ratio {rate / limit:.1f}")
    assert all(value > 0 for each in rounds for value in each.values())
