"""Bars of what was reached against floor and goal, as SVG that any browser shows and any diff can read.

Owns: drawing. Must not: know where the figures come from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH, LABEL, ROW, PAD = 720, 300, 34, 12
_FONT = 'font-family="sans-serif" font-size="13"'


@dataclass(frozen=True)
class Bar:
    """One figure as a share of its goal; ``span`` are the worst and the best round, ``floor`` the least that must hold."""

    label: str
    value: float
    span: tuple[float, float]
    floor: float
    text: str


def drawn(title: str, bars: Sequence[Bar]) -> str:
    """Draw bars on one scale; 1 is the goal."""
    height = ROW * (len(bars) + 1) + 2 * PAD
    most = max([1.2, *(bar.span[1] for bar in bars)])
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{PAD}" y="{PAD + 14}" {_FONT} font-weight="bold">{title}</text>',
    ]
    for number, bar in enumerate(bars, start=1):
        lines += _row(bar, PAD + ROW * number, (WIDTH - LABEL - 90) / most)
    return "\n".join([*lines, "</svg>", ""])


def _row(bar: Bar, top: int, scale: float) -> Iterator[str]:
    middle, fill = top + ROW // 2, "#3a7d44" if bar.value >= bar.floor else "#b3402a"
    yield f'<text x="{PAD}" y="{middle + 4}" {_FONT}>{bar.label}</text>'
    yield f'<rect x="{LABEL}" y="{top + 6}" width="{bar.value * scale:.1f}" height="{ROW - 14}" fill="{fill}"/>'
    low, high = (LABEL + edge * scale for edge in bar.span)
    yield f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle - 1}" y2="{middle - 1}" stroke="black"/>'
    for share, dash in ((bar.floor, "3 3"), (1.0, "none")):
        place = f"{LABEL + share * scale:.1f}"
        yield f'<line x1="{place}" x2="{place}" y1="{top}" y2="{top + ROW}" stroke="#555" stroke-dasharray="{dash}"/>'
    yield f'<text x="{LABEL + max(bar.value, 1, bar.span[1]) * scale + 6:.1f}" y="{middle + 4}" {_FONT}>{bar.text}</text>'
