"""What a run of collecting found, in the words that the treasury reads on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jixiao.declarations import Catalogue
from jixiao.findings import SEVERITY_NAMES
from jixiao.treasury.collecting.choice import COPY, SUPERSEDED, UNDECIDED
from jixiao.treasury.collecting.collect import Collected
from jixiao.treasury.collecting.task import EDITED, OTHER_RULES
from jixiao.treasury.keeping.query import connect, visible
from jixiao.treasury.keeping.store import Store
from jixiao.treasury.progress import duration

if TYPE_CHECKING:
    from rich.console import Console

#: Lines of a list on the screen; the store has all of them.
_LISTED = 20
_RULES = 10
_REASONS = 3


class Overview:
    """The figures of a store after collecting."""

    def __init__(self, store: Store, catalogue: Catalogue) -> None:
        self._connection = connect(store, catalogue)
        self._rules = {rule.id: rule.title for rule in catalogue.rules}
        self.filings = self._one("SELECT count(*) FROM filings")
        self.failures = self._one("SELECT count(*) FROM failures")
        self.undecided = self._one("SELECT count(*) FROM filings WHERE role = $1", UNDECIDED)
        self.outstanding = self._one("SELECT count(*) FROM filings WHERE used AND status <> '通过'")

    def issued(self, package: str, year: int) -> bool:
        """Whether any filing is of this package and year."""
        return self._one("SELECT count(*) FROM filings WHERE package = $1 AND year = $2", package, year) > 0

    def _one(self, question: str, *values: Any) -> int:
        return int(self._all(question, *values)[0][0])

    def _all(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(question, list(values)).fetchall()

    def show(self, done: Collected, console: Console) -> None:
        """Print everything, from how many to which."""
        rate = f"，每秒 {done.read / done.seconds:.0f} 份" if done.read and done.seconds else ""
        kept = f"，{done.kept} 份没有变化、沿用上次结果" if done.kept else ""
        gone = f"，{done.forgotten} 份已不在、不再计入" if done.forgotten else ""
        others = f"另有 {done.others} 个其他类型的文件没有处理。" if done.others else ""
        console.print(
            f"找到 {done.sources} 份工作簿，审核 {done.read} 份{kept}{gone}，用时 {duration(done.seconds)}{rate}。{others}"
        )
        self._packages(console)
        self._seals(console)
        if self.failures > _LISTED:
            reasons = self._all(
                "SELECT cause, count(*) FROM failures GROUP BY cause ORDER BY count(*) DESC, cause LIMIT $1",
                _REASONS,
            )
            told = "；".join(f"{cause}（{count} 个）" for cause, count in reasons)
            console.print(f"有 {self.failures} 个文件不能审核，最多的是：{visible(told)}。", markup=False)
        self._list(
            console,
            "不能审核的文件",
            self._all("SELECT source, cause || '。' || remedy || '。' FROM failures ORDER BY source"),
        )
        self._list(
            console,
            "同一单位有多份，没有计入汇总，须核定",
            self._all(
                "SELECT source, unit || '：' || remark || '。' FROM filings WHERE role = $1 ORDER BY unit, source",
                UNDECIDED,
            ),
        )
        self._list(
            console,
            "同一单位有多份，没有采用的",
            self._all(
                "SELECT source, unit || '：' || remark || '。' FROM filings WHERE role = $1 ORDER BY unit, source",
                SUPERSEDED,
            ),
        )
        if copies := self._one("SELECT count(*) FROM filings WHERE role = $1", COPY):
            console.print(f"内容完全相同的副本 {copies} 份，没有重复计入。")
        self._list(
            console,
            "交来前审核过、之后又有变化的",
            self._all(
                "SELECT source, unit || '：' || CASE seal WHEN $1 THEN '审核通过后改动过数据' "
                "ELSE '是按另一版规则审核通过的' END || '。' FROM filings WHERE seal IN ($1, $2) ORDER BY unit, source",
                EDITED,
                OTHER_RULES,
            ),
        )
        self._units(console, done)
        self._frequent(console)
        console.print(
            f'汇总库：{done.store}（查询：jixiao query "SELECT * FROM filings" --store {done.store}）',
            markup=False,
            soft_wrap=True,
        )

    def _units(self, console: Console, done: Collected) -> None:
        """Who of the list is missing, all of them, since no store knows them; and who is not on it."""
        if done.roster is None:
            return
        if done.missing:
            console.print(f"还没有交来的单位（{len(done.missing)}，名单共 {len(done.roster.units)} 家）：")
            for unit in done.missing:
                console.print(
                    f"  {visible(f'{unit.code} {unit.name}'.strip())}", markup=False, soft_wrap=True
                )
        else:
            console.print(f"名单上的 {len(done.roster.units)} 家单位都已交来。")
        question = "SELECT source, unit FROM filings WHERE used AND unit_name IS NULL ORDER BY source"
        self._list(console, "不在名单上的", self._all(question))
        if done.roster.issued is not None:
            question = (
                "SELECT source, unit || '：' || package || '，' || year || ' 年度。' FROM filings "
                "WHERE package <> $1 OR year <> $2 ORDER BY source"
            )
            package, year = done.roster.issued
            title = f"不是下发的那套表（{package}，{year} 年度），不算交来"
            self._list(console, title, self._all(question, package, year))

    def _packages(self, console: Console) -> None:
        rows = self._all(
            "SELECT package, year, count(*), count(*) FILTER (used), count(*) FILTER (used AND status = '通过'), "
            "count(*) FILTER (used AND status = '待说明'), count(*) FILTER (used AND status = '未通过') "
            "FROM filings GROUP BY ALL ORDER BY ALL"
        )
        heads = ("套表", "年度", "份数", "计入汇总", "通过", "待说明", "未通过")
        if rows:
            self._table(console, heads, rows)
        if len(rows) > 1:
            console.print("注意：这里有不同的套表或年度，汇总时请分开查看。")

    def _seals(self, console: Console) -> None:
        rows = self._all("SELECT seal, count(*) FROM filings GROUP BY seal ORDER BY count(*) DESC, seal")
        if rows:
            console.print(
                "交来时的审核情况：" + "，".join(f"{seal} {count} 份" for seal, count in rows) + "。"
            )

    def _frequent(self, console: Console) -> None:
        rows = self._all(
            "SELECT d.rule, any_value(d.severity), count(*), count(DISTINCT d.filing) FROM findings d "
            "JOIN filings f USING (filing) WHERE f.used GROUP BY d.rule ORDER BY count(*) DESC, d.rule LIMIT $1",
            _RULES,
        )
        if rows:
            console.print("最常见的问题：")
            names: dict[str, str] = dict(SEVERITY_NAMES.items())
            self._table(
                console,
                ("规则", "级别", "问题", "条数", "份数"),
                [(rule, names[severity], self._rules.get(rule, ""), n, m) for rule, severity, n, m in rows],
            )

    @staticmethod
    def _table(console: Console, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        from rich.table import Table
        from rich.text import Text

        shown = Table(show_lines=False, expand=False, header_style="bold")
        for place, head in enumerate(heads):
            number = bool(rows) and isinstance(rows[0][place], int) and head != "年度"
            shown.add_column(head, justify="right" if number else "left", overflow="fold")
        for row in rows:
            shown.add_row(*(Text(visible(str(value))) for value in row))
        console.print(shown)

    @staticmethod
    def _list(console: Console, title: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        console.print(f"{title}（{len(rows)}）：")
        for name, text in rows[:_LISTED]:
            console.print(
                f"  {visible(str(name))}\n    {visible(str(text or ''))}".rstrip(),
                markup=False,
                soft_wrap=True,
            )
        if len(rows) > _LISTED:
            console.print(f"  等共 {len(rows)} 项，其余请在汇总库中查询。")
