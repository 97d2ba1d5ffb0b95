"""The worksheet functions as VBA reaches them: through xlwings' own COM server, with cells as Excel hands them over."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from desktop import ERRORS, MISSING, Desktop, desktop
from jixiao.books.vba.wrappers import CATEGORY
from jixiao.excel import functions
from jixiao.measures import MEASURES, Measure
from measure_calls import CALLS, MATRIX
from native import ERROR, Grid, formualizer_values

ROWS = 60
# A list of calls that differ says more than the smallest list, and says it at once.
PHASES = (Phase.reuse, Phase.generate)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the program keeps its records while these tests run."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def excel(home: Path) -> Iterator[Desktop]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALAPPDATA", str(home))
        with desktop("jixiao.excel.functions") as running:
            yield running


def column(*cells: Any) -> tuple[tuple[Any], ...]:
    """A range of one column, as .Value2 is."""
    return tuple((cell,) for cell in cells)


def com(argument: Any) -> Any:
    """What the tests of measures call a cell or a range, as COM hands it over."""
    if isinstance(argument, list):
        return column(*map(com, argument)) if len(argument) > 1 else com(argument[0])
    if isinstance(argument, int):
        return float(argument)
    return ERRORS[argument] if argument == ERROR else argument


# --- by hand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("JX_RATE", (263.0, 301.0), 0.8738),  # 0.87375… of the filing, printed 87.38%
        ("JX_RATE", (143.0, 184.0), 0.7772),
        ("JX_RATE", (8.7, 9.6), 0.9063),  # 0.90625
        ("JX_RATE", (0.0, 0.0), "不适用"),
        ("JX_RATE", (None, 5.0), ""),
        ("JX_RATE", ("", 5.0), ""),
        ("JX_RATE", (5.0, "不适用"), ""),
        ("JX_CHANGE", (32.15, 137.59), -0.7663),  # -105.44 / 137.59 = -0.76633…
        ("JX_SHARE", (855.87, 5836.24), 0.1466),  # 0.14664…
        ("JX_TOTAL", (column(730.54, 32.15, 93.18),), 855.87),
        ("JX_TOTAL", (4980.37, column(855.87, None)), 5836.24),
        ("JX_TOTAL", (5.0, "2860.69万元"), "数据有误"),
        ("JX_TOTAL", (5.0, True), "数据有误"),
        ("JX_TOTAL", (None, column("", "——")), ""),
        ("JX_TOTAL", (1.0, 2.0, 3.0, column(4.0, 5.0), 6.0), 21.0),
        ("JX_TOTAL_SCORE", (5.67, column(10.0, 10.0, None, 70.0)), 95.67),
        (
            "JX_SUBTOTAL",
            (column("产出指标\n(50 分)", None, "效益指标"), column(30.0, 20.0, 30.0), "产出指标"),
            50.0,
        ),
        ("JX_EXECUTION_SCORE", (32.15, 56.7, 10.0), 5.67),
        ("JX_EXECUTION_SCORE", (6000.0, 5836.24, 10.0), 10.0),
        ("JX_SCORE", ("≥1.5万件", "19578件", 3.0), 3.0),
        ("JX_SCORE", ("≤15天", "20天", 3.0), 2.25),  # 3 x 15 / 20
        ("JX_SCORE", ("≥98%", "93.1%", 5.0), 4.75),  # 5 x 93.1 / 98
        ("JX_SCORE", (19.0, "19辆", 10.0), 10.0),  # a number typed as a number
        ("JX_SCORE", ("2023年底", "100%", 1.0), ""),
        ("JX_ATTAINMENT", ("200例", "320例"), 1.6),
        ("JX_BAND", ("持续提高", "持续提高", 4.0), "3.2～4"),
        ("JX_GRADE", (89.99, 90.0, 80.0, 60.0), "良"),
    ],
)
def test_single_values(excel: Desktop, name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    assert excel.call(name, *arguments) == expected


def test_columns(excel: Desktop) -> None:
    """One value per row; single cells serve every row; the result has the shape of the ranges."""
    spent, budget = column(32.15, 2859.87, 12.0, None), column(56.7, 2860.69, 0.0, 5.0)
    assert excel.call("JX_RATE", spent, budget) == [[0.567], [0.9997], ["不适用"], [""]]
    assert excel.call("JX_EXECUTION_SCORE", spent, budget, 10.0) == [[5.67], [10.0], ["不适用"], [""]]
    targets, results = column("≥5次", "≤5次", "及时", "≥95%"), column("6次", "6次", "及时", ERRORS["#N/A"])
    assert excel.call("JX_SCORE", targets, results, column(3.0, 3.0, 2.0, 5.0)) == [[3.0], [2.5], [""], [""]]
    assert excel.call("JX_SCORE", "≥5次", column("4次", "5次"), 5.0) == [[4.0], [5.0]]
    assert excel.call("JX_GRADE", column(95.0, 70.0, None), 90.0, 80.0, 60.0) == [["优"], ["中"], [""]]
    labels, points = column("产出指标", None, "效益指标", "满意度指标"), column(30.0, 20.0, 30.0, 10.0)
    sections = column("产出指标", "效益指标", "成本指标")
    assert excel.call("JX_SUBTOTAL", labels, points, sections) == [[50.0], [30.0], [""]]


def test_rows_blocks_and_array_constants(excel: Desktop) -> None:
    assert excel.call("JX_RATE", ((1.0, 2.0), (3.0, 4.0)), 4.0) == [[0.25, 0.5], [0.75, 1.0]]
    # xlwings hands one row back without its outer bracket, which VBA takes for a row.
    assert excel.call("JX_RATE", ((1.0, 2.0),), ((4.0, 4.0),)) == [0.25, 0.5]
    assert excel.call("JX_RATE", (1.0, 2.0), 4.0) == [0.25, 0.5]  # {1,2}
    assert excel.call("JX_TOTAL", (1.0, 2.0), ((3.0, 4.0), (5.0, 6.0))) == 21


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("JX_RATE", (column(1.0, 2.0), column(1.0, 2.0, 3.0))),
        ("JX_RATE", (column(1.0, 2.0), ((1.0, 2.0),))),
        ("JX_SCORE", (column("5", "6"), column("5", "6"), column(1.0, 2.0, 3.0))),
        ("JX_SUBTOTAL", (column("产出指标", None), column(1.0, 2.0, 3.0), "产出指标")),
    ],
)
def test_ranges_that_do_not_fit_are_said_to_be_wrong(excel: Desktop, name: str, arguments: Any) -> None:
    assert excel.call(name, *arguments) == "数据有误"


@pytest.mark.parametrize("error", ERRORS)
def test_errors_do_not_vanish(excel: Desktop, error: str) -> None:
    """xlwings' own conversion makes blanks of them, and numbers of those it does not know."""
    code = ERRORS[error]
    assert excel.call("JX_TOTAL", 5.0, code) == "数据有误"
    assert excel.call("JX_TOTAL", column(5.0, code, None)) == "数据有误"
    assert excel.call("JX_TOTAL_SCORE", code, 5.0) == "数据有误"
    assert excel.call("JX_RATE", code, 5.0) == ""
    assert excel.call("JX_RATE", column(5.0, code), column(10.0, 10.0)) == [[0.5], [""]]
    assert excel.call("JX_SCORE", "≥5", code, 3.0) == ""
    assert excel.call("JX_SUBTOTAL", column("产出指标", None), column(5.0, code), "产出指标") == "数据有误"


def test_left_out_is_blank(excel: Desktop) -> None:
    assert excel.call("JX_RATE", MISSING, 5.0) == ""
    assert excel.call("JX_TOTAL", 1.0, MISSING, 2.0) == 3


def test_a_date_is_its_serial_number_as_in_the_native_form(excel: Desktop) -> None:
    """2023-12-31 is 45291, in a number as in a text, whether it comes as .Value2 or as a date."""
    grid = Grid()
    cells = [grid.call(MEASURES["total"], [45291.5, 1]), grid.call(MEASURES["score"], ["≥45000", 45291, 3])]
    assert formualizer_values(grid, cells) == [45292.5, 3]

    noon = datetime(2023, 12, 31, 12, tzinfo=UTC)  # pywin32 gives every date a time zone
    for date in (45291.5, noon):
        assert excel.call("JX_TOTAL", date, 1.0) == 45292.5
    for date in (45291.0, datetime(2023, 12, 31, tzinfo=UTC)):
        assert excel.call("JX_SCORE", "≥45000", date, 3.0) == 3
        assert excel.call("JX_RATE", column(date, None), 2.0) == [[22645.5], [""]]


def test_other_cells_as_the_native_form_sees_them(excel: Desktop) -> None:
    assert excel.call("JX_TOTAL", Decimal("12.34"), 1.0) == 13.34  # currency
    assert excel.call("JX_RATE", 5, 10) == 0.5  # whole numbers of VBA
    assert excel.call("JX_RATE", True, 10.0) == ""
    grid = Grid()
    cell = grid.call(MEASURES["band"], [True, "TRUE", 5])  # type: ignore[list-item]
    assert formualizer_values(grid, [cell]) == ["4～5"]
    assert excel.call("JX_BAND", True, "TRUE", 5.0) == "4～5"


def test_an_error_of_ours_is_no_text(excel: Desktop, home: Path) -> None:
    """It reaches VBA as an error, whose wrapper answers CVErr; a text would be passed over by SUM."""
    with pytest.raises(RuntimeError, match="TypeError"):
        excel.call("JX_RATE", 5.0)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="a cell holds no complex"):
            excel.call("JX_TOTAL", column(1.0, 2j))
    record = (home / "jixiao" / "错误记录.txt").read_text("utf-8")
    assert record.count("JX_RATE\n") == 1 and record.count("JX_TOTAL\n") == 1


# --- every measure ------------------------------------------------------------------------------------------


def test_there_is_a_function_for_every_measure_and_no_other(excel: Desktop) -> None:
    known = excel.metadata()
    assert set(known) == {measure.worksheet_name for measure in MEASURES.values()}
    for measure in MEASURES.values():
        function = known[measure.worksheet_name]
        assert function["name"] == measure.worksheet_name and function["name"].isascii()
        assert function["category"] == CATEGORY == "绩效自评"
        assert not (function["sub"] or function["volatile"] or function["async_mode"])
        assert function["ret"] == {"doc": measure.description, "options": {}}
        arguments = [(a["name"], a["doc"], a["vararg"], a["options"]) for a in function["args"]]
        assert arguments == [(p.name, p.help, p.variadic, {"convert": "raw"}) for p in measure.parameters]
        assert all("optional" not in argument and not argument["vba"] for argument in function["args"])


def differing(excel: Desktop, measure: Measure, calls: list[list[Any]]) -> list[tuple[list[Any], Any]]:
    """The calls that Excel answers otherwise than the measure of the same cells, with Excel's answer."""
    found = excel.calls([(measure.worksheet_name, [com(a) for a in call]) for call in calls])
    return [
        (call, answer) for call, answer in zip(calls, found, strict=True) if answer != measure.scalar(*call)
    ]


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_blank_zero_text_and_error_in_every_argument(excel: Desktop, measure: Measure) -> None:
    calls = [list(call) for call in product(*(MATRIX[p.kind] for p in measure.parameters))]
    assert not differing(excel, measure, calls)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_generated_values(excel: Desktop, measure: Measure) -> None:
    @settings(max_examples=5, phases=PHASES)
    @given(st.lists(CALLS[measure.name], min_size=60, max_size=60))
    def check(calls: list[list[Any]]) -> None:
        assert not differing(excel, measure, calls)

    check()


PER_ROW = [measure for measure in MEASURES.values() if all(p.per_row for p in measure.parameters)]


@pytest.mark.parametrize("measure", PER_ROW, ids=lambda measure: measure.name)
def test_a_column_is_its_rows_one_by_one(excel: Desktop, measure: Measure) -> None:
    @settings(max_examples=10, phases=PHASES)
    @given(st.lists(CALLS[measure.name], min_size=2, max_size=ROWS), st.data())
    def check(calls: list[list[Any]], data: st.DataObject) -> None:
        count = len(measure.parameters)
        single = data.draw(st.sets(st.integers(0, count - 1), max_size=count - 1), label="single cells")
        calls = [[calls[0][i] if i in single else call[i] for i in range(count)] for call in calls]
        ranges = [
            com(calls[0][i]) if i in single else column(*(com(c[i]) for c in calls)) for i in range(count)
        ]
        found = excel.call(measure.worksheet_name, *ranges)
        assert found == [[measure.scalar(*call)] for call in calls]

    check()


@pytest.mark.parametrize("measure", PER_ROW, ids=lambda measure: measure.name)
def test_a_column_is_one_call_of_the_measure(measure: Measure, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    whole = Measure.__call__
    monkeypatch.setattr(
        Measure, "__call__", lambda self, *columns: calls.append(self) or whole(self, *columns)
    )
    rows = functions.answer(measure, [column(*["5"] * ROWS) for _ in measure.parameters])
    assert calls == [measure] and len(rows) == ROWS  # type: ignore[arg-type]


# --- the import ---------------------------------------------------------------------------------------------


def imported(source: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_functions_do_not_wait_for_pandas(excel: Desktop) -> None:
    heavy = "('pandas', 'matplotlib', 'polars', 'plotly', 'PIL')"
    # Stand-ins that can be imported, so that this holds wherever they are not installed.
    look = (
        "import sys, types\n"
        f"names = {heavy}\n"
        "class Finder:\n"
        "    seen = []\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in names: self.seen.append(name)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "import jixiao.excel.functions\n"
        "print('seen', *Finder.seen, 'loaded', *[name for name in names if name in sys.modules])\n"
    )
    assert imported(look) == ["seen", "loaded"]
    over_there = f"import sys; result = [name for name in {heavy} if name in sys.modules]"
    assert excel.run(over_there) == []


def test_what_was_hidden_for_the_import_can_be_imported_after_it(tmp_path: Path) -> None:
    (tmp_path / "polars.py").write_text("", "utf-8")
    source = f"import jixiao.excel.functions, sys; sys.path.insert(0, {str(tmp_path)!r}); import polars; print(polars.__name__)"
    assert imported(source) == ["polars"]


def test_what_was_there_before_the_import_stays(tmp_path: Path) -> None:
    (tmp_path / "plotly.py").write_text("__version__ = 'a stand-in'", "utf-8")
    source = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import plotly\n"
        "from jixiao.excel.light import UNUSED\n"
        "print([name for name in UNUSED if name in sys.modules], sys.modules['plotly'] is plotly)"
    )
    assert imported(source) == ["['plotly']", "True"]
