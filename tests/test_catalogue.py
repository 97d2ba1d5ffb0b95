"""What may be declared in workbook_templates, and what is refused: one change at a time in a copy of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import BASIC, OVERALL, PROJECT, Templates, rule_text
from jixiao import resources
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Catalogue, Field

BASIC_FILE, OVERALL_FILE, PROJECT_FILE = (f"forms/{code}.yaml" for code in (BASIC, OVERALL, PROJECT))
FIGURES = "报告数据表"
HENGSHAN, YUEYANGLOU = "packages/hengshan_2023.yaml", "packages/yueyanglou_2023.yaml"


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    """What the project ships, its rules included."""
    return load_catalogue()


# -- what is shipped


def every_field(catalogue: Catalogue) -> list[Field]:
    forms = [*catalogue.forms.values(), *(f for p in catalogue.packages.values() for f in p.forms.values())]
    return [
        field
        for form in forms
        for field in (*form.fields.values(), *(c for t in form.tables.values() for c in t.columns.values()))
    ]


def test_every_field_has_help_that_excel_shows_whole_and_a_source(shipped: Catalogue) -> None:
    for field in every_field(shipped):
        assert 0 < len(field.help) <= 255, field.code
        assert field.source.title, field.code


def test_every_code_is_a_name_that_unicode_leaves_alone(shipped: Catalogue) -> None:
    codes = {field.code for field in every_field(shipped)} | set(shipped.parameters) | set(shipped.forms)
    for code in codes:
        assert code.isidentifier() and unicodedata.normalize("NFKC", code) == code


def test_every_parameter_has_a_unit_a_source_and_dated_values_in_order(shipped: Catalogue) -> None:
    for parameter in shipped.parameters.values():
        assert parameter.title and parameter.unit and parameter.reference.title, parameter.code
        assert list(parameter.values) == sorted(parameter.values) != [], parameter.code


def test_every_rule_says_what_is_wrong_what_to_do_and_where_it_comes_from(shipped: Catalogue) -> None:
    assert len({rule.id for rule in shipped.rules}) == len(shipped.rules) >= 45
    for rule in shipped.rules:
        assert rule.message and rule.reference.title and rule.forms, rule.id
        assert 0 < len(rule.title) <= 32 and 0 < len(rule.fix) <= 225, rule.id
        assert shipped.rule(rule.id) is rule


def test_the_catalogue_is_read_once(shipped: Catalogue) -> None:
    again = load_catalogue()
    assert again is load_catalogue() and again.version == shipped.version


def test_the_version_changes_with_any_declaration(templates: Templates, catalogue: Catalogue) -> None:
    templates.edit(HENGSHAN, "衡山县财政局", "某县财政局")
    assert templates.load().version != catalogue.version


# -- types, units, labels


@pytest.mark.parametrize(
    ("form", "code", "type_", "unit", "decimals", "role"),
    [
        (BASIC, "编制数", "count", "人", 0, "input"),
        (BASIC, "控制率", "rate", "", 4, "calculated"),
        (BASIC, "批复规模", "area", "㎡", 2, "input"),
        (BASIC, "公务接待_决算数", "money", "万元", 2, "input"),
        (BASIC, "三公经费_预算数", "money", "万元", 2, "calculated"),
        (BASIC, "三公经费_上年决算数", "money", "万元", 2, "input"),
        (OVERALL, "项目支出", "money", "万元", 2, "calculated"),
        (OVERALL, "年初预算数", "money", "万元", 2, "calculated"),
        (OVERALL, "全年预算数", "money", "万元", 2, "input"),
        (PROJECT, "全年预算数", "money", "万元", 2, "calculated"),
        (PROJECT, "其他资金_全年预算数", "money", "万元", 2, "input"),
        (PROJECT, "得分", "score", "分", 2, "calculated"),
        (PROJECT, "总分", "score", "分", 2, "calculated"),
    ],
)
def test_a_field_declares_how_it_is_written(
    catalogue: Catalogue, form: str, code: str, type_: str, unit: str, decimals: int, role: str
) -> None:
    field = catalogue.forms[form].fields[code]
    assert (field.type, field.unit, field.decimals, field.role) == (type_, unit, decimals, role)


def test_a_matrix_cell_is_called_by_its_row_and_column(catalogue: Catalogue) -> None:
    fields = catalogue.forms[BASIC].fields
    assert fields["公务接待_决算数"].title == "公务接待（决算数）"
    assert fields["批复规模"].title == "批复规模（㎡）"
    assert fields["公用经费_预算数"].help.startswith("基本支出中的一般商品和服务支出")
    assert fields["公用经费_预算数"].help.endswith("年初批复的预算数，单位万元。")


def test_fields_come_in_the_order_in_which_they_are_drawn(catalogue: Catalogue) -> None:
    assert list(catalogue.forms[PROJECT].fields)[:9] == [
        *("项目支出名称", "主管部门", "实施单位"),
        *("年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分"),
    ]


def test_the_indicator_table_is_the_same_in_both_forms(catalogue: Catalogue) -> None:
    columns = ["一级指标", "二级指标", "三级指标", "年度指标值", "实际完成值", "分值", "得分", "偏差原因"]
    for form in (OVERALL, PROJECT):
        assert list(catalogue.forms[form].tables["指标"].columns) == columns


def test_a_column_group_gives_rows_their_cells_in_each_column(catalogue: Catalogue) -> None:
    group = catalogue.forms[PROJECT].group("金额列")
    assert group is not None
    assert [member["其他资金"] for member in group] == [
        "其他资金_年初预算数",
        "其他资金_全年预算数",
        "其他资金_全年执行数",
    ]
    assert [member["年度资金总额"] for member in group] == ["年初预算数", "全年预算数", "全年执行数"]
    assert catalogue.forms[PROJECT].group("没有") is None


def test_a_row_group_gives_columns_their_cells_in_each_row(catalogue: Catalogue) -> None:
    group = catalogue.forms[BASIC].group("公用经费各行")
    assert group is not None
    assert [member["决算数"] for member in group] == [
        "公用经费_决算数",
        "办公经费_决算数",
        "水电差旅费_决算数",
        "会议培训费_决算数",
    ]


def test_a_formula_of_a_row_group_means_the_cells_of_each_row(catalogue: Catalogue) -> None:
    fields = catalogue.forms[FIGURES].fields
    wanted = {
        "基本支出_较预算增减": ["基本支出_决算数", "基本支出_年初预算数"],
        "项目支出_占总支出比": ["项目支出_决算数", "支出合计_决算数"],
        "支出合计_占总支出比": ["支出合计_决算数"],
    }
    for code, names in wanted.items():
        expression = fields[code].expression
        assert expression is not None
        assert [ref.name for ref in expression.references] == names


# -- sheets that no official document has


def test_an_aide_is_said_by_its_form_and_a_form_that_says_nothing_is_an_attachment(
    templates: Templates, catalogue: Catalogue
) -> None:
    assert not any(form.aide for form in catalogue.packages["hengshan_2023"].forms.values())
    assert [code for code, form in catalogue.packages["hengshan_2022"].forms.items() if form.aide] == [
        FIGURES
    ]
    packages = templates.edit(BASIC_FILE, "orientation:", "aide: true\norientation:").load().packages
    assert {code for code, form in packages["hengshan_2023"].forms.items() if form.aide} == {BASIC}


# -- a package says only what differs


def test_hengshan_omits_the_head_with_the_units_name_and_keeps_the_signature_lines(
    catalogue: Catalogue,
) -> None:
    forms = catalogue.packages["hengshan_2023"].forms
    assert "预算单位名称" not in forms[BASIC].fields
    assert "预算单位名称" in forms[OVERALL].fields
    assert {"填表人", "填报日期", "联系电话"} <= set(forms[BASIC].fields)
    assert all(row.get("part") != "预算单位名称" for row in forms[BASIC].layout)


def test_yueyanglou_keeps_the_head_and_omits_the_signature_lines(catalogue: Catalogue) -> None:
    forms = catalogue.packages["yueyanglou_2023"].forms
    assert "预算单位名称" in forms[BASIC].fields
    assert not {"填表人", "填报日期", "联系电话"} & {code for form in forms.values() for code in form.fields}


def parts(catalogue: Catalogue, package: str, form: str) -> dict[str, dict[str, int]]:
    table = catalogue.packages[package].forms[form].tables["指标"]
    return {section.name: dict(section.parts) for section in table.sections}


def test_packages_print_different_second_level_indicators(catalogue: Catalogue) -> None:
    assert "生态效益指标" not in parts(catalogue, "yueyanglou_2023", OVERALL)["效益指标"]
    assert "生态效益指标" in parts(catalogue, "hengshan_2023", OVERALL)["效益指标"]
    assert parts(catalogue, "yueyanglou_2023", PROJECT)["产出指标"]["质量指标"] == 4
    assert parts(catalogue, "yueyanglou_2023", PROJECT)["效益指标"]["生态效益指标"] == 2
    assert parts(catalogue, "hengshan_2023", PROJECT)["产出指标"]["质量指标"] == 3


def texts(catalogue: Catalogue, package: str, form: str) -> list[str]:
    return [
        cell["text"]
        for row in catalogue.packages[package].forms[form].layout
        for cell in row["cells"]
        if "text" in cell
    ]


def test_variables_fill_the_labels(catalogue: Catalogue) -> None:
    assert "预算部门、单位名称" in texts(catalogue, "hengshan_2023", OVERALL)
    assert "预算单位名称" in texts(catalogue, "yueyanglou_2023", OVERALL)
    score = {
        package: catalogue.packages[package].forms[PROJECT].tables["指标"].columns["得分"].label
        for package in ("hengshan_2023", "mof_project_2023")
    }
    assert score == {"hengshan_2023": "自评得分", "mof_project_2023": "得分"}


def test_defaults_of_a_package_replace_those_of_the_form(catalogue: Catalogue) -> None:
    code = "政府采购金额_上年决算数"
    assert catalogue.packages["hengshan_2023"].forms[BASIC].fields[code].default == "——"
    assert catalogue.packages["yueyanglou_2023"].forms[BASIC].fields[code].default is None


def test_sheets_are_numbered_as_the_package_prints_them(catalogue: Catalogue) -> None:
    yueyanglou = catalogue.packages["yueyanglou_2023"]
    assert yueyanglou.project_form.code == PROJECT
    assert [yueyanglou.project_form.sheet_name(n) for n in (1, 2, 3)] == ["附件3-1", "附件3-2", "附件3-3"]
    hengshan = catalogue.packages["hengshan_2023"].project_form
    assert [hengshan.sheet_name(n) for n in (1, 2)] == ["附件三", "附件三-2"]


def test_the_ministrys_package_has_the_project_form_alone(catalogue: Catalogue) -> None:
    assert list(catalogue.packages["mof_project_2023"].forms) == [PROJECT]


@pytest.mark.parametrize(
    ("package", "form", "table", "column", "text", "untouched"),
    [
        ("hengshan_2023", OVERALL, "指标", "三级指标", "……", True),
        ("hengshan_2023", OVERALL, "指标", "三级指标", "食品安全抽检", False),
        ("hengshan_2023", OVERALL, "指标", "三级指标", "指标1：", False),
        ("mof_project_2023", PROJECT, "指标", "三级指标", "指标12：", True),
        ("mof_project_2023", PROJECT, "指标", "三级指标", "指标1：抽检", False),
        ("hengshan_2023", OVERALL, "指标", "偏差原因", "……", False),
        ("hengshan_2023", BASIC, "项目支出", "项目名称", "2、运行维护经费", True),
        ("hengshan_2023", BASIC, "项目支出", "项目名称", "业务工作经费", False),
        ("yueyanglou_2023", BASIC, "项目支出", "项目名称", "3、编外用工人员经费", True),
    ],
)
def test_what_the_form_prints_into_an_unused_row_is_untouched(
    catalogue: Catalogue, package: str, form: str, table: str, column: str, text: str, untouched: bool
) -> None:
    declared = catalogue.packages[package].forms[form].tables[table]
    assert declared.untouched(column, text) is untouched


# -- dated parameters

DATED = """
    试验上限:
      title: 试验
      unit: 倍
      reference: {title: 试验办法}
      values: [{since: 2024-07-01, value: 0.3}, {since: 2020-01-01, value: 0.2}, {since: 2026-01-01, value: 0.5}]
"""


@pytest.mark.parametrize(
    ("year", "value"),
    [(2019, 0.2), (2020, 0.2), (2023, 0.2), (2024, 0.3), (2025, 0.3), (2026, 0.5), (2030, 0.5)],
)
def test_a_later_value_holds_from_its_year_and_earlier_years_keep_the_old(
    templates: Templates, year: int, value: float
) -> None:
    catalogue = templates.write("parameters/test.yaml", DATED).load()
    assert catalogue.parameter("试验上限", year) == value


@pytest.mark.parametrize(
    ("limits", "inside"),
    [("least: 0.2", True), ("most: 0.5", True), ("least: 0.25", False), ("most: 0.4", False)],
)
def test_what_is_declared_is_what_may_be_set(templates: Templates, limits: str, inside: bool) -> None:
    templates.write("parameters/test.yaml", DATED.replace("unit: 倍", f"unit: 倍\n      {limits}"))
    if inside:
        key, value = limits.split(": ")
        assert getattr(templates.load().parameters["试验上限"], key) == float(value)
    else:
        assert "不在 least 与 most 之间" in templates.error()


def test_the_ministrys_weights(catalogue: Catalogue) -> None:
    weights = ["产出指标分值", "效益指标分值", "满意度指标分值", "预算执行率分值", "总分值"]
    assert [catalogue.parameter(code, 2023) for code in weights] == [50, 30, 10, 10, 100]
    assert [catalogue.parameter(code, 2023) for code in ("优秀下限", "良好下限", "合格下限")] == [90, 80, 60]


# -- what a form may not say

REFUSED_FORMS = {
    "an unknown key of a form": (
        BASIC_FILE,
        "orientation: portrait",
        "orientation: portrait\ncolour: red",
        "colour",
    ),
    "an aide that is neither true nor false": (
        BASIC_FILE,
        "orientation:",
        "aide: 报告\norientation:",
        "aide",
    ),
    "an unknown key of a field": (
        BASIC_FILE,
        "编制数: {type: count,",
        "编制数: {type: count, unti: 人,",
        "unti",
    ),
    "an unknown key of a matrix": (BASIC_FILE, "    key: 经费\n", "    key: 经费\n    kye: 1\n", "kye"),
    "an unknown key of a table": (
        PROJECT_FILE,
        "    section: 一级指标\n",
        "    sectoin: 一级指标\n",
        "sectoin",
    ),
    "an unknown type": (BASIC_FILE, "编制数: {type: count,", "编制数: {type: coutn,", "没有“coutn”这种类型"),
    "a field without help": (BASIC_FILE, ", help: 年末编制部门核定的编制人数。", "", "缺少“help”"),
    "help longer than an input message": (
        BASIC_FILE,
        "年末编制部门核定的编制人数。",
        "字" * 256,
        "上限 255 字",
    ),
    "open() in a calculated cell": (BASIC_FILE, '"rate(在职人数, 编制数)"', '"open(在职人数)"', "open"),
    "an unknown name in a calculated cell": (
        *(BASIC_FILE, '"rate(在职人数, 编制数)"', '"rate(在职人数, 编制总数)"', "编制总数"),
    ),
    "an unknown column of another form": (
        OVERALL_FILE,
        "total(项目支出绩效自评表.全年执行数)",
        "total(项目支出绩效自评表.执行数)",
        "执行数",
    ),
    "a link to nowhere": (
        BASIC_FILE,
        "linked: 项目支出绩效自评表.年初预算数",
        "linked: 项目支出绩效自评表.预算数",
        "预算数",
    ),
    "an unknown row in calculated": (
        BASIC_FILE,
        "      公务用车购置和维护经费: {本年列:",
        "      公务用车: {本年列:",
        "公务用车",
    ),
    "an unknown column in calculated": (BASIC_FILE, "三公经费: {本年列:", "三公经费: {今年列:", "今年列"),
    "an unknown row in defaults": (
        BASIC_FILE,
        "      政府采购金额: {上年决算数: ——}",
        "      政府采购: {上年决算数: ——}",
        "政府采购",
    ),
    "a field that is not drawn": (
        *(BASIC_FILE, "fields:\n", "fields:\n  新栏: {type: text, help: 说明。}\n", "“新栏”没有画在版式里"),
    ),
    "sheets named by a field that is not declared": (
        PROJECT_FILE,
        "named_by: 项目支出名称",
        "named_by: 项目名称",
        "项目名称",
    ),
    "a field drawn twice": (BASIC_FILE, "{field: 在职人数},", "{field: 编制数},", "编制数"),
    "a drawn field that is not declared": (
        BASIC_FILE,
        "{field: 在职人数},",
        "{field: 人数},",
        "“人数”没有声明",
    ),
    "a drawn table that is not declared": (
        BASIC_FILE,
        "- {table: 项目支出}",
        "- {table: 项目}",
        "“项目”没有声明",
    ),
    "a drawn row that is not declared": (
        BASIC_FILE,
        "{line: 经费.公用经费,",
        "{line: 经费.公用,",
        "经费.公用",
    ),
    "an unknown key of a drawn cell": (
        BASIC_FILE,
        "{field: 在职人数},",
        "{field: 在职人数, colour: red},",
        "colour",
    ),
    "an unknown key of a drawn row": (
        BASIC_FILE,
        "- {table: 项目支出}",
        "- {table: 项目支出, tall: 1}",
        "tall",
    ),
    "a code that unicode would change": (
        BASIC_FILE,
        "  联系电话: {type",
        "  联系电话２: {type",
        "联系电话２",
    ),
    "a code that is no name": (BASIC_FILE, "  联系电话: {type", "  1联系电话: {type", "1联系电话"),
}


@pytest.mark.parametrize(("file", "old", "new", "said"), REFUSED_FORMS.values(), ids=REFUSED_FORMS)
def test_a_form_is_refused_for(templates: Templates, file: str, old: str, new: str, said: str) -> None:
    message = templates.edit(file, old, new).error()
    assert message.startswith(Path(file).name)
    assert said in message


def test_an_unknown_name_in_a_calculated_column_is_refused(templates: Templates) -> None:
    old, new = "calculated: score(年度指标值,", "calculated: score(指标值,"
    assert "“自评得分”的算式中，“指标值”没有意义" in templates.edit(PROJECT_FILE, old, new).error()


def test_a_refused_field_is_named_with_its_line(templates: Templates) -> None:
    message = templates.edit(BASIC_FILE, "编制数: {type: count,", "编制数: {type: count, unti: 人,").error()
    assert message.startswith("基础数据表.yaml 第 10 行：不认识的键“unti”")


# -- what a package may not say

REFUSED_PACKAGES = {
    "an unknown key": (HENGSHAN, "year: 2023", "year: 2023\nyaer: 2024", "yaer"),
    "an unknown key of a form": (
        HENGSHAN,
        "  sheet: 附件一\n",
        "  sheet: 附件一\n  sheets: 附件一\n",
        "sheets",
    ),
    "an unknown form": (HENGSHAN, "- form: 基础数据表", "- form: 基础表", "没有表样“基础表”"),
    "a year that is no number": (HENGSHAN, "year: 2023", "year: 二〇二三", "year"),
    "no title": (HENGSHAN, "title: 衡山县{year}年度部门整体支出绩效自评套表\n", "", "缺少“title”"),
    "a part to omit that no form has": (HENGSHAN, "omit: [预算单位名称]", "omit: [单位名称]", "单位名称"),
    "a default for an unknown cell": (
        YUEYANGLOU,
        "政府采购金额_上年决算数: null",
        "政府采购_上年决算数: null",
        "政府采购_上年决算数",
    ),
    "rows of an unknown section": (
        YUEYANGLOU,
        "sections: {效益指标: {生态效益指标: 0}}",
        "sections: {效益: {生态效益指标: 0}}",
        "效益",
    ),
    "rows of an unknown table": (YUEYANGLOU, "printed: {项目支出:", "printed: {项目:", "项目"),
}


@pytest.mark.parametrize(("file", "old", "new", "said"), REFUSED_PACKAGES.values(), ids=REFUSED_PACKAGES)
def test_a_package_is_refused_for(templates: Templates, file: str, old: str, new: str, said: str) -> None:
    message = templates.edit(file, old, new).error()
    assert message.startswith(Path(file).name)
    assert said in message


def test_a_package_may_not_omit_what_its_cells_are_calculated_from(templates: Templates) -> None:
    old = "- {height: 48, cells: [{text: 厉行节约保障措施}"
    templates.edit(BASIC_FILE, old, "- {part: 措施, height: 48, cells: [{text: 厉行节约保障措施}")
    templates.edit(BASIC_FILE, '"rate(在职人数, 编制数)"', '"rate(在职人数, length(厉行节约保障措施))"')
    assert templates.load()
    message = templates.edit(HENGSHAN, "omit: [预算单位名称]", "omit: [预算单位名称, 措施]").error()
    assert message.startswith("hengshan_2023.yaml") and "“厉行节约保障措施”没有意义" in message


def test_a_package_bears_the_name_of_its_file(templates: Templates) -> None:
    """A package copied for the next county must not answer to the old name."""
    assert "hengshan" in templates.edit(HENGSHAN, "package: hengshan_2023", "package: hengshan_2024").error()


def test_a_parameter_is_refused_for_an_unknown_key(templates: Templates) -> None:
    templates.edit(
        "parameters/bounds.yaml", "{since: 2020-01-01, value: 1.3}", "{since: 2020-01-01, valeu: 1.3}"
    )
    assert "缺少“value”" in templates.error()


def test_a_parameter_is_refused_for_a_value_with_unknown_keys(templates: Templates) -> None:
    new = "{since: 2020-01-01, value: 1.3, until: 2021-01-01}"
    templates.edit("parameters/bounds.yaml", "{since: 2020-01-01, value: 1.3}", new)
    assert "until" in templates.error()


# -- what a rule may not say

GOOD: dict[str, Any] = {"form": OVERALL, "check": "全年执行数 <= 全年预算数", "at": "全年执行数"}

REFUSED_RULES = {
    "an unknown key": ({"sevrity": "error"}, "sevrity"),
    "open()": ({"check": "open(全年执行数)"}, "open"),
    "an unknown name": ({"check": "全年执行 <= 全年预算数"}, "“全年执行”在“整体支出绩效自评表”中没有意义"),
    "an unknown name in when": ({"when": "基本 > 0"}, "基本"),
    "an unknown column": ({"check": "sum(指标.分数) == 90"}, "指标.分数"),
    "an unknown cell of another form": ({"check": "全年执行数 == 基础数据表.总数"}, "基础数据表.总数"),
    "an unknown form": ({"form": "整体表"}, "整体表"),
    "an unknown form among several": ({"form": "[整体支出绩效自评表, 整体表]"}, "整体表"),
    "an unknown place": ({"at": "执行数"}, "执行数"),
    "an unknown related cell": ({"related": "[预算数]"}, "预算数"),
    "an unknown name in its message": ({"message": "超过 {预算数}。"}, "预算数"),
    "an unknown table": ({"for_each": "指标表"}, "指标表"),
    "an unknown column that answers": ({"for_each": "指标", "at": "分值", "answered_by": "原因"}, "原因"),
    "an unknown rule to yield to": ({"yields_to": "[TST-999]"}, "TST-999"),
    "an unknown predicate": ({"check": None, "predicate": "no_such_check"}, "no_such_check"),
    "an unknown severity": ({"severity": "fatal"}, "fatal"),
    "an unknown arithmetic": ({"arithmetic": "roughly"}, "arithmetic"),
    "an unknown way to report": ({"report": "sheet"}, "report"),
    "an id in small letters": ({"id": "fnd-001"}, "fnd-001"),
    "an id with four digits": ({"id": "FND-0001"}, "FND-0001"),
    "no form": ({"form": None}, "form"),
    "neither check nor predicate": ({"check": None}, "check"),
    "both check and predicate": ({"predicate": "invalid_number"}, "二者取一"),
    "no message": ({"message": None}, "缺少“message”"),
    "no source": ({"reference": None}, "缺少“reference”"),
    "an unknown key of its source": ({"reference": "{title: 办法, nubmer: 1}"}, "nubmer"),
    "a title longer than Excel shows": ({"title": "字" * 33}, "上限 32 字"),
    "a fix longer than Excel shows": ({"fix": "字" * 226}, "上限 225 字"),
    "a sum of numbers and conditions": ({"check": "全年执行数 + (1 < 2) == 3"}, "TST.yaml 第 9 行"),
}


@pytest.mark.parametrize(("keys", "said"), REFUSED_RULES.values(), ids=REFUSED_RULES)
def test_a_rule_is_refused_for(templates: Templates, keys: dict[str, Any], said: str) -> None:
    message = templates.write("rules/TST.yaml", rule_text(**{**GOOD, **keys})).error()
    assert message.startswith("TST.yaml 第 ")
    assert said in message


def test_texts_of_the_greatest_length_are_allowed(templates: Templates) -> None:
    text = rule_text(**{**GOOD, "title": "字" * 32, "fix": "字" * 225})
    assert len(templates.write("rules/TST.yaml", text).load().rules) == 1


def test_a_rule_id_is_given_once_across_all_files(templates: Templates) -> None:
    templates.write("rules/AAA.yaml", rule_text(**GOOD)).write("rules/BBB.yaml", rule_text(**GOOD))
    message = templates.error()
    assert message.startswith("BBB.yaml 第 1 行：规则编号 TST-001 与 AAA.yaml 中的重复")


def test_a_rule_may_speak_of_a_part_that_some_packages_omit(templates: Templates) -> None:
    text = rule_text(form=BASIC, check="filled(填表人)", at="填表人")
    assert len(templates.write("rules/TST.yaml", text).load().rules) == 1


def test_an_empty_file_of_rules_declares_none(templates: Templates) -> None:
    assert templates.write("rules/TST.yaml", "# 暂无\n").load().rules == ()


def test_rules_come_in_the_order_of_their_ids(rules: Callable[..., Catalogue]) -> None:
    catalogue = rules({**GOOD, "id": "ZZZ-001"}, {**GOOD, "id": "AAA-002"}, {**GOOD, "id": "AAA-001"})
    assert [rule.id for rule in catalogue.rules] == ["AAA-001", "AAA-002", "ZZZ-001"]


def test_a_check_that_compares_says_what_was_stated_and_expected(rules: Callable[..., Catalogue]) -> None:
    catalogue = rules(GOOD, {**GOOD, "expected": "基本支出"}, {**GOOD, "check": "filled(全年执行数)"})
    sides = [
        (rule.stated and rule.stated.source, rule.expected and rule.expected.source)
        for rule in catalogue.rules
    ]
    assert sides == [("全年执行数", "全年预算数"), ("全年执行数", "基本支出"), (None, None)]


def test_the_projects_own_templates_lie_where_they_are_looked_for() -> None:
    assert (resources.TEMPLATES / BASIC_FILE).is_file()
