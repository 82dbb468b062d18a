"""The second opinion may ask a further unit, and says so; it asks nothing where a person or a consultation decides."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.core.assessment import Assessment
from bridge.core.model.ticket import TicketBody
from bridge.core.policy import TicketFacts
from bridge.core.vocabulary import ProcedureId, TicketKind
from bridge.rules.compile import CompiledRules
from bridge.rules.explain import explanation, page
from bridge.rules.learn import learn, read_examples
from bridge.rules.route import route_facts
from bridge.rules.second_opinion import SecondOpinion, parse, render

LATE_FEE = "公司晚交了社保,被加收滞纳金,要求核减。"
LATE = TicketFacts(
    TicketKind.COMPLAINT, "hotline", "hotline_12345", datetime(2026, 1, 5, 1, tzinfo=UTC), TicketBody(content=LATE_FEE)
)
MODEL = SecondOpinion(
    ("late_fee", "out"),
    (0.5, -0.5, -0.2, -0.2, 0.6, -0.6, -0.4, 0.9),
    {"晚交": (1.0, 0.0, 0.0, 0.0, 0.0, 0.4, 0.3, 0.0, 0.1)},
    leads=("hrss", "medical", "tax"),
    asked=("also_hrss", "also_medical", "also_tax"),
    facets={"late_fee": {"also_hrss": 0.4, "also_medical": 0.2, "also_tax": 0.4}},
)


@pytest.fixture(scope="module")
def asking(shipped: CompiledRules) -> CompiledRules:
    """The shipped rules, beside which an opinion would have asked the agency for every late fee."""
    return shipped.with_opinion(MODEL).prepare()


def late(rules: CompiledRules, **changes: object) -> Assessment:
    return rules.assess(replace(LATE, **changes))  # type: ignore[arg-type]


def test_a_unit_is_added_to_the_routes_own(asking: CompiledRules) -> None:
    made = late(asking)
    assert made.route.lead == "tax"
    assert made.route.co_units == ("hrss",)
    assert made.route.procedure is ProcedureId.JOINT_GENERAL
    assert "also_hrss" in made.classification.flags
    assert not {"also_tax", "also_medical"} & {*made.classification.flags}


def test_it_says_that_the_second_opinion_asked_and_why(asking: CompiledRules) -> None:
    told = explanation(asking, LATE)
    assert told["also_asked"] == [{"unit": "hrss", "flag": "also_hrss", "matched": "晚交"}]
    assert "联办人社局是第二意见加的(also_hrss):以往同类的事也请它  “晚交”" in page(asking, told)


def test_a_consultation_asks_nobody_else(asking: CompiledRules) -> None:
    made = late(asking, kind=TicketKind.CONSULT)
    assert made.route.co_units == ()
    assert "also_hrss" not in made.classification.flags


def test_what_was_asked_for_one_category_is_not_asked_for_the_category_a_person_chooses(asking: CompiledRules) -> None:
    known = route_facts(late(asking).classification, LATE)
    assert asking.route("late_fee", known).co_units == ()


def test_a_unit_that_leads_in_no_example_is_left_to_the_routes_own_word(asking: CompiledRules) -> None:
    routes = [entry.model_copy(update={"lead": "court"}) for entry in asking.document.routes]
    document = asking.document.model_copy(update={"routes": routes})
    made = late(CompiledRules(document, "own", MODEL))
    assert (made.route.lead, made.route.co_units) == ("court", ())


def test_a_document_that_does_not_know_the_flag_is_asked_nothing(asking: CompiledRules) -> None:
    rules = asking.document.rules
    flags = {name: text for name, text in rules.flags.items() if not name.startswith("also_")}
    document = asking.document.model_copy(update={"rules": rules.model_copy(update={"flags": flags})})
    assert late(CompiledRules(document, "own", MODEL)).route.co_units == ()


def test_the_border_is_the_documents(asking: CompiledRules) -> None:
    rules = asking.document.rules
    assert rules.second_opinion
    strict = rules.second_opinion.model_copy(update={"ask_border": 0.2})
    document = asking.document.model_copy(update={"rules": rules.model_copy(update={"second_opinion": strict})})
    assert late(CompiledRules(document, "own", MODEL)).route.co_units == ()


def test_whom_to_ask_is_learnt_from_the_examples_that_say_it(shipped: CompiledRules, tmp_path: Path) -> None:
    def row(name: str, text: str, units: list[str] | None) -> str:
        return json.dumps({"id": name, "text": text, "in_scope": True, "category": "late_fee", "units": units})

    delayed = [row(f"d{n}", f"第{n}家企业被加收滞纳金,人社审核拖了半个月才传过来。", ["tax", "hrss"]) for n in range(6)]
    plain = [row(f"p{n}", f"第{n}家企业忘了日子被加收滞纳金,想少交一点。", ["tax"]) for n in range(6)]
    silent = [row("s", "滞纳金怎么算。", None)]
    path = tmp_path / "examples.jsonl"
    path.write_text("\n".join([*delayed, *plain, *silent]), encoding="utf-8")
    model = parse(render(learn(read_examples(path, shipped))))
    assert (
        model.score("滞纳金,人社审核拖了").asked["also_hrss"] > model.score("滞纳金,忘了日子").asked["also_hrss"] + 0.5
    )
    assert {"late_fee", "late_fee/unknown", "late_fee/unknown_kind"} <= {*model.facets}


def test_examples_that_say_of_nobody_who_was_asked_teach_nobody(shipped: CompiledRules, tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    row = '{"id": "a", "text": "滞纳金", "in_scope": true, "category": "late_fee"}\n'
    path.write_text(row * 2, encoding="utf-8")
    model = learn(read_examples(path, shipped))
    assert model.asked == ()
    assert model.facets == {}
