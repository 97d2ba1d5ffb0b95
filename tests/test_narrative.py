from __future__ import annotations

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jixiao.narrative import KINDS, Claim, Figure, Remark, claims, labels, named, read, remarks, repeated
from jixiao.narrative.claims import Kind

CASES = yaml.safe_load((Path(__file__).parent / "narrative.yaml").read_text("utf-8"))


def written(claim: Claim) -> str:
    known = "，".join(filter(None, (f"{claim.year}年" if claim.year else "", claim.column)))
    return f"{claim.subject} = {claim.text}" + (f"（{known}）" if known else "")


def asked(remark: Remark) -> str:
    return f"{remark.kind}: {remark.stated}" + (f" -> {remark.expected}" if remark.expected else "")


@pytest.mark.parametrize("case", CASES["读数"], ids=lambda case: case["文字"][:20])
def test_figures_are_read_with_what_they_count(case: dict[str, str]) -> None:
    assert [written(claim) for claim in claims(case["文字"])] == case["应有"]


@pytest.mark.parametrize("case", CASES["问题"], ids=lambda case: case["文字"][:20])
def test_a_wrong_figure_is_asked_about(case: dict[str, str]) -> None:
    found = remarks(case["文字"])
    assert [asked(remark) for remark in found] == case["应有"]
    for remark in found:
        assert remark.kind in KINDS
        assert case["文字"][remark.start : remark.end].strip() == remark.stated
        assert remark.cause.endswith("。")
        assert all(case["文字"][start:end].strip() for start, end in remark.related)


@pytest.mark.parametrize("text", CASES["放过"], ids=lambda text: text[:20])
def test_what_may_be_right_is_left_alone(text: str) -> None:
    assert [asked(remark) for remark in remarks(text)] == []
    assert repeated([read(text)]) == []


@pytest.mark.parametrize("case", CASES["两处"], ids=lambda case: case["各段"][0][:20])
def test_the_same_thing_counted_twice(case: dict[str, list[str]]) -> None:
    found = repeated([read(text) for text in case["各段"]])
    assert [f"{r.passage + 1}: {r.remark.stated} -> {r.remark.expected}" for r in found] == case["应有"]
    for repeat in found:
        remark = repeat.remark
        assert case["各段"][repeat.passage][remark.start : remark.end] == remark.stated
        assert remark.expected in [case["各段"][n][start:end] for n, start, end in repeat.others]


@pytest.mark.parametrize("case", CASES["两处"], ids=lambda case: case["各段"][0][:20])
def test_a_sentence_beside_is_held_against_like_a_passage_before(case: dict[str, list[str]]) -> None:
    *beside, last = case["各段"]
    found = repeated([read(last)], beside)
    assert [f"{len(beside) + 1}: {r.remark.stated} -> {r.remark.expected}" for r in found] == case["应有"]
    for repeat in found:
        texts = {**dict(enumerate(beside, -len(beside))), 0: last}
        assert repeat.remark.expected in [texts[n][start:end] for n, start, end in repeat.others]


def test_sentences_beside_are_not_held_against_each_other() -> None:
    assert repeated([read("新增企业数5家。")], ["新增企业数5家。", "新增企业数7家。"]) == []


SCALES = {"万元": 1e4, "%": 0.01}
COLUMNS = {
    "预算": "budget",
    "年初预算": "initial",
    "全年预算": "final",
    "决算": "actual",
    "无列决算": "actual",
}
KIND_OF: dict[str, Kind] = {"万元": "amount", "%": "rate", "分": "score", "人": "count"}


def figure(line: str) -> Figure:
    names, year, column, value, unit, *project = (part.strip().strip('"') for part in line.split("|"))
    places = len(value.partition(".")[2])
    scale = SCALES.get(unit, 1.0)
    half = 0.5 * 10**-places * scale if places else 0.0
    return Figure(
        tuple(names.split("/")),
        KIND_OF[unit],
        int(year),
        COLUMNS.get(column, ""),
        column.startswith("无列"),
        float(value) * scale,
        half,
        f"表中“{names}”",
        bool(project),
    )


TABLES = [figure(line) for line in CASES["对表"]["表中"]]


@pytest.mark.parametrize("case", CASES["对表"]["问题"], ids=lambda case: case["文字"][:20])
def test_a_figure_that_differs_from_the_table_it_names(case: dict[str, str]) -> None:
    found = named(read(case["文字"]), TABLES, 2023, "某局")
    told = [f"{r.remark.stated} -> {r.remark.expected}（{r.remark.difference}）" for r in found]
    assert told == case["应有"]
    for contradiction in found:
        remark = contradiction.remark
        assert case["文字"][remark.start : remark.end] == remark.stated and remark.cause.endswith("。")
        assert all(TABLES[place].title in remark.cause for place in contradiction.figures[:1])


@pytest.mark.parametrize("text", CASES["对表"]["放过"], ids=lambda text: text[:20])
def test_a_figure_that_may_be_another_one_is_left_alone(text: str) -> None:
    assert [r.remark.cause for r in named(read(text), TABLES, 2023, "某局")] == []


@pytest.mark.parametrize(
    "text",
    [case["文字"] for case in CASES["对表"]["问题"]] + CASES["对表"]["放过"],
    ids=lambda text: text[:20],
)
def test_only_figures_whose_names_are_said_matter_until_one_differs(text: str) -> None:
    reading = read(text)
    said = [each for each in TABLES if any(name in labels(reading, "某局") for name in each.names)]
    found = named(reading, said, 2023, "某局", lambda: TABLES)
    everywhere = named(reading, TABLES, 2023, "某局")
    assert [each.remark for each in found] == [each.remark for each in everywhere]
    assert [[said[place] for place in each.figures] for each in found] == [
        [TABLES[place] for place in each.figures] for each in everywhere
    ]


def test_every_kind_of_remark_has_a_case() -> None:
    told = {asked.partition(":")[0] for case in CASES["问题"] for asked in case["应有"]}
    assert told | {"repeated", "named"} == set(KINDS)


def test_sentences_without_a_figure_count_as_sentences_and_paragraphs() -> None:
    first, second = claims("一句。两句！\n\n支出12万元。（没有数）好。\n结余3万元。")
    assert (first.sentence, first.paragraph, first.gap) == (4, 2, "支出")
    assert (second.sentence, second.paragraph, second.gap, second.depth) == (7, 3, "结余", 0)


def test_positions_hold_with_full_width_marks_and_spaces() -> None:
    text = "受理　４０ 起，办结３７ 起，办结率 ９５％。"
    (remark,) = remarks(text)
    assert text[remark.start : remark.end] == "９５％"
    assert [text[c.start : c.end] for c in claims(text)] == ["４０ 起", "３７ 起", "９５％"]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("支出2070.73万元", 20707250.0, 20707350.0),
        ("支出1.5万元", 14500.0, 15500.0),
        ("处理案件45件", 45.0, 45.0),
        ("主体1.4万户", 13500.0, 14500.0),
        ("整改77余处", 77.0, 87.0),
        ("罚款300余万元", 3e6, 4e6),
        ("融资近100万元", 0.0, 1e6),
        ("办结率92%", 0.915, 0.925),
    ],
)
def test_a_figure_stands_for_its_interval(text: str, low: float, high: float) -> None:
    (claim,) = claims(text)
    assert (claim.low, claim.high) == pytest.approx((low, high))


# --- generated ------------------------------------------------------------------------------------------

MONEY = st.integers(1, 10**7).map(lambda cents: Decimal(cents) / 100)
COUNT = st.integers(1, 10**5)


@given(st.lists(MONEY, min_size=2, max_size=5))
def test_parts_that_add_up_are_never_asked_about(parts: list[Decimal]) -> None:
    listed = "、".join("甲乙丙丁戊己"[i] + f"类经费{part:.2f}万元" for i, part in enumerate(parts))
    assert remarks(f"全年支出{sum(parts):.2f}万元，其中{listed}。") == []


@given(MONEY, MONEY, st.integers(1, 10**4))
def test_two_parts_that_exceed_the_total_are_asked_about(a: Decimal, b: Decimal, missing: int) -> None:
    total = a + b - Decimal(missing) / 100
    # Three figures of two places explain a difference of up to 0.015.
    assume(total > max(a, b) and missing >= 2)
    (remark,) = remarks(f"全年基本支出{total:.2f}万元，其中人员经费{a:.2f}万元、公用经费{b:.2f}万元。")
    assert (remark.kind, remark.expected) == ("sum", f"{a + b:.2f}万元")
    assert remark.difference == f"-{Decimal(missing) / 100:.2f}万元"


@given(st.lists(MONEY, min_size=2, max_size=4), st.integers(0, 1))
def test_parts_rounded_apart_from_their_total_are_never_asked_about(
    parts: list[Decimal], places: int
) -> None:
    unit = Decimal(10) ** -places
    rounded = [part.quantize(unit, ROUND_HALF_UP) for part in parts]
    total = sum(parts).quantize(unit, ROUND_HALF_UP)  # type: ignore[union-attr]
    assume(max(rounded) <= total)
    listed = "、".join("甲乙丙丁"[i] + f"类经费{part}万元" for i, part in enumerate(rounded))
    assert remarks(f"全年支出{total}万元，其中{listed}。") == []


@given(COUNT, COUNT, st.integers(0, 2))
@settings(max_examples=200)
def test_a_rate_is_right_half_up_truncated_cut_off_and_wrong_elsewhere(a: int, b: int, places: int) -> None:
    whole, part = max(a, b), min(a, b)
    quotient = Decimal(part) / Decimal(whole) * 100
    unit = Decimal(10) ** -places
    right, cut = (quotient.quantize(unit, rounding) for rounding in (ROUND_HALF_UP, ROUND_FLOOR))

    def kinds(rate: Decimal) -> list[str]:
        return [r.kind for r in remarks(f"受理投诉{whole}起，办结{part}起，办结率{rate}%。")]

    assert kinds(right) == []
    assert kinds(cut) == ([] if cut == right else ["truncated"])
    wrong = right + 2 * unit
    # 3/5 办结 written as 40%: the share of what was not, told by the same two figures.
    assume(wrong != (100 - quotient).quantize(unit, ROUND_HALF_UP))
    assert kinds(wrong) == ["rate"]


@given(
    st.text(
        alphabet="年月日。，、；：（）()其中占率完成目标办结较预算0123456789.,%万元件户余约〔〕[]-—\n 第",
        max_size=60,
    )
)
@settings(max_examples=300)
def test_any_text_is_read_and_claims_stand_in_order(text: str) -> None:
    found = claims(text)
    remarks(text)
    repeated([read(text), read(text)])
    named(read(text), TABLES, 2023, "某局")
    assert all(text[c.start : c.end].strip() for c in found)
    assert all(first.end <= second.start for first, second in pairwise(found))
