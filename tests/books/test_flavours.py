"""The two flavours of a workbook show the same figures: with the add-in's functions, without them, with macros off."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import formualizer
import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import libreoffice
from jixiao import resources
from jixiao.books.build import blank, build
from jixiao.books.ooxml.parts import Parts
from jixiao.books.vba.unwrap import native
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Catalogue
from jixiao.excel.functions import answer
from jixiao.filing import Filing
from jixiao.measures import MEASURES, Measure
from measure_calls import MONEY, PAIR, SMALL, WEIGHT

CASES = ("hengshan_2022", "hengshan_2023", "yueyanglou_2023")
#: How COM hands over a cell with an error; which one does not matter to a measure.
DIVISION = -2146826281
Cell = tuple[str, int, int]
Pair = tuple[Path, Path]


def flavours(filing: Filing, declared: Catalogue, folder: Path) -> Pair:
    """The same filing without macros and with them."""
    made = folder / "filing.xlsx", folder / "filing.xlsm"
    for path in made:
        build(declared.packages[filing.package], filing, declared, path)
    return made


@pytest.fixture(scope="module")
def declared() -> Catalogue:
    return load_catalogue(resources.TEMPLATES)


@pytest.fixture(scope="module")
def real(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pair]:
    return {
        code: flavours(
            read_case(resources.CASES / f"{code}.yaml", declared), declared, tmp_path_factory.mktemp(code)
        )
        for code in CASES
    }


@pytest.fixture(scope="module")
def issued(declared: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hengshan's blank workbook with macros."""
    package = declared.packages["hengshan_2023"]
    return flavours(blank(package, "某局"), declared, tmp_path_factory.mktemp("issued"))[1]


def formulas(path: Path) -> dict[Cell, str]:
    return {
        (page.title, cell.row, cell.column): cell.value
        for page in openpyxl.load_workbook(path)
        for row in page.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def held(path: Path, cells: dict[Cell, str]) -> dict[Cell, Any]:
    """What the file holds as the results of its formulas."""
    book = openpyxl.load_workbook(path, data_only=True)
    return {(name, row, column): book[name].cell(row, column).value for name, row, column in cells}


def agree(one: Any, other: Any) -> bool:
    one, other = ("" if value is None else value for value in (one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=0, abs_tol=1e-9)
    return bool(one == other)


# ---------------------------------------------------------------------------------------------------- what is written


@pytest.mark.parametrize("code", CASES)
def test_formulas_differ_only_in_asking_the_add_in_first(code: str, real: dict[str, Pair]) -> None:
    plain, macros = map(formulas, real[code])
    assert plain.keys() == macros.keys()
    asking = {cell for cell, formula in macros.items() if formula != plain[cell]}
    for cell in asking:
        assert re.match(r"=IFERROR\(JX_[A-Z_]+\(", macros[cell])
        assert "=" + native(macros[cell][1:]) == plain[cell]
    # Rates, totals, scores and proposals of two forms at least, not a handful of cells.
    assert len(asking) > 60
    called = {re.match(r"=IFERROR\((JX_[A-Z_]+)", macros[cell])[1] for cell in asking}  # type: ignore[index]
    assert called >= {"JX_TOTAL", "JX_SUBTOTAL", "JX_SCORE", "JX_BAND"}  # units type over others


@pytest.mark.parametrize(
    ("sheet", "cell", "formula"),
    [
        ("附件一", "控制率", "IFERROR(JX_RATE(在职人数,编制数),"),
        ("附件二", "项目支出", "IFERROR(JX_TOTAL(项目清单.全年执行数),"),
        ("附件二", "总分", "IFERROR(JX_TOTAL_SCORE(得分,_指标.得分),"),
        ("附件三", "总分", "IFERROR(JX_TOTAL_SCORE(得分,_指标.得分),"),
    ],
)
def test_a_cell_gives_the_function_what_the_form_declares(
    sheet: str, cell: str, formula: str, issued: Path
) -> None:
    page = openpyxl.load_workbook(issued)[sheet]
    place = page.defined_names[cell].attr_text.rpartition("!")[2].replace("$", "")
    assert page[place].value.startswith(f"={formula}")


@pytest.mark.parametrize("code", CASES)
def test_a_score_is_given_the_texts_and_not_their_hidden_cells(code: str, real: dict[str, Pair]) -> None:
    scores = [
        (row, formula)
        for (_, row, _), formula in formulas(real[code][1]).items()
        if formula.startswith("=IFERROR(JX_SCORE(")
    ]
    assert len(scores) > 40
    for row, formula in scores:
        assert re.match(rf"=IFERROR\(JX_SCORE\(\$[A-I]{row},\$[A-I]{row},\$[A-I]{row}\),", formula)


@pytest.mark.parametrize("code", CASES)
def test_all_else_in_the_sheets_is_the_same(code: str, real: dict[str, Pair]) -> None:
    plain, macros = map(Parts.open, real[code])
    sheets = [name for name in plain if name.startswith("xl/worksheets/sheet")]
    assert sheets == [name for name in macros if name.startswith("xl/worksheets/sheet")]
    for name in sheets:
        only = re.sub(r' codeName="Sheet\d+"|<legacyDrawing r:id="rId\d+"/>', "", macros.text(name))
        only = only.replace("<sheetPr/>", "")  # where the plain sheet has nothing to say of itself
        if name == "xl/worksheets/sheet1.xml":  # the links of 首页 lead to the same sheets
            assert "<hyperlinks>" in only
        assert re.sub(r"<f[ />].*?(?:</f>|(?<=/)>)", "", only) == re.sub(
            r"<f[ />].*?(?:</f>|(?<=/)>)", "", plain.text(name)
        )
    assert plain["xl/styles.xml"] == macros["xl/styles.xml"]
    names = r"<definedNames>.*</definedNames>"
    assert re.findall(names, plain.text("xl/workbook.xml")) == re.findall(
        names, macros.text("xl/workbook.xml")
    )
    texts = [re.findall(r"<si>.*?</si>", book.text("xl/sharedStrings.xml")) for book in (plain, macros)]
    different = [pair for pair in zip(*texts, strict=True) if pair[0] != pair[1]]
    assert len(different) == 1 and "进行审核" in different[0][0] and "点“审核”" in different[0][1]


# ------------------------------------------------------------------------------------------------- what is calculated


def function(measure: Measure, calls: Counter[str]) -> Callable[..., Any]:
    """The worksheet function as Excel would call it."""

    def com(argument: Any) -> Any:
        if isinstance(argument, list):
            return tuple(map(com, argument))
        if isinstance(argument, dict):  # an error
            return DIVISION
        return float(argument) if isinstance(argument, int) and not isinstance(argument, bool) else argument

    def called(*arguments: Any) -> Any:
        calls[measure.worksheet_name] += 1
        return answer(measure, [com(argument) for argument in arguments])

    return called


def calculated(path: Path, cells: dict[Cell, str], calls: Counter[str] | None = None) -> dict[Cell, Any]:
    """The results that formualizer finds; with ``calls`` our functions are there, and their calls are counted."""
    book = formualizer.load_workbook(str(path))
    if calls is not None:
        for measure in MEASURES.values():
            book.register_function(
                measure.worksheet_name, function(measure, calls), min_args=1, max_args=None
            )
    book.evaluate_all()
    return {cell: book.get_value(*cell) for cell in cells}


def compare(pair: Pair) -> None:
    plain, macros = pair
    cells = formulas(macros)
    expected = calculated(plain, cells)
    calls: Counter[str] = Counter()
    with_python, without = calculated(macros, cells, calls), calculated(macros, cells)
    for found in (with_python, without):
        assert [
            (cell, expected[cell], found[cell]) for cell in cells if not agree(expected[cell], found[cell])
        ] == []
    # Where formualizer can tell (it has no INDIRECT and no names of other sheets), it is what the file holds.
    asking = [cell for cell, formula in cells.items() if "JX_" in formula]
    kept = held(macros, cells)
    right = [cell for cell in asking if agree(kept[cell], with_python[cell])]
    assert len(right) > 0.85 * len(asking)
    assert sum(calls.values()) > 0.85 * len(asking)  # it passes an error by without calling


@pytest.mark.parametrize("code", CASES)
def test_figures_are_the_same_with_our_functions_and_without(code: str, real: dict[str, Pair]) -> None:
    compare(real[code])


def test_a_function_that_answers_wrongly_would_be_seen(
    real: dict[str, Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.answer", lambda measure, arguments: 7.77)
    with pytest.raises(AssertionError):
        compare(real["hengshan_2023"])


@pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())
@pytest.mark.parametrize("code", CASES)
def test_figures_are_the_same_in_libreoffice_with_macros_off(code: str, real: dict[str, Pair]) -> None:
    plain, macros = (libreoffice.recalculate(path) for path in real[code])
    assert without_step(macros) == without_step(plain)
    for name, row, column in (cells := formulas(real[code][1])):
        assert agree(held_value(macros, name, row, column), kept(real[code][1], cells)[name, row, column])


def without_step(values: libreoffice.Values) -> libreoffice.Values:
    """All cells but the step that mentions the button."""
    values = {**values, "首页": [row for row in values["首页"] if "逐条处理" not in str(row[0])]}
    return values


def held_value(values: libreoffice.Values, name: str, row: int, column: int) -> Any:
    rows = values[name]
    return rows[row - 1][column - 1] if row <= len(rows) and column <= len(rows[row - 1]) else ""


_KEPT: dict[Path, dict[Cell, Any]] = {}


def kept(path: Path, cells: dict[Cell, str]) -> dict[Cell, Any]:
    if path not in _KEPT:
        _KEPT[path] = held(path, cells)
    return _KEPT[path]


# --------------------------------------------------------------------------------------------------- generated filings

FIGURE = st.one_of(MONEY, SMALL, st.sampled_from([0.0, None, "不适用", "——", "12.5"]))


@st.composite
def filings(draw: st.DrawFn, declared: Catalogue) -> Filing:
    """A filing of a blank set of forms, filled at random: every figure, and the rows of the indicators."""
    package = declared.packages["hengshan_2023"]
    filing = blank(package, "某局")
    for sheet in filing.sheets:
        form = package.forms[sheet.form]
        for code, field in form.fields.items():
            if not field.calculated and not field.textual and field.default is None and draw(st.booleans()):
                sheet.fields[code] = draw(FIGURE)
        table = form.tables.get("指标")
        if table is None:
            continue
        rows = []
        for section, group in draw(
            st.lists(
                st.sampled_from(
                    [("产出指标", "数量指标"), ("产出指标", "质量指标"), ("效益指标", "经济效益指标")]
                ),
                min_size=1,
                max_size=6,
            )
        ):
            target, result = draw(PAIR)
            rows.append(
                {
                    "一级指标": section,
                    "二级指标": group,
                    "三级指标": draw(st.sampled_from(["检查户数", "满意度", "抽检合格率"])),
                    "年度指标值": target,
                    "实际完成值": result,
                    "分值": draw(WEIGHT) or None,
                }
            )
        sheet.tables["指标"] = rows
    return filing


@pytest.mark.skipif(bool(libreoffice.missing()), reason=libreoffice.missing())
@given(data=st.data())
@settings(
    max_examples=3,
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_figures_of_generated_filings_are_the_same(
    data: st.DataObject,
    declared: Catalogue,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    pair = flavours(data.draw(filings(declared)), declared, tmp_path_factory.mktemp("generated"))
    compare(pair)
    plain, macros = (libreoffice.recalculate(path) for path in pair)
    assert without_step(macros) == without_step(plain)
