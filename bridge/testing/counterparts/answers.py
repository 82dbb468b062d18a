"""What an automatic unit writes when it owes something.

Owns: the receipts of a unit that does its duty. Must not: know cases; every text is made up.
"""

from __future__ import annotations

from bridge.testing.counterparts.ledger import Json

IN_ORDER = ("signed", "opinion", "consolidated")
"""Receipts a unit can owe, in the order in which it gives them."""


def receipt(kind: str, *, unit: str, role: str, serial: int) -> Json:
    """Return the body of a receipt; ``serial`` makes every opinion's text different from the last one's."""
    if kind == "signed":
        return {"type": "signed", "signed_by": "经办人"}
    return {"type": kind, "conclusion": "answered", "signed_by": "经办人", **_words(kind, unit, role, serial)}


def _words(kind: str, unit: str, role: str, serial: int) -> Json:
    """Return the text of an opinion and what belongs to it in the lead's mouth."""
    head = "综合各单位意见,处理意见如下" if kind == "consolidated" else "经核查,意见如下"
    words: Json = {"text": f"{head}:所反映事项已核实,按规定办理({unit} 第{serial}稿)。"}
    if role == "lead":
        words["public_text"] = f"您反映的事项已办理,如有疑问请与承办单位联系(第{serial}稿)。"
        words["other_side"] = {"not_applicable": "咨询解释类,无须告知对方"}
    return words
