"""What Word wraps around a text: it is read as a person sees it, and what cannot be read is said."""

from __future__ import annotations

from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml

from intake.documents import body, edited, fill, rows, write_word
from jixiao.intake.blocks import Document, Grid, Paragraph
from jixiao.intake.word import read_word

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def read(path: Path) -> Document:
    return read_word(path)


def lines(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Paragraph)]


def grids(document: Document) -> list[Grid]:
    return [block for block in document.blocks if isinstance(block, Grid)]


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """One paragraph that says 甲乙."""
    return write_word(tmp_path / "文.docx", ["甲乙"])


def replaced(path: Path, inner: str) -> Document:
    """The document whose one run is replaced by markup."""
    return read(body(path, "<w:r><w:t>甲乙</w:t></w:r>", inner))


def test_paragraphs_and_tables_come_in_their_order(tmp_path: Path) -> None:
    document = read(write_word(tmp_path / "文.docx", ["前", rows("| 一 | 二 |"), "后"]))
    assert [type(block).__name__ for block in document.blocks] == ["Paragraph", "Grid", "Paragraph"]
    assert [block.place for block in document.blocks] == ["第 1 段", "第 1 张表", "第 2 段"]


def test_merged_cells_cover_their_rows_and_columns(tmp_path: Path) -> None:
    table = rows("""
        | 甲 | 乙 | < |
        | ^ | 丙 | 丁 |
    """)
    (grid,) = grids(read(write_word(tmp_path / "文.docx", [table])))
    spans = {cell.text: (cell.row, cell.column, cell.rows, cell.columns) for cell in grid.cells}
    assert spans == {"甲": (0, 0, 2, 1), "乙": (0, 1, 1, 2), "丙": (1, 1, 1, 1), "丁": (1, 2, 1, 1)}
    assert [cell.place for cell in grid.cells if cell.text == "丁"] == ["第 1 张表 第 2 行第 3 列"]


def test_insertions_are_kept_and_deletions_are_not_and_both_are_said(path: Path) -> None:
    change = 'w:id="1" w:author="某" w:date="2024-01-01T00:00:00Z"'
    document = replaced(
        path,
        f"{run('支出')}<w:del {change}><w:r><w:delText>100</w:delText></w:r></w:del>"
        f"<w:ins {change}>{run('120')}</w:ins>{run('万元')}",
    )
    assert lines(document) == ["支出120万元"]
    assert any("没有接受的修订" in remark for remark in document.remarks)


def test_a_moved_text_stands_where_it_went_to(path: Path) -> None:
    change = 'w:id="1" w:author="某"'
    document = replaced(
        path, f"<w:moveFrom {change}>{run('旧处')}</w:moveFrom><w:moveTo {change}>{run('新处')}</w:moveTo>"
    )
    assert lines(document) == ["新处"]


def test_a_document_without_changes_says_nothing(path: Path) -> None:
    document = read(path)
    assert (document.remarks, document.lost) == ([], [])


def test_a_deleted_row_is_no_row(tmp_path: Path) -> None:
    path = write_word(tmp_path / "文.docx", [rows("| 甲 |\n| 乙 |")])
    change = '<w:trPr><w:del w:id="1" w:author="某"/></w:trPr>'
    edited(
        path,
        "word/document.xml",
        lambda text: (
            text.replace("<w:tr><w:tc>", f"<w:tr>{change}<w:tc>", 1)
            if "<w:tr><w:tc>" in text
            else text.replace("<w:tr>", f"<w:tr>{change}", 1)
        ),
    )
    (grid,) = grids(read(path))
    assert [cell.text for cell in grid.cells] == ["乙"]


def test_fields_tabs_breaks_and_symbols(path: Path) -> None:
    document = replaced(
        path,
        f"{run('合格率')}<w:r><w:sym w:font='Symbol' w:char='F0B3'/></w:r>{run('95%')}<w:r><w:br/></w:r>"
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DATE </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("2024年3月")}<w:r><w:fldChar w:fldCharType="end"/></w:r>',
    )
    assert lines(document) == ["合格率≥95%", "2024年3月"]


def test_content_controls_and_links_are_looked_into(path: Path) -> None:
    document = replaced(
        path,
        f"<w:sdt><w:sdtContent>{run('控件')}</w:sdtContent></w:sdt><w:hyperlink>{run('链接')}</w:hyperlink>",
    )
    assert lines(document) == ["控件链接"]


def test_a_text_box_is_read_once(path: Path) -> None:
    box = f"<w:txbxContent><w:p>{run('框中的字')}</w:p></w:txbxContent>"
    markup = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    document = replaced(
        path,
        f'<w:r><mc:AlternateContent xmlns:mc="{markup}"><mc:Choice Requires="wps"><w:drawing>{box}</w:drawing>'
        f"</mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>{run('正文')}",
    )
    assert lines(document) == ["正文", "框中的字"]
    assert any("文本框" in remark for remark in document.remarks)


def test_numbers_that_word_counts_are_part_of_the_text(path: Path) -> None:
    """Heads are numbered 一、 二、 and their parts （一） （二）, as the lists of the document say."""
    lists = (
        f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="0">'
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="%1、"/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="（%2）"/></w:lvl>'
        '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )

    def item(level: int, text: str) -> str:
        number = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>'
        return f"<w:p><w:pPr>{number}</w:pPr>{run(text)}</w:p>"

    items = "".join(
        item(*each) for each in ((0, "概况"), (1, "职责"), (1, "机构"), (0, "支出"), (1, "基本支出"))
    )
    body(path, "<w:p><w:r><w:t>甲乙</w:t></w:r></w:p>", items)
    edited(path, "word/numbering.xml", lambda _: lists)
    assert lines(read(path)) == ["一、概况", "（一）职责", "（二）机构", "二、支出", "（一）基本支出"]


def test_notes_comments_and_headers_are_said(path: Path) -> None:
    document = docx.Document(str(path))
    document.sections[0].header.paragraphs[0].text = "内部资料"
    document.sections[0].footer.paragraphs[0].text = "- 3 -"
    document.save(str(path))
    read_back = replaced(
        path,
        f"{run('甲')}<w:r><w:footnoteReference w:id='2'/></w:r><w:r><w:commentReference w:id='0'/></w:r>",
    )
    assert lines(read_back) == ["甲"]
    assert [(each.place, each.text) for each in read_back.lost] == [("页眉或页脚", "内部资料")]
    assert any("1 处脚注" in remark for remark in read_back.remarks)
    assert any("1 条批注" in remark for remark in read_back.remarks)


def test_a_picture_in_a_cell_is_said_with_its_place(tmp_path: Path) -> None:
    path = write_word(tmp_path / "文.docx", [rows("| 指标 | 图 |")])
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/main"
    body(
        path,
        "<w:t>图</w:t>",
        f'<w:drawing><a:blip xmlns:a="{drawing}"/></w:drawing>',
    )
    document = read(path)
    assert [(each.place, each.reason) for each in document.lost] == [
        ("第 1 张表 第 1 行", "这里有图片，图片中的文字没有读")
    ]


def test_a_table_within_a_cell_is_a_table_of_its_own(tmp_path: Path) -> None:
    document = docx.Document()
    outer = document.add_table(1, 2)
    outer.cell(0, 0).text = "外"
    fill(outer.cell(0, 1).add_table(1, 2), [["内一", "内二"]])
    document.save(str(tmp_path / "文.docx"))
    first, second = grids(read(tmp_path / "文.docx"))
    assert [cell.text for cell in first.cells] == ["外", ""]
    assert [cell.text for cell in second.cells] == ["内一", "内二"]
    assert second.place == "第 2 张表（表中的表）"


def test_tables_nested_beyond_reading_are_said(tmp_path: Path) -> None:
    path = write_word(tmp_path / "文.docx", ["甲乙"])
    deep = f"<w:p>{run('底')}</w:p>"
    for _ in range(40):
        deep = f"<w:tbl><w:tr><w:tc>{deep}<w:p/></w:tc></w:tr></w:tbl>"
    document = read(body(path, "<w:p><w:r><w:t>甲乙</w:t></w:r></w:p>", deep))
    assert [each.reason for each in document.lost] == ["表格里嵌套的表格超过 12 层，更里面的没有读"]


def test_rows_that_begin_further_right(tmp_path: Path) -> None:
    """gridBefore: a row may leave out the first columns of the table."""
    path = write_word(tmp_path / "文.docx", [rows("| 甲 | 乙 |\n| 丙 | 丁 |")])
    document = docx.Document(str(path))
    row = document.tables[0].rows[1]
    row._tr.remove(row._tr.tc_lst[0])
    row._tr.insert(0, parse_xml(f'<w:trPr xmlns:w="{W}"><w:gridBefore w:val="1"/></w:trPr>'))
    document.save(str(path))
    (grid,) = grids(read(path))
    (last,) = [cell for cell in grid.cells if cell.text == "丁"]
    assert (last.row, last.column) == (1, 1)
