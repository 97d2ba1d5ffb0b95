"""What a report looks like to Word: its styles, pages, numbers and properties; and that texts stay texts."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from lxml import etree

from conftest import BASIC, OVERALL, PROJECT, REPORT
from jixiao import resources
from jixiao.books.build import blank, build
from jixiao.books.read import read
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Catalogue, Package
from jixiao.filing import Filing
from jixiao.word.report import compose, export, template_of
from word import printed

STANDARD = resources.TEMPLATES / "reports" / "报告.docx"


def opened(filing: Filing, catalogue: Catalogue) -> Any:
    return docx.Document(io.BytesIO(compose(filing, catalogue, template_of(filing.package))))


def styled(document: Any, style: str) -> list[str]:
    return [each.text for each in document.paragraphs if each.style.name == style]


# ---------------------------------------------------------------------------------------------------- order and styles


def test_the_report_comes_first_and_the_tables_follow_in_order(
    hengshan: Filing, catalogue: Catalogue
) -> None:
    document = opened(hengshan, catalogue)
    assert styled(document, "附件") == ["附件四", "附件一", "附件二", "附件三"]
    assert styled(document, "封面标题") == ["2023年度衡山县市场监督管理局部门整体支出绩效自评报告"]
    assert styled(document, "封面行") == [
        "部门（单位）名称：衡山县市场监督管理局（盖章）",
        "　　　　年　　月　　日",
    ]
    assert styled(document, "报告标题") == ["衡山县市场监督管理局", "2023年度部门整体支出绩效自评报告"]
    heads = styled(document, "一级标题")
    assert [head[:2] for head in heads] == [f"{number}、" for number in "一二三四五六七八九十"]
    assert styled(document, "二级标题") == [
        *("（一）主要职责", "（二）基本情况", "（一）基本支出情况", "（二）项目支出情况"),
    ]
    assert "2023年基本支出2070.73万元。" in styled(document, "报告正文")
    assert styled(document, "附表标题") == [
        "2023年度部门整体支出绩效评价基础数据表",
        "2023年度部门整体支出绩效自评表",
        "2023年度项目支出绩效自评表",
    ]


def test_every_project_has_its_table(yueyanglou: Filing, catalogue: Catalogue) -> None:
    document = opened(yueyanglou, catalogue)
    assert styled(document, "附件") == ["附件1", "附件2", "附件3-1", "附件3-2", "附件3-3"]


def test_cells_have_the_styles_of_heads_texts_and_labels(hengshan: Filing, catalogue: Catalogue) -> None:
    table = opened(hengshan, catalogue).tables[0]
    assert table.style.name == "附表"
    styles = {
        cell.text: cell.paragraphs[0].style.name for row in table.rows for cell in row.cells if cell.text
    }
    assert (styles["编制数"], styles["184"], styles["财政供养人员情况（人）"]) == (
        "表头",
        "表格文字",
        "表格文字",
    )


def test_only_structure_is_set_beside_the_styles(yueyanglou: Filing, catalogue: Catalogue) -> None:
    body = opened(yueyanglou, catalogue).element.body
    assert not list(
        body.iter(qn("w:rPr"), qn("w:jc"), qn("w:rFonts"), qn("w:shd"), qn("w:tblBorders"), qn("w:spacing"))
    )
    assert {each.tag for each in body.iter(qn("w:pPr")) for each in each} == {
        *(qn(f"w:{name}") for name in ("pStyle", "ind", "pageBreakBefore")),
    }


def test_a_value_stands_behind_its_label(hengshan: Filing, catalogue: Catalogue) -> None:
    texts = {
        cell.text for table in opened(hengshan, catalogue).tables for row in table.rows for cell in row.cells
    }
    assert {"其中：一般公共预算：2803.16", "其中：基本支出：2070.73", "项目支出：789.14"} <= texts


def test_what_is_shown_is_rounded_as_in_the_workbook(
    catalogue: Catalogue, file_of: Callable[..., Filing]
) -> None:
    from jixiao.filing import Sheet

    sheet = Sheet(BASIC, "附件一", {"编制数": 184.0, "在职人数": 143.0, "批复规模": 0.0, "实际规模": 7.125})
    texts = {
        cell.text
        for table in opened(file_of(sheet), catalogue).tables
        for row in table.rows
        for cell in row.cells
    }
    assert {"184", "143", "77.72%", "0.00", "7.13", "不适用"} <= texts  # 143/184; x/0


def test_a_zero_is_no_blank(hengshan: Filing, catalogue: Catalogue) -> None:
    (project,) = hengshan.of(PROJECT)
    project.tables["指标"][0] |= {"三级指标": "零", "实际完成值": "0件", "分值": 5.0, "得分": 0.0}
    project.tables["指标"][1] |= {"三级指标": "空", "实际完成值": None, "分值": 5.0, "得分": None}
    rows = [
        each
        for each in printed.document(compose(hengshan, catalogue, STANDARD))
        if isinstance(each, printed.Row)
    ]
    for name, expected in {"零": ["0件", "5", "0"], "空": ["", "5", ""]}.items():
        (texts,) = [texts for row in rows if name in (texts := [box.text for box in row.boxes])]
        assert texts[texts.index(name) + 2 :][:3] == expected


def test_what_ends_a_line_stands_at_its_right_edge(yueyanglou: Filing, catalogue: Catalogue) -> None:
    package = catalogue.packages["yueyanglou_2023"]
    overall = package.forms[OVERALL]
    row = {
        "cells": [
            {"text": "填报单位：某局", "cols": 6, "style": "签字左"},
            {"text": "单位：万元", "cols": 3, "style": "签字"},
        ]
    }
    drawn = replace(overall, layout=(*overall.layout[:2], row, *overall.layout[2:]), orientation="landscape")
    forms = {**package.forms, OVERALL: drawn}
    changed = replace(catalogue, packages={"yueyanglou_2023": replace(package, forms=forms)})
    document = opened(yueyanglou, changed)
    (line,) = [each for each in document.paragraphs if "填报单位：" in each.text]
    assert (line.text, line.style.name) == ("填报单位：某局\t单位：万元", "签字")
    (stop,) = line.paragraph_format.tab_stops
    across = document.sections[1]
    assert abs(stop.position - (across.page_width - across.left_margin - across.right_margin)) < 1000


def test_a_workbook_without_some_sheets_gives_a_report_without_them(
    hengshan: Filing, catalogue: Catalogue
) -> None:
    kept = [sheet for sheet in hengshan.sheets if sheet.form in (OVERALL, BASIC)]
    document = opened(replace(hengshan, sheets=kept), catalogue)
    assert styled(document, "附件") == ["附件一", "附件二"]
    assert len(document.sections) == 1  # and no cover


# --------------------------------------------------------------------------------------------------- pages and numbers


def test_the_cover_has_no_number_and_the_report_begins_with_one(
    hengshan: Filing, catalogue: Catalogue
) -> None:
    cover, rest = opened(hengshan, catalogue).sections
    assert cover.footer.is_linked_to_previous  # it has none of its own, and there is none before it
    assert not rest.footer.is_linked_to_previous
    (footer,) = rest.footer.paragraphs
    assert footer.text.replace("1", "n") == "— n —"
    assert "PAGE" in "".join(each.text for each in footer._p.iter(qn("w:instrText")))
    assert rest._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) == "1"


def test_every_attachment_begins_a_page(yueyanglou: Filing, catalogue: Catalogue) -> None:
    document = opened(yueyanglou, catalogue)
    begins = [
        each.text for each in document.paragraphs if each._p.pPr.find(qn("w:pageBreakBefore")) is not None
    ]
    assert begins == ["附件1", "附件2", "附件3-1", "附件3-2", "附件3-3"]
    assert len(document.sections) == 1  # neither a cover nor a page on its side


def test_heads_are_repeated_and_short_rows_stay_whole(yueyanglou: Filing, catalogue: Catalogue) -> None:
    document = opened(yueyanglou, catalogue)
    heads = []
    for table in document.tables:
        first, *others = [tr.trPr for tr in table._tbl.tr_lst]
        assert not any(each is not None and each.find(qn("w:tblHeader")) is not None for each in others)
        if first is not None and first.find(qn("w:tblHeader")) is not None:
            heads.append([cell.text for cell in table.rows[0].cells])
    assert len(heads) == 5  # 经费 in 附件1, 指标 in 附件2 and three projects
    assert heads[0][-3:] == ["2022年决算数", "2023年预算数", "2023年决算数"]
    assert heads[1][1:4] == ["一级指标", "二级指标", "三级指标"]
    split = [
        row.cells[2].text
        for table in document.tables
        for row in table.rows
        if row._tr.trPr is None or row._tr.trPr.find(qn("w:cantSplit")) is None
    ]
    assert (
        len(split) == 5 and sum("改革登记制度" in text for text in split) == 2
    )  # 厉行节约…, the goals of each


def test_columns_fill_the_page_and_keep_figures_whole(yueyanglou: Filing, catalogue: Catalogue) -> None:
    document = opened(yueyanglou, catalogue)
    (section,) = document.sections
    room = section.page_width - section.left_margin - section.right_margin
    for table in document.tables:
        widths = [column.width for column in table.columns]
        assert abs(sum(widths) - room) < 1000  # of 12700 to a point
    rate = document.tables[3].columns[7].width  # 执行率, the narrowest with a long figure: 100.00%
    assert rate.pt > 7 * 5


def landscape(catalogue: Catalogue, code: str, *forms: str) -> Catalogue:
    """The declarations with some forms of a package on their side."""
    package = catalogue.packages[code]
    turned = {
        each.code: replace(each, orientation="landscape") if each.code in forms else each
        for each in package.forms.values()
    }
    return replace(catalogue, packages={**catalogue.packages, code: replace(package, forms=turned)})


@pytest.mark.parametrize(
    ("forms", "expected"),
    [
        ([], ["P"]),
        ([OVERALL], ["P", "L", "P"]),
        (["项目支出绩效自评表"], ["P", "L"]),
        ([REPORT], ["L", "P"]),
        ([REPORT, BASIC, OVERALL, "项目支出绩效自评表"], ["L"]),
    ],
)
def test_the_paper_turns_with_the_form(
    yueyanglou: Filing, catalogue: Catalogue, forms: list[str], expected: list[str]
) -> None:
    document = opened(yueyanglou, landscape(catalogue, "yueyanglou_2023", *forms))
    kinds = ["L" if each.orientation == WD_ORIENT.LANDSCAPE else "P" for each in document.sections]
    assert kinds == expected
    assert [each.page_width > each.page_height for each in document.sections] == [
        kind == "L" for kind in kinds
    ]
    assert all(not each.footer.is_linked_to_previous for each in document.sections)
    starts = [each._sectPr.find(qn("w:pgNumType")) for each in document.sections]
    assert starts == [None] * len(starts)  # no cover: the numbers run on
    for table in document.tables[:1] if BASIC in forms else []:
        assert (
            sum(column.width for column in table.columns) > 200 * 36000
        )  # millimetres of an A4 page on its side


def test_the_cover_stays_without_a_number_when_paper_turns(hengshan: Filing, catalogue: Catalogue) -> None:
    sections = opened(hengshan, landscape(catalogue, "hengshan_2023", BASIC)).sections
    assert [each.footer.is_linked_to_previous for each in sections] == [True, False, False, False]
    starts = [each._sectPr.find(qn("w:pgNumType")) is not None for each in sections]
    assert starts == [False, True, False, False]


# ------------------------------------------------------------------------------------------------------ texts are data

HARMFUL = '<w:br/>&amp;</w:t></w:r></w:p> "x" {{ 报告内容 }} {% for x in y %} {{报告内容}} =HYPERLINK("http://a")\x07\x0b\ufffe\ud800\x00'
HARMLESS = (
    '<w:br/>&amp;</w:t></w:r></w:p> "x" {{ 报告内容 }} {% for x in y %} {{报告内容}} =HYPERLINK("http://a")'
)


def test_texts_of_a_filing_are_texts_only(hengshan: Filing, catalogue: Catalogue) -> None:
    (basic,), (report,) = hengshan.of(BASIC), hengshan.of(REPORT)
    basic.fields["厉行节约保障措施"] = f"{HARMFUL}\n第二行\t制表"
    basic.fields["填表人"] = HARMFUL
    report.tables["主要职责"] = [{"段落": HARMFUL}, {"段落": "一行\r\n又一行\n\n"}]
    document = opened(replace(hengshan, unit=HARMFUL), catalogue)
    texts = [each.text for each in document.paragraphs]
    assert HARMLESS in texts and f"填表人：{HARMLESS}" in next(text for text in texts if "填表人" in text)
    at = texts.index(HARMLESS, texts.index("（一）主要职责"))
    assert texts[at : at + 4] == [HARMLESS, "一行", "又一行", "（二）基本情况"]
    (cell,) = {cell.text for row in document.tables[1].rows for cell in row.cells if "第二行" in cell.text}
    assert cell == f"{HARMLESS}\n第二行\t制表"
    body = document.element.body
    assert not list(body.iter(qn("w:fldChar"), qn("w:fldSimple"), qn("w:instrText"), qn("w:hyperlink")))
    assert document.core_properties.author == HARMLESS


def test_a_very_long_text_is_kept_whole(hengshan: Filing, catalogue: Catalogue) -> None:
    (overall,) = hengshan.of(OVERALL)
    whole = "年度工作按计划完成。" * 2000
    overall.fields["实际完成情况"] = whole
    document = opened(replace(hengshan, unit="某" * 400), catalogue)
    rows = [row for table in document.tables for row in table.rows if any(c.text == whole for c in row.cells)]
    assert len(rows) == 1
    assert len(document.core_properties.author) == 255


# --------------------------------------------------------------------------------------------------- properties, bytes


def test_properties_name_the_unit_and_nothing_else(hengshan: Filing, catalogue: Catalogue) -> None:
    data = compose(hengshan, catalogue, STANDARD)
    facts = docx.Document(io.BytesIO(data)).core_properties
    assert facts.title == "衡山县2023年度部门整体支出绩效自评套表"
    assert facts.author == facts.last_modified_by == "衡山县市场监督管理局"
    assert facts.created == facts.modified == dt.datetime(2023, 12, 31, tzinfo=dt.UTC)
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        whole = b"".join(parts.read(name) for name in parts.namelist()).lower()
    assert b"python" not in whole and b"jixiao" not in whole


def test_the_same_filing_gives_the_same_bytes(yueyanglou: Filing, catalogue: Catalogue) -> None:
    one, other = (compose(yueyanglou, catalogue, STANDARD) for _ in range(2))
    assert one == other
    with zipfile.ZipFile(io.BytesIO(one)) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_an_older_document_is_left_alone_when_the_new_one_fails(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "报告.docx"
    target.write_bytes(b"mine")

    def fails(self: Path, target: Path) -> None:
        raise PermissionError(13, "open elsewhere", str(target))

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(PermissionError):
        export(hengshan, catalogue, target)
    assert target.read_bytes() == b"mine"
    assert [each.name for each in tmp_path.iterdir()] == ["报告.docx"]


# ---------------------------------------------------------------------------------------------------------- blank ones

PACKAGES = sorted(load_catalogue().packages)


@pytest.mark.parametrize("code", PACKAGES)
def test_a_blank_workbook_gives_the_empty_form(code: str, tmp_path: Path) -> None:
    declared = load_catalogue()
    package: Package = declared.packages[code]
    book = tmp_path / "blank.xlsx"
    build(package, blank(package), declared, book)
    found = printed.document(compose(read(book, declared), declared, template_of(code)))
    lines = [each.text for each in found if isinstance(each, printed.Line)]
    for form in package.forms.values():
        if form.aide:
            continue
        for passage in form.passages.values():
            assert passage.head == "" or any(passage.head in text for text in _all(found))
        if not form.passages:
            assert any(text.startswith(form.title.format(year=package.year).split("\n")[0]) for text in lines)
    assert "None" not in "".join(_all(found)) and "nan" not in "".join(_all(found))


def _all(found: list[printed.Printed]) -> list[str]:
    return [
        text
        for each in found
        for text in ([each.text] if isinstance(each, printed.Line) else [box.text for box in each.boxes])
    ]


def test_the_template_is_well_formed_and_says_nothing_of_its_maker() -> None:
    with zipfile.ZipFile(STANDARD) as parts:
        for name in parts.namelist():
            etree.fromstring(parts.read(name))
    facts = docx.Document(str(STANDARD)).core_properties
    assert (facts.author, facts.last_modified_by) == ("", "")
