"""Filings as a unit without mistakes would hand them in: seeded, with figures that fit each other, for tests of the treasury.

A unit has facts, each under the code of the field that asks for it; a form is filled with the facts that it declares,
its tables with rows by their kind (indicators, listed projects, paragraphs, plain rows), its reports with paragraphs
section by section. What a form calculates is left to it. Figures are counted in hundredths of 万元, so that sums are
exact. A field that no fact is for stays blank: :data:`BLANK` says why.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jixiao.declarations import Catalogue, Field, Form, Passage, Table
from jixiao.filing import Filing, Sheet
from treasury.phrases import OF_REPORTS, PHRASES
from treasury.pools import (
    AIMS,
    COSTS,
    COUNTS,
    DAYS,
    DONE,
    KINDS,
    LEAST_RATES,
    OTHERS,
    PARAGRAPHS,
    PEOPLE,
    PLACES,
    PROJECTS,
    REASONS,
    WORDS,
)

BASE, WHOLE, PROJECT = "基础数据表", "整体支出绩效自评表", "项目支出绩效自评表"
MOST_PROJECTS = 4
#: Input fields that a unit without mistakes may leave blank, and why.
BLANK = {
    **dict.fromkeys(("批复规模", "实际规模", "预算投资", "实际投资"), "当年没有完工的楼堂馆所"),
    **dict.fromkeys(("政府性基金拨款", "非税收入拨款"), "没有这两种资金"),
    **{
        f"{source}_{column}": "没有这种来源；各来源行不评分"
        for source in ("当年财政拨款", "上年结转资金", "其他资金")
        for column in ("年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分")
    },
    "部门基本支出预算调整_上年决算数": "官方表不填这一格",
    "备注": "选填",
    "追加预算数": "没有追加",
    "偏差原因": "得满分",
}
#: Facts that a report may tell in a sentence, and that no planted mistake touches: in what words.
TOLD = {
    "编制数": "年末核定编制数{}人。",
    "资产总额": "年末资产总额{:.2f}万元。",
    "年末结转结余": "年末财政拨款结转结余{:.2f}万元。",
    "中央专项支出": "全年中央专项支出{:.2f}万元。",
}
#: Paragraphs with figures in a report.
MOST_FIGURES = 4


def filings(catalogue: Catalogue, package: str, count: int, seed: int) -> Iterator[Filing]:
    """``count`` filings of different units; each follows from the seed and its own number alone."""
    for number in range(count):
        yield filing(catalogue, package, number, seed)


def filing(catalogue: Catalogue, package: str, number: int, seed: int) -> Filing:
    """The filing of unit ``number``."""
    return _Unit(catalogue, package, number, random.Random(f"{seed}:{package}:{number}")).filing()


def unit_name(number: int) -> str:
    """Names differ for all numbers and look like names of units."""
    place, kind = PLACES[number % len(PLACES)], KINDS[number // len(PLACES) % len(KINDS)]
    round_ = number // (len(PLACES) * len(KINDS))
    return f"{place}县{f'第{round_}' if round_ else ''}{kind}"


def unit_code(number: int) -> str:
    return f"{number + 1:06}"


class _Unit:
    """Draws the facts of one unit, and fills its forms with them."""

    def __init__(self, catalogue: Catalogue, package: str, number: int, rng: random.Random) -> None:
        self.catalogue, self.package, self.rng = catalogue, catalogue.packages[package], rng
        self.name, self.code, self.year = unit_name(number), unit_code(number), self.package.year
        self.projects = rng.sample(PROJECTS, rng.randint(1, MOST_PROJECTS))
        self.money = [self._funds() for _ in self.projects]
        self.before = [self._before(funds) for funds in self.money]
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.facts = self._signed() | self._spending() | self._income() | self._assets() | self._evaluated()

    def filing(self) -> Filing:
        result = Filing(self.package.code, self.name, self.year, unit_code=self.code)
        for form in self.package.forms.values():
            if form.many:
                for k, project in enumerate(self.projects):
                    facts = self._signed() | self._project(k)
                    result.sheets.append(self._sheet(form, facts, self._cost(k), k + 1))
                    result.projects.append((project, result.sheets[-1].name))
            else:
                result.sheets.append(self._sheet(form, self.facts | self._goals(), self.basic))
        return result

    # ---------------------------------------------------------------------------------------------------------- forms

    def _sheet(self, form: Form, facts: Mapping[str, Any], cost: int, number: int = 1) -> Sheet:
        """A form filled with the facts that it asks for; ``cost`` is what its indicators cost at most."""
        fields = {
            code: facts[code]
            for code, field in form.fields.items()
            if code in facts and not field.calculated and field.default is None
        }
        fields |= {code: self._printed(field) for code, field in form.fields.items() if field.default}
        tables = {
            code: self._rows(table, cost) for code, table in form.tables.items() if not table.paragraphs
        }
        return Sheet(form.code, form.sheet_name(number), fields, tables | self._report(form))

    def _printed(self, field: Field) -> Any:
        """What the form prints into a field: the name of the unit, a mark, or the value of a parameter."""
        if field.default == "{unit}":
            return self.name
        own = self.catalogue.parameters.get(str(field.default))
        return own.at(self.year) if own else field.default

    def _rows(self, table: Table, cost: int) -> list[dict[str, Any]]:
        if table.sections:
            return self._indicators(table, cost)
        if table.listed:
            before = map(_money, self.before)
            return [
                {table.listed: name, "上年决算数": spent}
                for name, spent in zip(self.projects, before, strict=True)
            ]
        return self.rows[table.code]

    def _report(self, form: Form) -> dict[str, list[dict[str, Any]]]:
        """Paragraphs for every section, some of them with figures that agree."""
        written = {code: passage for code, passage in form.passages.items() if passage.written}
        if not written:
            return {}
        figures = self.rng.sample(sorted(PHRASES), self.rng.randint(0, MOST_FIGURES))
        told = [PHRASES[rule](self.rng, False) for rule in figures]
        asked = {code for other in self.package.forms.values() for code in other.fields}
        told += [text.format(self.facts[code]) for code, text in TOLD.items() if code in asked]
        sections = {code: self._section(form.tables[code], passage) for code, passage in written.items()}
        for text in told:
            roomy = [code for code in sections if len(sections[code]) < form.tables[code].issued_rows]
            if roomy:
                sections[self.rng.choice(roomy)].append(text)
        return {
            code: [{form.tables[code].paragraphs: text} for text in texts]
            for code, texts in sections.items()
            if texts
        }

    def _section(self, table: Table, passage: Passage) -> list[str]:
        count = self.rng.randint(0 if passage.optional else 1, min(2, table.issued_rows))
        return self.rng.sample(PARAGRAPHS, count)

    # ---------------------------------------------------------------------------------------------------------- facts

    def _between(self, low: float, high: float) -> int:
        return self.rng.randint(round(low), max(round(low), round(high)))

    def _funds(self) -> dict[str, dict[str, int]]:
        """A project's money by source and column, in hundredths."""
        begin = self._between(2_000, 80_000)
        budget = self._between(begin * 0.97, begin * 1.1)
        spent = self._between(budget * 0.95, budget * 0.995)
        funds = {"当年财政拨款": {"年初预算数": begin, "全年预算数": budget, "全年执行数": spent}}
        if self.rng.random() < 0.4:
            funds["上年结转资金"] = dict.fromkeys(("年初预算数", "全年预算数", "全年执行数"), begin // 20)
        if self.rng.random() < 0.3:
            other = begin // 10
            funds["其他资金"] = {"年初预算数": other, "全年预算数": other, "全年执行数": other * 96 // 100}
        return funds

    def _sum(self, column: str) -> int:
        return sum(source[column] for funds in self.money for source in funds.values())

    def _cost(self, number: int) -> int:
        return sum(source["全年预算数"] for source in self.money[number].values())

    def _before(self, funds: Mapping[str, Mapping[str, int]]) -> int:
        """What a project spent last year."""
        own = sum(source["全年执行数"] for source in funds.values())
        return self._between(own * 0.7, own * 0.95)

    def _signed(self) -> dict[str, Any]:
        """Who filled a form in, and when."""
        date = f"{self.year + 1}年3月{self.rng.randint(1, 28)}日"
        return {
            "填表人": self.rng.choice(PEOPLE),
            "填报日期": date,
            "联系电话": f"0734-{self.rng.randint(2000000, 8999999)}",
            "主管部门": f"{self.name[:3]}人民政府",
            "报告日期": date,
            "通知名称": f"关于开展{self.year}年度部门整体支出绩效自评工作的通知",
            "通知文号": f"财绩〔{self.year + 1}〕{self.rng.randint(1, 60)}号",
        }

    def _goals(self) -> dict[str, str]:
        k = self.rng.randrange(len(AIMS))
        return {"预期目标": f"{AIMS[k]}。", "实际完成情况": f"{DONE[k]}。"}

    def _project(self, number: int) -> dict[str, Any]:
        facts = self._goals() | {"项目支出名称": self.projects[number], "实施单位": self.name}
        for source, columns in self.money[number].items():
            facts |= {f"{source}_{column}": _money(figure) for column, figure in columns.items()}
        if self.rng.random() < 0.3:
            rule = self.rng.choice([rule for rule in PHRASES if rule not in OF_REPORTS])
            facts["实际完成情况"] += PHRASES[rule](self.rng, False)
        return facts

    def _spending(self) -> dict[str, Any]:
        """People, and what the whole unit spent: this year, by budget, last year."""
        posts = self.rng.randint(20, 300)
        staff = posts - self.rng.randint(0, posts // 5)
        spent: dict[str, int] = {
            "公车购置": 0,
            "公车运行维护": self._between(300, 4_000),
            "出国经费": 0,
            "公务接待": self._between(50, 900),
            "办公经费": self._between(800, 6_000),
            "水电差旅费": self._between(500, 5_000),
            "会议培训费": self._between(100, 1_500),
            "政府采购金额": self._between(1_000, 30_000),
        }
        budget = {row: self._between(value * 1.05, value * 1.3) for row, value in spent.items()}
        before = {row: self._between(value * 1.05, value * 1.4) for row, value in spent.items()}
        parts = ("办公经费", "水电差旅费", "会议培训费")
        running = sum(spent[row] for row in parts)
        spent["公用经费"] = self._between(running * 1.1, running * 1.6)
        budget["公用经费"] = max(
            self._between(spent["公用经费"] * 1.02, spent["公用经费"] * 1.1),
            sum(map(budget.__getitem__, parts)),
        )
        before["公用经费"] = max(
            self._between(spent["公用经费"] * 0.85, spent["公用经费"] * 0.97),
            sum(map(before.__getitem__, parts)),
        )
        if before["公用经费"] == spent["公用经费"]:
            before["公用经费"] += 1
        for row, inner in (
            ("公务用车购置和维护经费", ("公车购置", "公车运行维护")),
            ("三公经费", ("公务用车购置和维护经费", "出国经费", "公务接待")),
        ):
            for column in (spent, budget, before):
                column[row] = sum(column[part] for part in inner)
        self.basic_begin = spent["公用经费"] * 2 + staff * self._between(900, 1_500)
        self.basic = self._between(self.basic_begin * 0.99, self.basic_begin * 1.06)
        spent["部门基本支出预算调整"], budget["部门基本支出预算调整"] = self.basic, self.basic_begin
        for row, other in (
            ("公务用车费", "公务用车购置和维护经费"),
            ("公务接待费", "公务接待"),
            ("因公出国境费", "出国经费"),
        ):
            spent[row], budget[row] = spent[other], budget[other]
        before["项目支出"] = sum(self.before)
        columns = {"上年决算数": before, "预算数": budget, "年初预算数": budget, "决算数": spent}
        facts = {
            f"{row}_{column}": _money(figure)
            for column, rows in columns.items()
            for row, figure in rows.items()
        }
        return facts | {
            "编制数": float(posts),
            "在职人数": float(staff),
            "厉行节约保障措施": "制定办公用品领用、公务接待和公车使用管理办法，按季度通报。",
        }

    def _income(self) -> dict[str, Any]:
        """Where the money came from, and how much there was to spend."""
        begin, spent = self.basic_begin + self._sum("年初预算数"), self.basic + self._sum("全年执行数")
        budget = self.basic + self._sum("全年预算数") + self._between(200, 200 + self.basic * 0.01)
        others, carried = self._between(100, budget * 0.1), self._between(1, budget * 0.05)
        left = self._between(1, spent * 0.03)
        whole = {
            "全年预算数": budget,
            "一般公共预算": budget - others - carried,
            "其他资金": others,
            "上年结转": carried,
            "基本支出": self.basic,
            "基本支出_年初预算数": self.basic_begin,
            "基本支出_决算数": self.basic,
            "项目支出_年初预算数": self._sum("年初预算数"),
            "项目支出_决算数": self._sum("全年执行数"),
            "收入合计_年初预算数": begin,
            "收入合计_决算数": spent + left,
            "一般公共财政拨款_年初预算数": begin - begin // 20,
            "一般公共财政拨款_决算数": spent + left - spent // 20,
            "年末结转和结余": left,
            "年度预算金额": spent + left,
            "年末结转结余": left,
        }
        return {code: _money(figure) for code, figure in whole.items()} | {
            "自评得分": float(self.rng.randint(90, 99))
        }

    def _assets(self) -> dict[str, Any]:
        total = self._between(50_000, 900_000)
        fixed = self._between(total * 0.5, total * 1.4)
        amounts = {
            "政府采购货物": self._between(500, 9_000),
            "政府采购工程": self._between(0, 5_000),
            "政府采购服务": self._between(500, 9_000),
            "资产总额": total,
            "负债总额": self._between(0, total * 0.1),
            "固定资产原值": fixed,
            "在用固定资产": self._between(fixed * 0.7, fixed),
        }
        return {code: _money(figure) for code, figure in amounts.items()}

    def _evaluated(self) -> dict[str, Any]:
        """The projects by what they were paid from, those that are evaluated, and the goals of the whole unit."""
        own = []
        for project, funds in zip(self.projects, self.money, strict=True):
            begin = sum(source["年初预算数"] for source in funds.values())
            more = self._between(0, begin * 0.15) if self.rng.random() < 0.4 else 0
            paid = self._between((begin + more) * 0.98, begin + more)
            row = {
                "项目名称": project,
                "年初预算数": _money(begin),
                "追加预算数": _money(more) if more else None,
            }
            row |= {"到位资金": _money(paid), "使用资金": _money(self._between(paid * 0.93, paid * 0.99))}
            own.append((begin + more, row | {"总体目标": f"{self.rng.choice(AIMS)}。"}))
        cities = [(project["项目名称"], amount) for amount, project in own]
        cities += [(name, self._between(500, 9_000)) for name in self._some(OTHERS, self.rng.randint(1, 5))]
        self.rows = {
            "市级项目": [{"项目名称": name, "金额": _money(amount)} for name, amount in cities],
            "评价项目": [row for _, row in own],
            "绩效目标": self._aims(),
        }
        return {
            "中央专项支出": _money(self._between(500, 30_000)),
            "省级专项支出": _money(self._between(0, 30_000)),
        }

    def _aims(self) -> list[dict[str, Any]]:
        """Goals of the whole unit: some are counted, some are rates, some are words."""
        parts = [
            ("数量指标", self.rng.randint(1, 3)),
            ("质量指标", 2),
            ("服务对象满意度指标", 1),
            ("生态效益指标", 1),
        ]
        return [
            {"绩效目标": row["三级指标"], "指标值": row["年度指标值"], "完成情况": row["实际完成值"]}
            for part, count in parts
            for row in self._of_part(part, count, self.basic)
        ]

    # ----------------------------------------------------------------------------------------------------- indicators

    def _indicators(self, table: Table, cost: int) -> list[dict[str, Any]]:
        rows = []
        for section in table.sections:
            points = int(self.catalogue.parameter(section.weight, self.year))
            own = []
            for part, printed in section.parts.items():
                for row in self._of_part(part, self.rng.randint(1, printed), cost) if printed else ():
                    own.append({table.section: section.name, table.subsection: part, **row})
            for row, share in zip(own, self._shares(points, len(own)), strict=True):
                row["分值"] = float(share)
                if not row.pop("scored", False):
                    row["得分"] = float(share)  # words and dates are scored by the unit
            rows += own
        self._miss(rows)
        return rows

    def _shares(self, points: int, count: int) -> list[int]:
        """Whole points, none of them as many as ask for a reason."""
        shares = [points // count + (k < points % count) for k in range(count)]
        for _ in range(count if count > 1 else 0):
            giver, taker = self.rng.sample(range(count), 2)
            if shares[giver] > 1 and shares[taker] < 15:
                shares[giver], shares[taker] = shares[giver] - 1, shares[taker] + 1
        return shares

    def _of_part(self, part: str, count: int, cost: int) -> Iterator[dict[str, Any]]:
        """Indicators of a 二级指标 with target and result; those that are ``scored`` by a formula say so."""
        if part in COUNTS:
            for name, unit, size in self._some(COUNTS[part], count):
                target = self._between(size * 0.5, size * 2)
                yield _scored(name, f"≥{target}{unit}", f"{self._between(target, target * 1.2)}{unit}")
        elif part in LEAST_RATES:
            for name in self._some(LEAST_RATES[part], count):
                target = self.rng.randint(85, 95)
                yield _scored(name, f"≥{target}%", f"{self.rng.randint(target, 99)}%")
        elif part == "成本指标":
            for name in self._some(COSTS, count):
                limit = max(2, cost // 100 // self.rng.randint(1, 4))
                yield _scored(name, f"≤{limit}万元", f"{self._between(limit * 85, limit * 100) / 100:g}万元")
        else:
            words = list(self._some(WORDS[part], min(count, len(WORDS[part]))))
            if part == "时效指标" and self.rng.random() < 0.7:
                days = self.rng.randint(5, 30)
                actual = self.rng.randint(max(1, days - 4), days)
                yield _scored(self.rng.choice(DAYS), f"≤{days}天", f"{actual}天")
                words.pop()
            for name, target in words:
                yield {"三级指标": name, "年度指标值": target, "实际完成值": target}

    def _some(self, pool: Sequence[Any], count: int) -> list[Any]:
        return self.rng.sample(pool, min(count, len(pool)))

    def _miss(self, rows: list[dict[str, Any]]) -> None:
        """Now and then a target is missed: the form takes points off, and the unit says why."""
        row = self.rng.choice([row for row in rows if row["二级指标"] == "数量指标"])
        if self.rng.random() < 0.3:
            target = int("".join(filter(str.isdigit, row["年度指标值"])))
            row["实际完成值"] = row["年度指标值"][1:].replace(str(target), str(target * 9 // 10))
            row["偏差原因"] = self.rng.choice(REASONS)


def _scored(name: str, target: str, actual: str) -> dict[str, Any]:
    return {"三级指标": name, "年度指标值": target, "实际完成值": actual, "scored": True}


def _money(hundredths: int) -> float:
    return hundredths / 100
