"""Names that differ by a word: proposed to a person, and only where a person would think of them too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jixiao.names import nearest

#: The items of a real unit.
ITEMS = [
    "纪检派驻机构专项",
    "商事制度改革",
    "食品安全监管",
    "国务院商事制度改革真抓实干激励经费",
    "（科技）知识产权保护、自主及奖励",
    "上年结转",
    "市打击传销办打击传销工作经费",
    "食品安全经费",
    "其他资金",
    "非税执收成本",
    "人员经费",
]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("商事制度改革", "商事制度改革"),
        ("食品安全经费", "食品安全经费"),  # itself, not 食品安全监管
        ("(科技) 知识产权保护、自主及奖励", "（科技）知识产权保护、自主及奖励"),
        ("打击传销专项", "市打击传销办打击传销工作经费"),
        ("知识产权工作经费", "（科技）知识产权保护、自主及奖励"),
        ("食品监管", "食品安全监管"),
        ("商事改革", "商事制度改革"),
        ("上年结转资金", "上年结转"),
    ],
)
def test_a_person_may_mean_this_one(name: str, found: str) -> None:
    assert nearest(name, ITEMS) == found


@pytest.mark.parametrize(
    "name",
    ["药品监管", "特种设备监管", "人员培训", "办公设备购置", "信息化建设", "项目经费", "监管", "", "……"],
)
def test_nobody_would_confuse_these(name: str) -> None:
    assert nearest(name, ITEMS) == ""


def test_names_without_anything_of_their_own_are_near_to_nothing() -> None:
    assert nearest("工作经费", ["专项资金", "项目支出", ""]) == ""


NAMES = st.text(alphabet="食品安全监管商事制度改革经费工作专项（）、 ", max_size=8)


@given(NAMES, st.lists(NAMES, max_size=5))
def test_what_is_proposed_is_one_of_the_names(name: str, names: list[str]) -> None:
    assert nearest(name, names) in (*names, "")


@given(NAMES, st.lists(NAMES, max_size=5), NAMES)
def test_a_name_is_nearest_to_itself(name: str, names: list[str], other: str) -> None:
    found = nearest(name, [*names, name, other])
    plain = [each.translate(str.maketrans("", "", "（）、 ")) for each in (found, name)]
    assert plain[0] == plain[1] or not plain[1]


@given(NAMES, NAMES)
def test_nearness_is_mutual(one: str, two: str) -> None:
    assert bool(nearest(one, [two])) == bool(nearest(two, [one]))
