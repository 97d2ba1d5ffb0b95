"""What a terminal shows: findings, answers of queries, diagnoses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jixiao.excel.setup.doctor import Diagnosis
    from jixiao.filing import Filing
    from jixiao.findings import Finding
    from jixiao.treasury.keeping.query import Answer


_COLOURS = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def print_findings(path: Path, filing: Filing, findings: Sequence[Finding]) -> None:
    """A table for people, coloured on a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from jixiao.findings import SEVERITY_NAMES, status

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    verdict = status(findings)
    counts = "，".join(
        f"{name} {count}"
        for key, name in SEVERITY_NAMES.items()
        if (count := sum(f.severity == key for f in findings))
    )
    colour = {"未通过": "bold red", "待说明": "yellow", "通过": "bold green"}[verdict]
    console.print()
    console.print(
        Text.assemble(
            (path.name, "bold"),
            f"  {filing.unit or '（未填单位名称）'}  {filing.year} 年度  ",
            (verdict, colour),
        )
    )
    if not findings:
        console.print("没有发现问题。")
        return
    table = Table(title=None, show_lines=False, expand=False, header_style="bold")
    table.add_column("序号", justify="right", no_wrap=True)
    table.add_column("级别", no_wrap=True)
    table.add_column("规则", no_wrap=True)
    table.add_column("位置", no_wrap=True)
    table.add_column("问题与修改建议", overflow="fold")
    for number, finding in enumerate(findings, 1):
        text = Text(finding.message)
        text.append(f"\n→ {finding.fix}", style="dim")
        if finding.explanation:
            text.append(f"\n说明：{finding.explanation}", style="green")
        place = f"{finding.sheet}!{finding.cell}" if finding.cell else finding.sheet
        table.add_row(
            str(number),
            Text(SEVERITY_NAMES[finding.severity], style=_COLOURS[finding.severity]),
            finding.rule.id,
            place,
            text,
        )
    console.print(table)
    console.print(f"共 {len(findings)} 条：{counts}。")


#: Rows of an answer on the screen.
SHOWN_ROWS = 1000


def print_answer(answer: Answer) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from jixiao.treasury.keeping.query import table, visible

    rows, more = table(answer, SHOWN_ROWS)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=max(140, 20 * len(answer.columns)))
    shown = Table(show_lines=False, expand=False, header_style="bold")
    for name in answer.columns:
        shown.add_column(Text(visible(name)), overflow="fold")
    for row in rows:
        shown.add_row(*map(Text, row))
    console.print(shown)
    if more:
        print(f"只显示前 {SHOWN_ROWS} 行；要全部结果，请加 --csv 文件名。")
    else:
        print(f"共 {len(rows)} 行。")


_STATE_COLOURS = {"良好": "green", "注意": "yellow", "故障": "bold red"}


def print_diagnoses(diagnoses: Sequence[Diagnosis], repaired: int) -> None:
    """A table of all checks, then one line for each thing to do."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    table = Table(show_lines=False, expand=False, header_style="bold")
    table.add_column("检查项目", no_wrap=True)
    table.add_column("结果", no_wrap=True)
    table.add_column("情况", overflow="fold")
    for diagnosis in diagnoses:
        state = Text(diagnosis.state, style=_STATE_COLOURS[diagnosis.state])
        table.add_row(diagnosis.name, state, diagnosis.cause)
    console.print(table)
    if repaired:
        print(f"已修复 {repaired} 处，上面是修复后的情况。")
    todo = [diagnosis for diagnosis in diagnoses if diagnosis.remedy]
    for number, diagnosis in enumerate(todo, 1):
        print(f"{number}. {diagnosis.name}：{diagnosis.remedy}")
    if any(diagnosis.repair for diagnosis in todo):
        print(
            "其中有的可以自动修复：请关闭 Excel，再运行 jixiao doctor --repair；用离线安装包的，重新双击 install.cmd。"
        )
    if not todo:
        print("一切正常。")
