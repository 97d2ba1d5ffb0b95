"""Strict YAML: what is not understood is refused, in one Chinese line that names the file and the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jixiao.strict import CatalogueError, Entry, Place, load

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes) -> Path:
        file = tmp_path / "表.yaml"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def refused(act: Callable[[], Any]) -> str:
    with pytest.raises(CatalogueError) as caught:
        act()
    message = str(caught.value)
    assert "\n" not in message
    return message


def entry(file: Path) -> Entry:
    return Entry(load(file), Place(file))


# -- the file


def test_a_yaml_file_is_read_as_it_stands(write: Write) -> None:
    assert load(write("编制数: 184\n项目: [a, 'b', 1.5, null]\n")) == {
        "编制数": 184,
        "项目": ["a", "b", 1.5, None],
    }


def test_a_merged_mapping_is_a_mapping(write: Write) -> None:
    assert load(write("a: &x {k: 1, l: 2}\nb: {<<: *x, m: 3}\n"))["b"] == {"k": 1, "l": 2, "m": 3}


def test_a_key_may_override_a_merged_one(write: Write) -> None:
    assert load(write("a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n"))["b"] == {"k": 3, "l": 2}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", 3),
        ("outer:\n  b: 1\n  b: 1\n", 3),
        ("- x: 1\n- {得分: 1, 分值: 2, 得分: 3}\n", 2),
        ("a: &x {k: 1}\nb:\n  <<: *x\n  l: 1\n  l: 2\n", 5),
    ],
)
def test_a_key_written_twice_is_refused(write: Write, text: str, line: int) -> None:
    message = refused(lambda: load(write(text)))
    assert message.startswith(f"表.yaml 第 {line} 行：")
    assert "写了两次" in message


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1\nb: [1, 2\n", 3), ("a: 1\nb: c: d\n", 2), ("a: 1\n\tb: 2\n", 2), ("a: 'x\n", 2)]
)
def test_broken_yaml_is_refused_with_its_line(write: Write, text: str, line: int) -> None:
    message = refused(lambda: load(write(text)))
    assert message.startswith(f"表.yaml 第 {line} 行：YAML 写法有误")
    assert "请检查缩进、冒号和引号" in message


@pytest.mark.parametrize("content", ["单位: 某局\n".encode("gbk"), b"a: \xff\xfe\n", b"a: \x00\n"])
def test_a_file_that_is_not_utf8_is_refused(write: Write, content: bytes) -> None:
    assert refused(lambda: load(write(content))) == "表.yaml：不是 UTF-8 编码的 YAML 文件，请用 UTF-8 另存。"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    message = refused(lambda: load(tmp_path / "没有.yaml"))
    assert message.startswith("没有.yaml：读不到文件")
    assert message.endswith("请检查路径。")


def test_yaml_cannot_make_python_objects(write: Write) -> None:
    assert "第 1 行" in refused(lambda: load(write("a: !!python/object/apply:os.system ['true']\n")))


# -- entries


def test_what_is_taken_is_given(write: Write) -> None:
    it = entry(write("name: 某局\nyear: 2023\nlist: [a, b]\none: c\n"))
    assert it.text("name") == "某局"
    assert it.take("year", int) == 2023
    assert it.names("list") == ("a", "b")
    assert it.names("one") == ("c",)
    assert it.names("absent") == ()
    assert it.text("absent", "此外") == "此外"
    assert it.done("结果") == "结果"


def test_an_unknown_key_is_refused_with_the_known_ones(write: Write) -> None:
    it = entry(write("name: 某局\n\nyaer: 2023\n"))
    it.text("name")
    message = refused(lambda: it.done(None))
    assert message.startswith("表.yaml 第 3 行：不认识的键“yaer”")
    assert "已认识的有：name" in message


def test_a_missing_key_is_refused_at_its_mapping(write: Write) -> None:
    it = entry(write("a: 1\nunit:\n  name: 某局\n")).entry("unit")
    assert refused(lambda: it.text("title")) == "表.yaml 第 2 行：缺少“title”。"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("二〇二三", int), ("[2023]", int), ("{}", list), ("1.5", int), ("1", list), ("true", int)],
)
def test_a_value_of_the_wrong_type_is_refused(write: Write, text: str, kind: type) -> None:
    it = entry(write(f"x: 1\nyear: {text}\n"))
    message = refused(lambda: it.take("year", kind))
    assert message.startswith("表.yaml 第 2 行：“year”的内容类型不对")


@pytest.mark.parametrize("value", ["[a]", "{a: b}", "null", "true"])
def test_a_text_is_a_text(write: Write, value: str) -> None:
    it = entry(write(f"x: 1\ntitle: {value}\n"))
    assert refused(lambda: it.text("title")).startswith("表.yaml 第 2 行：“title”的内容类型不对")


@pytest.mark.parametrize(("value", "text"), [("2020", "2020"), ("1.5", "1.5"), ("2020-01-01", "2020-01-01")])
def test_a_number_or_a_date_may_stand_for_a_text(write: Write, value: str, text: str) -> None:
    assert entry(write(f"a: {value}\n")).text("a") == text


@pytest.mark.parametrize("content", ["- a\n- b\n", "一句话\n", ""])
def test_a_file_that_is_no_mapping_is_refused(write: Write, content: str) -> None:
    assert refused(lambda: entry(write(content))).startswith("表.yaml 第 1 行：这里应当写成“键: 值”")


@pytest.mark.parametrize(("kind", "limit"), [("help", 255), ("error", 225), ("title", 32)])
def test_a_text_may_be_as_long_as_excel_allows_and_no_longer(write: Write, kind: str, limit: int) -> None:
    assert len(entry(write(f"t: {'字' * limit}\n")).text("t", limit=kind)) == limit
    message = refused(lambda: entry(write(f"a: 1\nt: {'字' * (limit + 1)}\n")).text("t", limit=kind))
    assert message.startswith(f"表.yaml 第 2 行：“t”共 {limit + 1} 字，超过 Excel 的上限 {limit} 字")


def test_places_name_the_line_of_lists_and_mappings_alike(write: Write) -> None:
    file = write("sheets:\n  - form: 甲\n  - form: 乙\n    fields:\n      编制数: 184\n")
    place = Place(file) / "sheets" / 1 / "fields" / "编制数"
    assert str(place.error("不对。")) == "表.yaml 第 5 行：不对。"
    assert str((Place(file) / "sheets" / 0).error("不对。")) == "表.yaml 第 2 行：不对。"
    assert str((Place(file) / "sheets" / 0 / "没有").error("不对。")) == "表.yaml 第 2 行：不对。"
