"""The generated pages of docs/: everything on them is declared beside the code it describes."""

from __future__ import annotations

from collections.abc import Iterable

from jixiao.declarations import Catalogue, Parameter, Rule
from jixiao.expression import Expression
from jixiao.findings import SEVERITY_NAMES
from jixiao.functions import FUNCTIONS
from jixiao.measures import MEASURES, Measure
from jixiao.quantity import COMPARATORS, QUANTITY_HELPERS


def pages(catalogue: Catalogue) -> dict[str, str]:
    """The generated pages by file name below docs/."""
    return {"rules.md": rules_page(catalogue), "functions.md": functions_page()}


# --- rules --------------------------------------------------------------------------------------------------

_RULES_HEAD = """\
# 审核规则

本页由 `jixiao docs` 从 workbook_templates/rules 的声明生成，请勿手工修改。怎样增加规则见《[增加规则](增加规则.md)》。

级别：**强制性**问题必须改正；**核实性**问题可以写说明；**提示**只供参考。表达式中的名称是表样里的数据项，
`表.列` 是指标表等重复行的一列；操作数空白的规则不适用。比较时先按原值，不成立再按四舍五入的可能区间（精确规则除外）。
"""


def rules_page(catalogue: Catalogue) -> str:
    """docs/rules.md: every rule with its expression, its source and what silences it, then the parameters."""
    index = [
        f"| [{rule.id}](#{rule.id.lower()}) | {rule.title} | {SEVERITY_NAMES[rule.severity]} | {'、'.join(rule.forms)} |"
        for rule in catalogue.rules
    ]
    head = ["| 编号 | 名称 | 级别 | 适用的表 |", "|---|---|---|---|"]
    return "\n".join(
        [
            _RULES_HEAD,
            *head,
            *index,
            "",
            *map(_rule, catalogue.rules),
            *_parameters(catalogue.parameters.values()),
        ]
    )


def _rule(rule: Rule) -> str:
    lines = [
        ("级别", SEVERITY_NAMES[rule.severity]),
        ("适用", "、".join(rule.forms) + (f"，逐行/逐列（{rule.for_each}）" if rule.for_each else "")),
        ("重算", "、".join(f"`{code}`" for code in rule.recompute)),
        ("前提", _code(rule.when)),
        ("应当成立", _code(rule.check) or f"（程序判断：`{rule.predicate}`）"),
        ("比较", "精确" if rule.exact else ""),
        ("提示语", rule.message),
        ("修改建议", rule.fix),
        ("可由本行说明", rule.answered_by),
        ("让位于", "、".join(f"[{other}](#{other.lower()})" for other in rule.yields_to)),
        ("依据", str(rule.reference)),
        ("起用年度", str(rule.since)),
        ("不提示的情形", rule.note),
    ]
    return "\n".join(
        [f"## {rule.id}", "", f"**{rule.title}**", "", *(f"- {k}：{v}" for k, v in lines if v), ""]
    )


def _code(expression: Expression | None) -> str:
    return f"`{' '.join(expression.source.split())}`" if expression else ""


def _parameters(parameters: Iterable[Parameter]) -> list[str]:
    rows = [
        f"| {p.code} | {p.title} | {'；'.join(f'{since} 起 {value:g}' for since, value in p.values)} | {p.unit} | {p.reference} |"
        for p in parameters
    ]
    return ["## 参数", "", "| 名称 | 含义 | 数值 | 单位 | 依据 |", "|---|---|---|---|---|", *rows, ""]


# --- functions ----------------------------------------------------------------------------------------------

_HEAD = """\
# 测算函数

本页由 `jixiao docs` 从测算函数的声明生成，请勿手工修改。

每个测算函数只声明一次：表格里的公式（原生公式）、带宏工作簿里的 `JX_` 函数、审核规则里的同名函数和批量汇总，
算出来的是同一个数。小数一律四舍五入（`ROUND(ROUND(x,10),n)`），负数同样按绝对值进位。空白不等于 0；分母为 0
时结果是“不适用”，不是 100%。
"""


def functions_page() -> str:
    """docs/functions.md: one section per measure, then the helper cells that read 年度指标值 and 实际完成值."""
    return "\n".join([_HEAD, _index(), *map(_section, MEASURES.values()), _language(), _quantities()])


def _language() -> str:
    rows = [f"| `{function.usage}` | {function.doc} |" for function in FUNCTIONS.values()]
    head = ["## 规则中的其他函数", "", "| 写法 | 含义 |", "|---|---|"]
    return "\n".join([*head, *rows, ""])


def _index() -> str:
    rows = [f"| [{m.name}](#{m.name}) | {m.title} | {m.explain} |" for m in MEASURES.values()]
    return "\n".join(["| 函数 | 名称 | 计算内容 |", "|---|---|---|", *rows, ""])


def _section(measure: Measure) -> str:
    names = ", ".join(p.title + ("…" if p.variadic else "") for p in measure.parameters)
    return "\n".join(
        [
            f"## {measure.name}",
            "",
            f"**{measure.title}**：{measure.explain}",
            "",
            f"- 工作表函数：`{measure.worksheet_name}({names})`",
            "- 参数：" + "；".join(f"{p.title}（`{p.name}`，{p.describes}）" for p in measure.parameters),
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
