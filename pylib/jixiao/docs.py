"""The generated pages of docs/: everything on them is declared beside the code it describes."""

from __future__ import annotations

from jixiao.measures import MEASURES, Measure, Parameter
from jixiao.quantity import COMPARATORS, QUANTITY_HELPERS

_HEAD = """\
# 测算函数

本页由 `jixiao docs` 从测算函数的声明生成，请勿手工修改。

每个测算函数只声明一次：表格里的公式（原生公式）、带宏工作簿里的 `JX_` 函数、审核规则里的同名函数和批量汇总，
算出来的是同一个数。小数一律四舍五入（`ROUND(ROUND(x,10),n)`），负数同样按绝对值进位。空白不等于 0；分母为 0
时结果是“不适用”，不是 100%。
"""

_KINDS = {
    "number": "数值",
    "text": "文字",
    "numbers": "数值，单元格或区域",
    "cells": "数值区域",
    "labels": "文字区域",
}


def functions_page() -> str:
    """docs/functions.md: one section per measure, then the helper cells that read 年度指标值 and 实际完成值."""
    return "\n".join([_HEAD, _index(), *map(_section, MEASURES.values()), _quantities()])


def _index() -> str:
    rows = [f"| [{m.name}](#{m.name}) | {m.title} | {m.explain} |" for m in MEASURES.values()]
    return "\n".join(["| 函数 | 名称 | 计算内容 |", "|---|---|---|", *rows, ""])


def _section(measure: Measure) -> str:
    names = "，".join(p.title + ("…" if p.variadic else "") for p in measure.parameters)
    return "\n".join(
        [
            f"## {measure.name}",
            "",
            f"**{measure.title}**：{measure.explain}",
            "",
            f"- 工作表函数：`JX_{measure.name.upper()}({names})`",
            "- 参数：" + "；".join(f"{p.title}（`{p.name}`，{_kind(p)}）" for p in measure.parameters),
            f"- 结果：{'文字' if measure.result == 'text' else '数值'}",
            f"- 空白与异常：{measure.blank}",
            f"- 依据：{measure.source}",
            "",
            "原生公式：",
            "",
            "```",
            "=" + measure.native(*(p.title for p in measure.parameters), helpers=_helper_names(measure)),
            "```",
            "",
        ]
    )


def _kind(parameter: Parameter) -> str:
    if parameter.quantity:
        return "指标值，如 ≥1.5万件"
    return _KINDS[parameter.kind] + ("，可有多个" if parameter.variadic else "")


def _helper_names(measure: Measure) -> dict[str, dict[str, str]]:
    return {
        p.name: {helper.name: f"{p.title}_{helper.name}" for helper in measure.helpers}
        for p in measure.parameters
        if p.quantity
    }


def _quantities() -> str:
    cells = {helper.name: helper.name for helper in QUANTITY_HELPERS}
    lines = [
        "## 指标值的读法",
        "",
        "年度指标值和实际完成值是文字。隐藏的辅助列逐步把它读成比较符号、数值和单位，下面依次列出"
        f"（`text` 是指标值所在单元格；direction 为 0 表示没有比较符号，1 到 5 依次是 {' '.join(COMPARATORS)}）。",
        "",
    ]
    for helper in QUANTITY_HELPERS:
        lines += [f"`{helper.name}`", "", "```", "=" + helper.native("text", cells), "```", ""]
    return "\n".join(lines)
