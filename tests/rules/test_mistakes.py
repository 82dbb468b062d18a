"""Every mistake an operator can make has its file, with the message they get."""

from pathlib import Path

import pytest
import yaml

from bridge.rules.load import check_text

MISTAKES = sorted((Path(__file__).parent / "mistakes").glob("*.yaml"))


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_mistake_is_told(path: Path, base_text: str) -> None:
    fixture = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert fixture["find"] in base_text
    changed = base_text.replace(fixture["find"], fixture["put"], 1)
    assert [problem.located("rules.yaml") for problem in check_text(changed)] == fixture["expect"]


def test_there_are_forty_mistakes() -> None:
    assert len(MISTAKES) >= 40


def test_base_is_right(base_text: str) -> None:
    assert check_text(base_text) == []


def test_mistakes_of_every_kind_are_told_at_once(base_text: str) -> None:
    changed = (
        base_text.replace("医保局, contact_person: 联络员", "医保局")
        .replace("late_fee, lead: tax", "late_fee, lead: taxx")
        .replace("amount: 15", "amount: 十五")
        .replace("{flags: [penalty]}", "{flags: [penaty]}")
    )
    told = "\n".join(problem.located("rules.yaml") for problem in check_text(changed))
    for part in (
        "缺少必填项“contact_person”",
        "没有单位“taxx”;是不是“tax”",
        "应为整数,现在是“十五”",
        "没有标记“penaty”",
    ):
        assert part in told
