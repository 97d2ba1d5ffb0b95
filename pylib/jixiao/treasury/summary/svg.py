"""Bar charts as SVG for a page: drawn from figures, with every text escaped, and nothing that loads or runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from jixiao.books.making.heights import half_widths

_FONT = 'font-family="-apple-system,Microsoft YaHei,PingFang SC,Noto Sans CJK SC,SimSun,sans-serif"'
_GREY, _DARK = "#d0d7de", "#333333"
_SPACES = {"\u3000": "\u3000", "\n": " ", "\r": " ", "\t": " "}
Bar = tuple[str, float, str]
"""A bar: its label, its length, and the figure that is written at it."""


def bars(title: str, rows: Sequence[Bar], colour: str, width: int = 640) -> str:
    """Bars lying one below the other; labels on the left, figures behind the bars."""
    line, top, label = 26, 8, 200
    most = max((value for _, value, _ in rows), default=0.0)
    room = width - label - 84
    parts = []
    for k, (name, value, figure) in enumerate(rows):
        y = top + k * line
        long = room * value / most if most > 0 and value > 0 else 0.0
        parts.append(
            f"<g><title>{harmless(name)}：{harmless(figure)}</title>"
            f'<text x="{label - 10}" y="{y + 17}" text-anchor="end" fill="{_DARK}">{harmless(shortened(name, 26))}</text>'
            f'<rect x="{label}" y="{y + 4}" width="{long:.1f}" height="{line - 9}" rx="2" fill="{colour}"/>'
            f'<text x="{label + long + 7:.1f}" y="{y + 17}" fill="{_DARK}">{harmless(figure)}</text></g>'
        )
    height = top * 2 + line * len(rows)
    axis = f'<line x1="{label}" y1="{top}" x2="{label}" y2="{height - top}" stroke="{_GREY}"/>'
    return _picture(title, width, height, "".join(parts) + axis)


def columns(title: str, rows: Sequence[Bar], colour: str, width: int = 640, height: int = 280) -> str:
    """Bars standing side by side; labels below, figures above the bars."""
    top, foot, edge = 26, 34, 16
    most = max((value for _, value, _ in rows), default=0.0)
    step = (width - 2 * edge) / max(1, len(rows))
    room = height - top - foot
    parts = []
    for k, (name, value, figure) in enumerate(rows):
        high = room * value / most if most > 0 and value > 0 else 0.0
        x, middle = edge + k * step + step * 0.18, edge + (k + 0.5) * step
        y = height - foot - high
        parts.append(
            f"<g><title>{harmless(name)}：{harmless(figure)}</title>"
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{step * 0.64:.1f}" height="{high:.1f}" rx="2" fill="{colour}"/>'
            f'<text x="{middle:.1f}" y="{y - 7:.1f}" text-anchor="middle" fill="{_DARK}">{harmless(figure)}</text>'
            f'<text x="{middle:.1f}" y="{height - foot + 20}" text-anchor="middle" fill="{_DARK}">{harmless(name)}</text></g>'
        )
    base = height - foot
    axis = f'<line x1="{edge}" y1="{base}" x2="{width - edge}" y2="{base}" stroke="{_GREY}"/>'
    return _picture(title, width, height, "".join(parts) + axis)


def _picture(title: str, width: int, height: int, content: str) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{harmless(title)}" font-size="13" {_FONT}>{content}</svg>'


def shortened(text: str, room: int) -> str:
    """A text that takes at most so many half widths.

    >>> shortened("衡山县市场监督管理局", 12), shortened("乙局", 12)
    ('衡山县市场…', '乙局')
    """
    text = text[: room + 1]  # no character is narrower than a half width
    if half_widths(text) <= room:
        return text
    while text and half_widths(text) > room - 2:
        text = text[:-1]
    return text + "…"


def harmless(text: str) -> str:
    r"""A text as the content of an element or an attribute, whatever it holds.

    >>> harmless("<b>&\"'\x1b\n")
    '&lt;b&gt;&amp;&quot;&#x27;\ufffd '
    """
    return escape("".join(_SPACES.get(c, c) if c.isprintable() or c in _SPACES else "\ufffd" for c in text))
