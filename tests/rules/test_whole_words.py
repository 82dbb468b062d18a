"""Proposed words are whole words, told from their pieces by how the characters hold together."""

from bridge.rules.suggest import PROPOSED_WORDS, _chosen
from bridge.rules.whole_words import WordEdges

INSIDE = [
    "单位说滞纳金加收有误，要求核减滞纳金。",
    "客户端故障，被加收滞纳金，请核实。",
    "会计反映滞纳金的计算不对，系统故障那天交不了。",
]
OUTSIDE = [
    "单位一直不给办理参保登记，要求核实。",
    "会计反映单位客户端登记不了，被退回。",
    "工资里扣了保险，可系统里查不到，要求单位办理。",
]


def test_pieces_of_a_word_and_words_of_others_are_not_proposed() -> None:
    edges = WordEdges(INSIDE + OUTSIDE)
    assert edges.is_word("滞纳金", INSIDE)
    assert not any(edges.is_word(piece, INSIDE) for piece in ("滞纳", "纳金", "金的", "收滞纳金"))
    proposed = _chosen(INSIDE, OUTSIDE, edges)
    assert {"滞纳金", "故障"} <= {*proposed}
    assert len(proposed) <= PROPOSED_WORDS
    assert not {"单位", "会计", "客户端", "纳金"} & {*proposed}
