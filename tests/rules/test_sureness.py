"""The second opinion on the lead: it asks for a person in words, and never changes where a ticket goes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge.core.model.ticket import TicketBody
from bridge.core.policy import TicketFacts
from bridge.core.vocabulary import TicketKind
from bridge.rules.compile import CompiledRules
from bridge.rules.explain import explanation, page
from bridge.rules.learn import Example, learn
from bridge.rules.second_opinion import OUT, Advice, SecondOpinion, parse, render
from bridge.rules.sureness import Sureness, of_lead

ARREARS = "单位扣了社保没有交,要求追缴。"


def facts(text: str) -> TicketFacts:
    return TicketFacts(
        TicketKind.COMPLAINT, "hotline", "hotline_12345", datetime(2026, 1, 5, 1, tzinfo=UTC), TicketBody(content=text)
    )


def advice(out: float = -1.0, **leads: float) -> Advice:
    return Advice({OUT: out}, leads, {})


@pytest.mark.parametrize(
    ("said", "preferred"),
    [
        (advice(tax=0.5, hrss=-0.6), "tax"),
        (advice(tax=-0.5, hrss=0.4), "hrss"),
        (advice(out=0.3, tax=-0.5, hrss=-0.6), OUT),
    ],
)
def test_it_names_whom_it_prefers(said: Advice, preferred: str) -> None:
    assert of_lead("tax", 0.99, said).preferred == preferred


def test_the_surer_both_are_the_surer_the_lead() -> None:
    shares = [
        of_lead("tax", share, advice(tax=value, hrss=0.0)).share for share in (0.6, 0.99) for value in (-0.5, 0.5)
    ]
    low, high, lower_rules, both = shares[0], shares[1], shares[2], shares[3]
    assert low < lower_rules < both
    assert low < high < both
    assert 0 < low < both < 1


def test_without_an_opinion_on_the_lead_the_rules_share_stands() -> None:
    assert of_lead("tax", 0.7, None) == of_lead("tax", 0.7, advice(hrss=0.4)) == Sureness(0.7)


def turned(model: SecondOpinion, lead: str) -> SecondOpinion:
    """The same model, which says of every text that it is this unit's matter."""
    first = len(model.classes)
    leads = tuple(9.0 if name == lead else -9.0 for name in model.leads)
    return replace(model, intercepts=(*model.intercepts[:first], *leads, *model.intercepts[first + len(leads) :]))


def test_it_asks_for_a_person_and_changes_nothing_else(shipped: CompiledRules) -> None:
    assert shipped.opinion is not None
    plain = shipped.assess(facts(ARREARS))
    told = shipped.with_opinion(turned(shipped.opinion, "medical")).assess(facts(ARREARS))
    assert not plain.classification.review
    assert told.classification.review
    assert told.classification.review_reason.endswith("规则派税务局,第二意见倾向医保局")
    assert told.route == plain.route
    assert replace(told.classification, review=False, review_reason="") == plain.classification


def test_a_model_that_learnt_no_leads_is_read_and_leaves_the_rules_their_share(shipped: CompiledRules) -> None:
    assert shipped.opinion is not None
    first = len(shipped.opinion.classes)
    old = replace(
        shipped.opinion,
        leads=(),
        asked=(),
        facets={},
        intercepts=shipped.opinion.intercepts[:first],
        weights={gram: row[: first + 1] for gram, row in shipped.opinion.weights.items()},
    )
    rules = shipped.with_opinion(parse(render(old)))
    assert rules.sureness(facts(ARREARS)).preferred is None
    assert rules.assess(facts(ARREARS)).route == shipped.assess(facts(ARREARS)).route


def test_explaining_says_how_sure_the_lead_is_and_who_is_preferred(shipped: CompiledRules) -> None:
    told = explanation(shipped, facts(ARREARS))
    assert told["lead_opinion"]["agrees"]
    assert told["lead_opinion"]["sureness"] >= shipped.document.review.min_confidence
    assert "第二意见倾向税务局(tax),与规则一致" in page(shipped, told)
    alone = explanation(shipped.with_opinion(None), facts(ARREARS))
    assert alone["lead_opinion"] is None


def test_a_lead_of_too_few_examples_is_not_learnt() -> None:
    texts = ["社保欠费没有交", "养老金没有发", "公积金没有交"]
    labels = [("inspection_arrears", "tax"), ("benefits", "hrss"), (OUT, None)]
    many = [Example(f"{turn}-{place}", text, *labels[place]) for turn in range(20) for place, text in enumerate(texts)]
    model = learn([*many, Example("x", "大病没有报", "benefits", "medical")])
    assert model.leads == ("hrss", "tax")
    assert max(model.score("养老金没有发").leads.items(), key=lambda one: one[1])[0] == "hrss"
