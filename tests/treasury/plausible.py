"""Filings as a unit without mistakes would hand them in: seeded, with figures that fit each other, for tests of the treasury.

Figures are counted in hundredths of 万元, so that sums are exact. What a form calculates is left to it. Known are the
forms of :data:`FORMS`; a package with others has no filing without mistakes here, and :func:`known` says so.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from jixiao.declarations import Catalogue, Form, Package, Table
from jixiao.filing import Filing, Sheet

BASE, WHOLE, PROJECT, REPORT = "基础数据表", "整体支出绩效自评表", "项目支出绩效自评表", "自评报告"
FORMS = (BASE, WHOLE, PROJECT, REPORT)
MOST_PROJECTS = 4

_PLACES = ("青石", "河口", "南坪", "东桥", "沙洲", "竹山", "云溪", "石鼓", "白马", "长塘", "金盆", "三江")
_KINDS = (
    *(
        "市场监督管理局",
        "农业农村局",
        "教育局",
        "交通运输局",
        "水利局",
        "文化旅游局",
        "卫生健康局",
        "应急管理局",
    ),
    *("林业局", "民政局", "住房和城乡建设局", "统计局", "图书馆", "第一中学", "人民医院", "疾病预防控制中心"),
)
_PROJECTS = (
    *(
        "日常巡查经费",
        "设备更新",
        "宣传培训",
        "信息系统维护",
        "公共设施养护",
        "基层站所补助",
        "专项检测",
        "档案整理",
    ),
    *("队伍能力建设", "应急物资储备", "便民服务点建设", "统计调查"),
)
_PEOPLE = ("王敏", "李强", "张丽", "刘洋", "陈静", "杨帆", "赵磊", "周婷")
#: Per 二级指标: name, and unit and size of a target, or the words of one.
_COUNTS = {
    "数量指标": (
        *(
            ("巡查次数", "次", 40),
            ("检测样品数", "批次", 300),
            ("培训人数", "人", 120),
            ("受理事项数", "件", 800),
        ),
        *(
            ("更新设备数", "台", 25),
            ("走访户数", "户", 260),
            ("整理档案数", "份", 1500),
            ("编印资料数", "册", 900),
        ),
    ),
    "经济效益指标": (
        ("挽回损失金额", "万元", 180),
        ("带动投资金额", "万元", 400),
        ("新增经营主体数", "家", 350),
    ),
}
_LEAST_RATES = {
    "质量指标": ("抽检合格率", "设备完好率", "事项办结率", "培训考核通过率", "资料归档率"),
    "服务对象满意度指标": ("群众满意度", "企业满意度", "参训人员满意度", "基层单位满意度"),
}
_DAYS = ("受理时限", "资金拨付时限", "故障响应时限", "结果反馈时限")
_COSTS = ("项目总成本", "设备采购成本", "培训成本", "维护成本")
_WORDS = {
    "时效指标": (("工作任务完成及时性", "及时"), ("信息公开及时性", "按要求及时公开")),
    "社会效益指标": (("公众安全意识", "不断增强"), ("公共服务水平", "逐步提高"), ("行业秩序", "持续改善")),
    "生态效益指标": (
        ("周边环境影响", "有所改善"),
        ("资源节约水平", "逐步提高"),
        ("绿色办公水平", "有所提升"),
    ),
    "可持续影响指标": (
        ("长效管理机制", "基本健全"),
        ("队伍专业能力", "持续提升"),
        ("设施使用寿命", "有所延长"),
    ),
}
_REASONS = (
    "受连续降雨影响工期顺延，下年一季度补齐",
    "年中人员调整较多，已重新安排进度并按月督办",
    "部分供货延迟到货，已与供应商约定时限",
)
_AIMS = (
    "保障机构正常运转，完成年度重点任务",
    "做好日常监管和服务，提高办事效率",
    "改善设施条件，方便群众办事",
)
_DONE = (
    "各项任务按计划推进，重点工作已经办结",
    "日常监管和服务有序开展，群众反映良好",
    "设施条件得到改善，服务环境更加便利",
)
_PARAGRAPHS = (
    "本单位按照规定的职责开展工作，制度健全，分工明确。",
    "资金按照规定用途使用，审批手续齐全，核算规范。",
    "年度任务按计划完成，服务对象反映良好。",
    "部分指标设置还不够细化，需要继续改进。",
    "下一步将加强预算管理，细化绩效指标，及时公开结果。",
)


def known(package: Package) -> bool:
    """Whether every form of a package is one that can be filled here."""
    return all(code in FORMS for code in package.forms)


def filings(catalogue: Catalogue, package: str, count: int, seed: int) -> Iterator[Filing]:
    """``count`` filings of different units; each follows from the seed and its own number alone."""
    for number in range(count):
        yield filing(catalogue, package, number, seed)


def filing(catalogue: Catalogue, package: str, number: int, seed: int) -> Filing:
    """The filing of unit ``number``."""
    return _Unit(catalogue, package, number, random.Random(f"{seed}:{package}:{number}")).filing()


def unit_name(number: int) -> str:
    """Names differ for all numbers and look like names of units."""
    place, kind = _PLACES[number % len(_PLACES)], _KINDS[number // len(_PLACES) % len(_KINDS)]
    round_ = number // (len(_PLACES) * len(_KINDS))
    return f"{place}县{f'第{round_}' if round_ else ''}{kind}"


def unit_code(number: int) -> str:
    return f"{number + 1:06}"


class _Unit:
    """Draws the figures of one unit, and fills its forms with them."""

    def __init__(self, catalogue: Catalogue, package: str, number: int, rng: random.Random) -> None:
        self.catalogue, self.package, self.rng = catalogue, catalogue.packages[package], rng
        self.name, self.code, self.year = unit_name(number), unit_code(number), self.package.year
        self.projects = rng.sample(_PROJECTS, rng.randint(1, MOST_PROJECTS))
        self.money = [self._funds() for _ in self.projects]

    def filing(self) -> Filing:
        result = Filing(self.package.code, self.name, self.year, unit_code=self.code)
        for form in self.package.forms.values():
            if form.code == BASE:
                result.sheets.append(self._base(form))
            elif form.code == WHOLE:
                result.sheets.append(self._whole(form))
            elif form.code == PROJECT:
                for k, project in enumerate(self.projects):
                    result.sheets.append(self._project(form, k))
                    result.projects.append((project, result.sheets[-1].name))
            else:
                result.sheets.append(self._report(form))
        for sheet in result.sheets:
            for code, field in self.package.forms[sheet.form].fields.items():
                if isinstance(field.default, str):  # what the form prints: a mark, or a parameter's value
                    own = self.catalogue.parameters.get(field.default)
                    sheet.fields.setdefault(code, own.at(self.year) if own else field.default)
        return result

    # ------------------------------------------------------------------------------------------------------- figures

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

    def _signed(self, form: Form) -> dict[str, Any]:
        """Whose form it is and who filled it in, where it asks."""
        line = {
            "预算单位名称": self.name,
            "填表人": self.rng.choice(_PEOPLE),
            "填报日期": f"{self.year + 1}年3月{self.rng.randint(1, 28)}日",
            "联系电话": f"0734-{self.rng.randint(2000000, 8999999)}",
        }
        return {code: value for code, value in line.items() if code in form.fields}

    def _base(self, form: Form) -> Sheet:
        posts = self.rng.randint(20, 300)
        self.staff = posts - self.rng.randint(0, posts // 5)
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
            before[row] = sum(before[part] for part in inner)  # last year's column is typed
        self.basic_begin = spent["公用经费"] * 2 + self.staff * self._between(900, 1_500)
        self.basic = self._between(self.basic_begin * 0.99, self.basic_begin * 1.06)
        spent["部门基本支出预算调整"], budget["部门基本支出预算调整"] = self.basic, self.basic_begin
        rows = []
        for project, funds in zip(self.projects, self.money, strict=True):
            own = sum(source["全年执行数"] for source in funds.values())
            rows.append({"项目名称": project, "上年决算数": _money(self._between(own * 0.7, own * 0.95))})
        fields: dict[str, Any] = {"编制数": float(posts), "在职人数": float(self.staff)}
        for column, figures in (("上年决算数", before), ("预算数", budget), ("决算数", spent)):
            for row, figure in figures.items():
                if form.fields[f"{row}_{column}"].default is None:
                    fields[f"{row}_{column}"] = _money(figure)
        fields["项目支出_上年决算数"] = round(sum(row["上年决算数"] for row in rows), 2)
        fields["厉行节约保障措施"] = "制定办公用品领用、公务接待和公车使用管理办法，按季度通报。"
        return Sheet(form.code, form.sheet_name(1), {**fields, **self._signed(form)}, {"项目支出": rows})

    def _whole(self, form: Form) -> Sheet:
        budget = self.basic + self._sum("全年预算数") + self._between(200, 200 + self.basic * 0.01)
        others, carried = self._between(100, budget * 0.1), self._between(0, budget * 0.05)
        fields: dict[str, Any] = {
            "全年预算数": _money(budget),
            "一般公共预算": _money(budget - others - carried),
            "其他资金": _money(others),
            "上年结转": _money(carried),
            "基本支出": _money(self.basic),
            **self._goals(),
            **self._signed(form),
        }
        indicators = self._indicators(form.tables["指标"], self.basic)
        return Sheet(form.code, form.sheet_name(1), fields, {"指标": indicators})

    def _project(self, form: Form, number: int) -> Sheet:
        fields: dict[str, Any] = {
            "项目支出名称": self.projects[number],
            "主管部门": f"{self.name[:3]}人民政府",
            "实施单位": self.name,
            **self._goals(),
            **self._signed(form),
        }
        for source, columns in self.money[number].items():
            fields |= {f"{source}_{column}": _money(figure) for column, figure in columns.items()}
        cost = sum(source["全年预算数"] for source in self.money[number].values())
        indicators = self._indicators(form.tables["指标"], cost)
        return Sheet(form.code, form.sheet_name(number + 1), fields, {"指标": indicators})

    def _goals(self) -> dict[str, str]:
        k = self.rng.randrange(len(_AIMS))
        return {"预期目标": f"{_AIMS[k]}。", "实际完成情况": f"{_DONE[k]}。"}

    def _report(self, form: Form) -> Sheet:
        return Sheet(
            form.code,
            form.sheet_name(1),
            tables={
                code: [{form.tables[code].paragraphs: self.rng.choice(_PARAGRAPHS)}]
                for code, passage in form.passages.items()
                if passage.written
            },
        )

    # ---------------------------------------------------------------------------------------------------- indicators

    def _indicators(self, table: Table, cost: int) -> list[dict[str, Any]]:
        rows = []
        for section, points in zip(table.sections, (50, 30, 10), strict=True):
            own = []
            for part, printed in section.parts.items():
                for row in self._rows(part, self.rng.randint(1, printed), cost):
                    own.append({"一级指标": section.name, "二级指标": part, **row})
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

    def _rows(self, part: str, count: int, cost: int) -> Iterator[dict[str, Any]]:
        if part in _COUNTS:
            for name, unit, size in self._some(_COUNTS[part], count):
                target = self._between(size * 0.5, size * 2)
                actual = self._between(target, target * 1.2)
                yield {
                    "三级指标": name,
                    "年度指标值": f"≥{target}{unit}",
                    "实际完成值": f"{actual}{unit}",
                    "scored": True,
                }
        elif part in _LEAST_RATES:
            for name in self._some(_LEAST_RATES[part], count):
                target = self.rng.randint(85, 95)
                actual = self.rng.randint(target, 99)
                yield {
                    "三级指标": name,
                    "年度指标值": f"≥{target}%",
                    "实际完成值": f"{actual}%",
                    "scored": True,
                }
        elif part == "成本指标":
            for name in self._some(_COSTS, count):
                limit = max(2, cost // 100 // self.rng.randint(1, 4))
                spent = self._between(limit * 85, limit * 100) / 100
                yield {
                    "三级指标": name,
                    "年度指标值": f"≤{limit}万元",
                    "实际完成值": f"{spent:g}万元",
                    "scored": True,
                }
        else:
            words = list(self._some(_WORDS[part], min(count, len(_WORDS[part]))))
            if part == "时效指标" and self.rng.random() < 0.7:
                days = self.rng.randint(5, 30)
                actual = self.rng.randint(max(1, days - 4), days)
                name = self.rng.choice(_DAYS)
                yield {
                    "三级指标": name,
                    "年度指标值": f"≤{days}天",
                    "实际完成值": f"{actual}天",
                    "scored": True,
                }
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
            row["偏差原因"] = self.rng.choice(_REASONS)


def _money(hundredths: int) -> float:
    return hundredths / 100
