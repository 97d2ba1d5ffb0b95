"""Templates that a treasury restyled, and files that are none: what is missing is named."""

from __future__ import annotations

import datetime as dt
import io
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from jixiao import resources
from jixiao.books.ooxml.parts import Unreadable
from jixiao.declarations import Catalogue
from jixiao.filing import Filing
from jixiao.word.markup import Writer
from jixiao.word.pages import Line
from jixiao.word.report import compose, template_of
from jixiao.word.template import REPORT

STANDARD = resources.TEMPLATES / "reports" / "报告.docx"


def changed(path: Path, change: Callable[[Any], object]) -> Path:
    """The standard template as a person changed it in Word."""
    document = docx.Document(str(STANDARD))
    change(document)
    document.save(str(path))
    return path


def made(filing: Filing, catalogue: Catalogue, template: Path) -> Any:
    return docx.Document(io.BytesIO(compose(filing, catalogue, template)))


def place(document: Any) -> Any:
    (found,) = [each for each in document.paragraphs if each.text == REPORT.mark]
    return found


# ----------------------------------------------------------------------------------------------------------- restyled


def test_a_restyled_template_is_honoured(hengshan: Filing, catalogue: Catalogue, tmp_path: Path) -> None:
    def restyle(document: Any) -> None:
        document.styles["报告正文"].font.size = Pt(12)
        document.styles["报告正文"].element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "楷体")
        next(document.styles["附表"].element.iter(qn("w:insideH"))).set(qn("w:sz"), "12")
        section = document.sections[0]
        section.left_margin = section.right_margin = Mm(40)
        section.footer.paragraphs[0].text = "衡山县财政局"
        section.header.paragraphs[0].text = "绩效自评"
        place(document).insert_paragraph_before("印发稿")
        document.add_paragraph("抄送：县人大")

    document = made(hengshan, catalogue, changed(tmp_path / "县.docx", restyle))
    body = next(each for each in document.paragraphs if each.text.startswith("2023年基本支出"))
    assert body.style.font.size == Pt(12) and body.runs[0].font.size is None
    assert body.style.element.rPr.rFonts.get(qn("w:eastAsia")) == "楷体"
    texts = [each.text for each in document.paragraphs]
    assert (texts[0], texts[-1]) == ("印发稿", "抄送：县人大")
    assert REPORT.mark not in "".join(texts)
    assert next(document.tables[0].style.element.iter(qn("w:insideH"))).get(qn("w:sz")) == "12"
    last = document.sections[-1]
    assert (last.footer.paragraphs[0].text, last.header.paragraphs[0].text) == ("衡山县财政局", "绩效自评")
    for table in document.tables:
        assert abs(sum(column.width for column in table.columns) - Mm(210 - 80)) < Pt(1)


def test_a_line_has_the_style_of_its_name_as_soon_as_a_template_has_it() -> None:
    ids = {"报告正文": "Text", "一级标题": "Head"}
    drawn = {"段落头": "Head", "正文": "Text", "落款": "Text"}
    for style, expected in drawn.items():
        assert f'<w:pStyle w:val="{expected}"/>' in Writer(ids).line(Line("某年某月", style), 9000)
    assert '<w:pStyle w:val="Date"/>' in Writer({**ids, "落款": "Date"}).line(Line("某年某月", "落款"), 9000)


def test_a_template_on_its_side_turns_back_for_upright_forms(
    yueyanglou: Filing, catalogue: Catalogue, tmp_path: Path
) -> None:
    def turn(document: Any) -> None:
        section = document.sections[0]
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width

    (section,) = made(yueyanglou, catalogue, changed(tmp_path / "横.docx", turn)).sections
    assert section.page_width < section.page_height and section.orientation == WD_ORIENT.PORTRAIT


def test_a_template_of_several_sections_keeps_them(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path
) -> None:
    def add(document: Any) -> None:
        document.add_section()
        document.add_paragraph("封底")

    document = made(hengshan, catalogue, changed(tmp_path / "多节.docx", add))
    assert len(document.sections) == 3  # cover, report, back cover
    assert document.paragraphs[-1].text == "封底"


def test_a_different_first_page_is_that_of_the_report_alone(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path
) -> None:
    def differ(document: Any) -> None:
        document.sections[0].different_first_page_header_footer = True

    sections = made(hengshan, catalogue, changed(tmp_path / "首页.docx", differ)).sections
    assert [each.different_first_page_header_footer for each in sections] == [False, True]


def test_a_package_may_have_a_template_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reports").mkdir()
    for name in ("报告.docx", "hengshan_2023.docx"):
        shutil.copy(STANDARD, tmp_path / "reports" / name)
    monkeypatch.setattr(resources, "TEMPLATES", tmp_path)
    assert template_of("hengshan_2023").name == "hengshan_2023.docx"
    assert template_of("yueyanglou_2023").name == "报告.docx"


def test_nothing_tells_who_made_the_template(hengshan: Filing, catalogue: Catalogue, tmp_path: Path) -> None:
    def sign(document: Any) -> None:
        facts = document.core_properties
        facts.author = facts.last_modified_by = facts.comments = facts.keywords = "张三"
        facts.last_printed = dt.datetime(2024, 5, 6)

    facts = made(hengshan, catalogue, changed(tmp_path / "署名.docx", sign)).core_properties
    assert (facts.author, facts.last_modified_by) == ("衡山县市场监督管理局",) * 2
    assert (facts.comments, facts.keywords, facts.last_printed) == ("", "", None)


def test_a_template_without_properties_gets_those_of_the_filing(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path
) -> None:
    bare = tmp_path / "无属性.docx"
    with zipfile.ZipFile(STANDARD) as parts, zipfile.ZipFile(bare, "w") as new:
        for part in parts.namelist():
            content = parts.read(part)
            if part == "docProps/core.xml":
                continue
            if part == "_rels/.rels":
                content = re.sub(rb'<Relationship Id="rId2"[^>]*/>', b"", content)
            if part == "[Content_Types].xml":
                content = re.sub(rb'<Override PartName="/docProps/core.xml"[^>]*/>', b"", content)
            new.writestr(part, content)
    one, other = (compose(hengshan, catalogue, bare) for _ in range(2))
    assert one == other
    facts = docx.Document(io.BytesIO(one)).core_properties
    assert facts.author == "衡山县市场监督管理局" and facts.modified == dt.datetime(
        2023, 12, 31, tzinfo=dt.UTC
    )


# ------------------------------------------------------------------------------------------------------- no templates


def refused(filing: Filing, catalogue: Catalogue, template: Path) -> str:
    with pytest.raises(Unreadable) as caught:
        compose(filing, catalogue, template)
    text = str(caught.value)
    assert text.startswith(f"{template.name}：") and text.count("。") == 2 and "请" in text
    return text


def test_missing_styles_are_named(hengshan: Filing, catalogue: Catalogue, tmp_path: Path) -> None:
    def remove(document: Any) -> None:
        for name in ("二级标题", "表头"):
            document.styles[name].delete()

    text = refused(hengshan, catalogue, changed(tmp_path / "少.docx", remove))
    assert "模板缺少样式：二级标题、表头。" in text

    def no_table(document: Any) -> None:
        document.styles["附表"].delete()

    assert "缺少样式：附表（表格样式）" in refused(
        hengshan, catalogue, changed(tmp_path / "表.docx", no_table)
    )


def test_a_character_style_of_that_name_is_none_for_paragraphs(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path
) -> None:
    def swap(document: Any) -> None:
        document.styles["说明"].delete()
        document.styles.add_style("说明", WD_STYLE_TYPE.CHARACTER)

    assert "缺少样式：说明。" in refused(hengshan, catalogue, changed(tmp_path / "字符.docx", swap))


def test_a_document_from_nowhere_lacks_everything(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path
) -> None:
    path = tmp_path / "空白.docx"
    docx.Document().save(str(path))
    assert "封面标题、封面行、报告标题、一级标题" in refused(hengshan, catalogue, path)


def test_the_place_for_the_content_is_asked_for(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path
) -> None:
    def clear(document: Any) -> None:
        place(document).text = "报告内容写在这里"

    assert f"没有写 {REPORT.mark} 的段落" in refused(hengshan, catalogue, changed(tmp_path / "a.docx", clear))


def test_the_mark_is_found_in_pieces_and_between_spaces(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path
) -> None:
    def split(document: Any) -> None:
        paragraph = place(document)
        paragraph.text = " {{报告"
        paragraph.add_run("内容}}").bold = True

    assert made(hengshan, catalogue, changed(tmp_path / "a.docx", split)).tables


def test_a_page_without_size_is_refused(hengshan: Filing, catalogue: Catalogue, tmp_path: Path) -> None:
    def clear(document: Any) -> None:
        section = document.element.body.sectPr
        section.remove(section.find(qn("w:pgSz")))

    assert "没有设置纸张" in refused(hengshan, catalogue, changed(tmp_path / "a.docx", clear))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("旧.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000), "旧的 .doc 格式"),
        ("字.docx", "报告".encode(), "不是 .docx 文件，或已损坏"),
        ("空.docx", b"", "不是 .docx 文件，或已损坏"),
        ("半.docx", STANDARD.read_bytes()[:2000], "不是 .docx 文件，或已损坏"),
    ],
)
def test_what_is_no_docx_is_told_from_one(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert expected in refused(hengshan, catalogue, tmp_path / name)


def test_other_packages_of_parts_are_no_templates(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path
) -> None:
    book = tmp_path / "表.docx"
    shutil.copy(resources.TEMPLATES / "issued" / "hengshan_2023.xlsx", book)
    assert "不是 .docx 文件" in refused(hengshan, catalogue, book)
    broken = tmp_path / "坏.docx"
    with zipfile.ZipFile(STANDARD) as parts, zipfile.ZipFile(broken, "w") as new:
        for part in parts.namelist():
            new.writestr(part, b"<w:document" if part == "word/document.xml" else parts.read(part))
    assert "已损坏" in refused(hengshan, catalogue, broken)


def test_a_template_that_unpacks_to_far_too_much_is_not_unpacked(
    hengshan: Filing, catalogue: Catalogue, tmp_path: Path
) -> None:
    path = tmp_path / "大.docx"
    with zipfile.ZipFile(STANDARD) as parts, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in parts.namelist():
            new.writestr(part, parts.read(part))
        new.writestr("word/media/image1.png", bytes(40 * 2**20))
    assert "解压后超过" in refused(hengshan, catalogue, path)


def test_a_template_that_is_not_there(hengshan: Filing, catalogue: Catalogue, tmp_path: Path) -> None:
    assert "找不到模板" in refused(hengshan, catalogue, tmp_path / "没有.docx")
    folder = tmp_path / "文件夹.docx"
    folder.mkdir()
    assert "模板打不开" in refused(hengshan, catalogue, folder)
