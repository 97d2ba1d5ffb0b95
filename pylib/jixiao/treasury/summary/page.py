"""The summary as one page: the figures and pictures of the workbook, for reading in a browser.

The page is one file without scripts, fonts, images or addresses of its own, so that it opens from a share without any
network; its policy forbids the browser to load or run anything, whatever a filing may have brought in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from jixiao.atomic import replacing
from jixiao.treasury.summary import svg
from jixiao.treasury.summary.figures import MOST_PROBLEMS, MOST_UNITS, Figures, UnitLine
from jixiao.treasury.summary.front import AMBER, BLUE, GREEN, kinds_of_figures, remarks
from jixiao.treasury.summary.links import Places
from jixiao.treasury.summary.reviews import RANKING

MOST_LINES = 1000
"""Units, files and the like that a page lists: a browser shows more only slowly, and the workbook has them all."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#f4f6f8;color:#222;font:14px/1.6 -apple-system,"Microsoft YaHei","PingFang SC","Noto Sans CJK SC",SimSun,sans-serif}
main{max-width:1180px;margin:0 auto;padding:24px 20px 60px}
h1{font-size:26px;margin:8px 0 2px;text-align:center;font-weight:600}
.sub{text-align:center;color:#666;margin:0 0 18px}
h2{font-size:17px;margin:0 0 12px;color:#2f5d8a;font-weight:600}
section{background:#fff;border:1px solid #e1e5ea;border-radius:8px;padding:18px 20px;margin:0 0 18px}
.remark{background:#fff8e6;border:1px solid #f0d9a0;border-radius:6px;padding:8px 14px;margin:0 0 12px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:10px;margin:0 0 12px}
.card{border:1px solid #e1e5ea;border-radius:6px;padding:8px 12px;text-align:center}
.card b{display:block;font-size:24px;line-height:1.4;font-weight:600}
.card span{color:#666}
.good b,td.good{color:#2e7d32}.wait b,td.wait{color:#b26b00}.bad b,td.bad{color:#c00000}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(460px,1fr));column-gap:18px}
svg{width:100%;height:auto;display:block}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid #e6e9ed;padding:5px 8px;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{background:#f2f4f7;font-weight:600;position:sticky;top:0;white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap}
td.c,th.c{text-align:center;white-space:nowrap}
tbody tr:hover{background:#f7fafc}
.note{color:#666;margin:8px 0 0}
@media print{body{background:#fff;font-size:11px}main{max-width:none;padding:0}section{border:0;padding:0;margin:0 0 14px}
.cards,.two section{break-inside:avoid}.two{grid-template-columns:1fr 1fr}th{position:static}thead{display:table-header-group}tr{break-inside:avoid}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}@page{size:A4;margin:14mm}}
"""
_CLASSES = {
    "通过": "good",
    "待说明": "wait",
    "未通过": "bad",
    "未报单位": "bad",
    "强制性问题": "bad",
    "核实性问题": "wait",
}
Head = tuple[str, str]


def write_page(path: Path, figures: Figures, title: str, workbook: str) -> None:
    """Write the page; it replaces ``path`` when it is complete.

    Args:
        path: where to.
        figures: what it shows.
        title: its heading.
        workbook: name of the workbook beside it, which has the long lists.

    Raises:
        OSError: it cannot be written.
    """
    data = page(figures, title, workbook, Places(path.parent)).encode("utf-8", "replace")
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def page(figures: Figures, title: str, workbook: str, places: Places) -> str:
    """The whole page as text."""
    names = "；".join(batch.title for batch in figures.batches)
    made = f"生成时间 {figures.made:%Y-%m-%d %H:%M}"
    body = [
        f"<h1>{_t(title)}</h1>",
        f'<p class="sub">{_t("　".join(filter(None, [made, names])))}</p>',
        *(f'<p class="remark">{_t(text)}</p>' for text in remarks(figures)),
        _counts(figures),
        _funds(figures),
        _pictures(figures),
        _missing(figures),
        _ranking(figures, workbook),
        _problems(figures),
        _beside(figures, places),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_t(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, body))
        + "\n</main>\n</body>\n</html>\n"
    )


def _t(text: str) -> str:
    """A text as the content of an element or an attribute, whatever it holds."""
    return svg.harmless(text)


def _money(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.2f}"


def _rate(value: float | str | None) -> str:
    return f"{value:.2%}" if isinstance(value, float) else value or ""


def _points(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


# ---------------------------------------------------------------------------------------------------------------- blocks


def _section(head: str, content: str) -> str:
    return f"<section><h2>{_t(head)}</h2>{content}</section>"


def _table(heads: Sequence[Head], rows: Iterable[Sequence[tuple[str, str] | str]]) -> str:
    """A table; a head is a text and the class of its column, a cell a text, or a text and a class of its own."""
    head = "".join(
        f'<th class="{kind}">{_t(name)}</th>' if kind else f"<th>{_t(name)}</th>" for name, kind in heads
    )
    lines = []
    for row in rows:
        cells = []
        for (_, kind), cell in zip(heads, row, strict=True):
            text, own = cell if isinstance(cell, tuple) else (cell, "")
            classes = " ".join(filter(None, [kind, own]))
            cells.append(f'<td class="{classes}">{_t(text)}</td>' if classes else f"<td>{_t(text)}</td>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def _more(count: int) -> str:
    if count <= MOST_LINES:
        return ""
    return f'<p class="note">共 {count} 行，这里只列前 {MOST_LINES} 行，全部见汇总工作簿。</p>'


def _counts(figures: Figures) -> str:
    severities = [(f"{name}问题" if name != "提示" else name, n) for name, n in figures.severities().items()]
    lines: list[Sequence[tuple[str, Any]]] = [
        kinds_of_figures(figures),
        [*figures.states().items(), *severities],
    ]
    cards = ""
    for line in lines:
        cells = []
        for name, value in line:
            text = (
                f"{value:.2f}"
                if isinstance(value, float)
                else f"{value:,}"
                if isinstance(value, int)
                else value
            )
            own = f" {_CLASSES[name]}" if value and name in _CLASSES else ""
            cells.append(f'<div class="card{own}"><span>{_t(name)}</span><b>{_t(text)}</b></div>')
        cards += f'<div class="cards">{"".join(cells)}</div>'
    return _section("报送和审核情况", cards)


def _funds(figures: Figures) -> str:
    if not figures.funds:
        return ""
    several = len(figures.batches) > 1
    heads = (
        ("表", ""),
        ("资金来源", ""),
        ("年初预算数", "n"),
        ("全年预算数", "n"),
        ("全年执行数", "n"),
        ("执行率", "n"),
    )
    rows = [
        (
            f"{line.batch.year}年 {line.sheet}" if several else line.sheet,
            line.source, _money(line.original), _money(line.budget), _money(line.spent), _rate(line.rate),
        )
        for line in figures.funds
    ]  # fmt: skip
    return _section("资金合计（万元，执行率按合计数计算）", _table(heads, rows))


def _pictures(figures: Figures) -> str:
    left, right = [], []
    if figures.average is not None:
        scores = [(name, float(count), str(count)) for name, count in figures.scores()]
        grades = "　".join(f"{name} {count} 家" for name, count in figures.grades().items())
        title = "得分分布（单位数）"
        left.append(_section(title, svg.columns(title, scores, BLUE) + f'<p class="note">{grades}</p>'))
    if slowest := figures.slowest():
        title = "各单位执行率" if figures.with_rate <= MOST_UNITS else f"执行率最低的 {len(slowest)} 家单位"
        rates = [(name, value, f"{value:.2%}") for name, value in slowest]
        right.append(_section(title, svg.bars(title, rates, GREEN)))
    if figures.problems:
        title = "最常见的问题（条数）"
        found = [(p.title, float(p.count), str(p.count)) for p in figures.problems[:MOST_PROBLEMS]]
        left.append(_section(title, svg.bars(title, found, AMBER)))
    sides = "".join(f"<div>{''.join(side)}</div>" for side in (left, right) if side)
    return f'<div class="two">{sides}</div>' if sides else ""


def _problems(figures: Figures) -> str:
    if not figures.problems:
        return ""
    heads = (("规则", ""), ("级别", "c"), ("问题", ""), ("条数", "n"), ("待处理", "n"), ("单位数", "n"))
    marks = {"强制性": "bad", "核实性": "wait"}
    rows = [
        (
            p.rule,
            (p.severity, marks.get(p.severity, "")),
            p.title,
            str(p.count),
            str(p.outstanding),
            str(p.units),
        )
        for p in figures.problems
    ]
    return _section("问题分布（按规则）", _table(heads, rows))


def _ranking(figures: Figures, workbook: str) -> str:
    if not figures.units:
        return ""
    heads = (
        ("单位代码", ""), ("单位名称", ""), ("审核状态", "c"), ("自评总分", "n"), ("等级", "c"), ("全年预算数", "n"),
        ("全年执行数", "n"), ("执行率", "n"), ("强制性", "n"), ("核实性", "n"), ("提示", "n"),
    )  # fmt: skip
    note = f'<p class="note">复核分、复核意见请在“{_t(workbook)}”的“{RANKING}”表中填写。</p>'
    lines = _table(heads, map(_line, figures.units[:MOST_LINES]))
    return _section("单位排名（按自评总分）", lines + _more(len(figures.units)) + note)


def _line(unit: UnitLine) -> Sequence[tuple[str, str] | str]:
    return (
        unit.code, unit.name, (unit.status, _CLASSES.get(unit.status, "")), _points(unit.score), unit.grade,
        _money(unit.budget), _money(unit.spent), _rate(unit.rate), str(unit.errors), str(unit.warnings), str(unit.infos),
    )  # fmt: skip


def _missing(figures: Figures) -> str:
    if not figures.missing:
        return ""
    heads = (("单位代码", ""), ("单位名称", ""), ("主管部门", ""))
    rows = [(each.unit.code, each.unit.name, each.department) for each in figures.missing[:MOST_LINES]]
    return _section(
        f"未报单位（{len(figures.missing)} 家）", _table(heads, rows) + _more(len(figures.missing))
    )


def _beside(figures: Figures, places: Places) -> str:
    if not figures.beside:
        return ""
    heads = (("情况", ""), ("单位", ""), ("文件", ""), ("原因和处理办法", ""))
    rows = [(b.kind, b.unit, places.name(b.source), b.reason) for b in figures.beside[:MOST_LINES]]
    return _section(
        f"未计入的文件（{len(figures.beside)} 个）", _table(heads, rows) + _more(len(figures.beside))
    )
