"""What is quick must say the same as what is plain: normal form, words, chains of words, the second opinion."""

from __future__ import annotations

import math
import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bridge.rules.compile import CompiledRules
from bridge.rules.matcher import Chain, Hits, Matcher, Span
from bridge.rules.normalise import Layout, Normaliser
from bridge.rules.second_opinion import grams_of, parse, shipped_text

WORDS = st.lists(st.text(alphabet="社保交退费", min_size=1, max_size=4), min_size=1, max_size=8)
TEXT = st.text(alphabet="社保交退费,。", max_size=60)
MODEL = parse(shipped_text())


def matcher_of(*concepts: list[str], whole: list[str]) -> tuple[Matcher, list[int]]:
    matcher = Matcher()
    numbers = [matcher.concept(words) for words in concepts]
    matcher.protect(whole)
    matcher.finish()
    return matcher, numbers


def occurrences(words: list[str], text: str) -> list[Span]:
    return sorted({found.span(1) for word in words for found in re.finditer(f"(?=({word}))", text)})


@given(words=WORDS, others=WORDS, whole=WORDS, text=TEXT)
def test_a_word_is_found_wherever_it_stands_outside_whole_words(
    words: list[str], others: list[str], whole: list[str], text: str
) -> None:
    matcher, (concept, _) = matcher_of(words, others, whole=whole)
    inside = {place for start, end in occurrences(whole, text) for place in range(start + 1, end)}
    plain = [span for span in occurrences(words, text) if not inside & {*span}]
    quick, naive = matcher.find(text), matcher.find_naive(text)
    assert quick.get(concept) == naive.get(concept) == plain
    assert quick.concepts == naive.concepts


def followed(span: Span, chain: Chain, hits: Hits, text: str) -> Span | None:
    """The next word of each concept, by looking at every one."""
    start, end = span
    stop = re.compile(r"[。!?;\n…]+")
    limit = min((match.end() for match in stop.finditer(text) if match.end() > start), default=len(text))
    for concept in chain.others:
        later = [each for each in hits.get(concept) if each[0] >= end]
        if not later or min(later)[0] > end + chain.gap or min(later)[1] > limit:
            return None
        end = min(later)[1]
    return start, end


@given(words=st.tuples(WORDS, WORDS, WORDS), gap=st.integers(0, 8), text=TEXT)
def test_a_chain_holds_where_every_word_follows_within_the_sentence(
    words: tuple[list[str], list[str], list[str]], gap: int, text: str
) -> None:
    matcher, (first, *others) = matcher_of(*words, whole=[])
    chain, hits = Chain(first, tuple(others), gap), matcher.find(text)
    plain = [span for one in hits.get(first) if (span := followed(one, chain, hits, text))]
    assert chain.find(hits, Layout(text, 0)) == plain


@given(text=st.text(alphabet="社保 ABcＡｃ①㎡險１,，\n\u3000\u200b\xa0é\u0301ﬁ", max_size=40))
def test_the_normal_form_is_unicodes_in_lower_case_without_spaces(text: str) -> None:
    plain = unicodedata.normalize("NFKC", text).lower().replace("險", "险")
    assert Normaliser({}, {}).word(text) == re.sub(r"[^\S\n]|\u200b", "", plain)


@given(text=st.text(alphabet="社保交退费单位不给,。", max_size=200))
def test_the_second_opinion_is_a_weighted_sum_of_its_sequences(text: str) -> None:
    counts = {gram: count for gram, count in grams_of(text).items() if gram in MODEL.weights}
    values = {gram: (1 + math.log(count)) * MODEL.weights[gram][0] for gram, count in counts.items()}
    length = math.hypot(*values.values()) or 1.0
    said = MODEL.score(text)
    heard = [*said.categories.values(), *said.leads.values(), *said.asked.values()]
    assert (*said.categories, *said.leads, *said.asked) == (*MODEL.classes, *MODEL.leads, *MODEL.asked)
    for place, value in enumerate(heard):
        plain = sum(each * MODEL.weights[gram][place + 1] for gram, each in values.items()) / length
        assert math.isclose(value, plain + MODEL.intercepts[place], abs_tol=0.02)


def test_only_possible_rules_are_tried(shipped: CompiledRules) -> None:
    reading = shipped.classifier.read("", "单位一直不给我交社保,我要求补缴养老保险")
    for rules in (shipped.classifier.evidence, shipped.classifier.scope):
        tried = {rule.id for rule, _, _ in rules.possible(reading)}
        held = {rule.id for rule, condition in rules.rules if condition.best(reading, condition.starts)}
        assert held
        assert held <= tried
