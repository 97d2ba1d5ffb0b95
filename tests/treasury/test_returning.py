"""What filings go back with: a workbook for each unit and a letter for those that have something to do, written once."""

from __future__ import annotations

import dataclasses
import datetime as dt
import errno
import functools
import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest

import opened
from commandline import Run
from jixiao.books.build import build
from jixiao.books.ooxml.parts import Parts
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.read import read
from jixiao.books.results import RESULTS, last_check
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Adjustments, RuleChange
from jixiao.findings import status
from jixiao.treasury import returning
from jixiao.treasury.collecting.collect import collect
from jixiao.treasury.errors import DeskError
from jixiao.treasury.keeping.store import Store
from jixiao.treasury.returning import ASIDE, RECORD, Returned, Terms, give_back
from jixiao.treasury.units import Roster, Unit
from treasury.hostile import PATHS
from treasury.making import copied, here, type_in
from treasury.plausible import filing

PACKAGE = "mof_project_2023"
CATALOGUE = load_catalogue()
TERMS = Terms(dt.date(2024, 4, 3))


@functools.cache
def handed_in(code: str, unit: str, **blank: Any) -> bytes:
    handed = filing(CATALOGUE, PACKAGE, int(code), 1)
    handed.unit, handed.unit_code = unit, code
    handed.sheets[0].fields.update(blank)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        build(CATALOGUE.packages[PACKAGE], handed, CATALOGUE, path)
        return path.read_bytes()


@dataclasses.dataclass
class Desk:
    """A treasury's folders: what came in, the store, and what goes back."""

    folder: Path

    @property
    def incoming(self) -> Path:
        return self.folder / "收回"

    @property
    def outgoing(self) -> Path:
        return self.folder / "退回"

    def hand_in(self, name: str, code: str, unit: str, **blank: Any) -> Path:
        """A filing without mistakes, but for what ``blank`` says about its first sheet."""
        path = self.incoming / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(handed_in(code, unit, **blank))
        return path

    def run(self, terms: Terms = TERMS, roster: Roster | None = None, **more: Any) -> Returned:
        own = {"adjustments": more["adjustments"]} if "adjustments" in more else {}
        collect([self.incoming], self.folder / "库", CATALOGUE, roster=roster, engine=here, **own)
        store = Store.open(self.folder / "库")
        return give_back(store, [self.incoming], self.outgoing, CATALOGUE, terms, jobs=0, **more)

    def files(self, folder: str = "") -> list[str]:
        place = self.outgoing / folder
        found = [path.name for path in place.iterdir() if path.is_file()] if place.is_dir() else []
        return sorted(set(found) - {RECORD})


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def name(code: str, unit: str, suffix: str = ".xlsx") -> str:
    return f"{code}{unit}2023年度绩效自评{suffix}"


def letter(code: str, unit: str) -> str:
    return name(code, unit, "退回通知.docx")


def told(path: Path) -> str:
    document = docx.Document(str(path))
    cells = (cell.text for row in document.tables[0].rows for cell in row.cells)
    return "\n".join([*(each.text for each in document.paragraphs), *cells])


def stamps(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.name != RECORD}


# ------------------------------------------------------------------------------------------------------ what is written


def test_each_unit_gets_its_workbook_and_a_letter_if_it_has_to_do_something(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局")
    source = desk.hand_in("b.xlsx", "000002", "乙局", 主管部门=None)
    before = source.read_bytes()
    done = desk.run()
    assert desk.files() == sorted([name("000001", "甲局"), name("000002", "乙局"), letter("000002", "乙局")])
    assert (done.books, done.letters, done.kept, done.moved, done.remarks) == (2, 1, 0, 0, [])
    assert source.read_bytes() == before
    annotated = desk.outgoing / name("000002", "乙局")
    findings = check(read(source, CATALOGUE), CATALOGUE)
    (finding,) = findings  # 主管部门 is blank, and that alone
    sheet = opened.page(annotated, RESULTS)
    shown = [cell.value for row in sheet.iter_rows() for cell in row if cell.value]
    assert finding.message in shown and any(str(text).startswith("待说明") for text in shown)
    assert read(annotated, CATALOGUE).sheets[0].fields == read(source, CATALOGUE).sheets[0].fields
    said = told(desk.outgoing / letter("000002", "乙局"))
    assert "乙局：" in said and finding.message in said and "核实性问题1条" in said
    assert f"“{name('000002', '乙局')}”" in said and "2024年4月3日" in said
    checked = last_check(Workbook(Parts.open(desk.outgoing / name("000001", "甲局"))))
    assert checked is not None and checked.seal


def test_a_filing_in_a_zip_file_is_taken_out(desk: Desk) -> None:
    path = desk.hand_in("b.xlsx", "000002", "乙局", 主管部门=None)
    with zipfile.ZipFile(desk.incoming / "全部.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "区直/../../乙.xlsx")
    path.unlink()
    done = desk.run()
    assert (done.books, done.letters) == (1, 1)
    assert desk.files() == sorted([name("000002", "乙局"), letter("000002", "乙局")])
    assert status(check(read(desk.outgoing / name("000002", "乙局"), CATALOGUE), CATALOGUE)) == "待说明"


@pytest.mark.parametrize("evil", PATHS)
def test_a_unit_s_name_leads_nowhere_else(evil: str, desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", evil, 主管部门=None)
    done = desk.run()
    assert (done.books, done.letters) == (1, 1)
    assert {path.name for path in desk.folder.iterdir()} == {"收回", "库", "退回"}
    assert len(desk.files()) == 2 and all(each.startswith("000001") for each in desk.files())


def test_names_are_those_of_the_list(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局（新）", 主管部门=None)
    desk.run(roster=Roster([Unit("000001", "某县甲局")]))
    assert desk.files() == sorted([name("000001", "某县甲局"), letter("000001", "某县甲局")])
    assert "某县甲局：" in told(desk.outgoing / letter("000001", "某县甲局"))


def test_what_nobody_decided_on_does_not_go_back(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.hand_in("b.xlsx", "000001", "甲局", 主管部门="某部")
    assert desk.run().books == 0 and desk.files() == []


def test_the_reviewer_s_opinion_stands_in_the_letter(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.hand_in("b.xlsx", "000002", "乙局", 主管部门=None)
    desk.hand_in("c.xlsx", "000003", "丙局", 主管部门=None)
    number = {row["unit"]: row["filing"] for row in _filings(desk)}
    desk.run(opinions={"000001": "按代码。", "乙局": "按名称。", number["丙局"]: "按编号。"})
    for code, unit, text in (
        ("000001", "甲局", "代码"),
        ("000002", "乙局", "名称"),
        ("000003", "丙局", "编号"),
    ):
        assert f"复核意见：按{text}。" in told(desk.outgoing / letter(code, unit))


def _filings(desk: Desk) -> list[dict[str, Any]]:
    collect([desk.incoming], desk.folder / "库", CATALOGUE, engine=here)
    found: list[dict[str, Any]] = (
        Store.open(desk.folder / "库").read("filings", ["filing", "unit"]).to_pylist()
    )
    return found


def test_what_a_treasury_set_holds_for_what_goes_back(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    off = Adjustments(PACKAGE, 2023, "某财绩〔2024〕3号", rules=(RuleChange("STR-002", None, "统一填写"),))
    assert desk.run(adjustments=off).letters == 0
    assert desk.files() == [name("000001", "甲局")]
    down = dataclasses.replace(off, rules=())
    assert desk.run(adjustments=down).letters == 1
    assert "（某财绩〔2024〕3号）收悉" in told(desk.outgoing / letter("000001", "甲局"))


def test_without_a_sheet_for_results_there_is_the_letter(desk: Desk) -> None:
    path = desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    _without_results(path)
    done = desk.run()
    assert (done.books, done.letters) == (0, 1) and desk.files() == [letter("000001", "甲局")]
    ((_, why),) = done.remarks
    assert why.startswith("审核结果写不进工作簿") and why.endswith("只有退回通知")
    assert "请在原工作簿上修改" in told(desk.outgoing / letter("000001", "甲局"))
    again = desk.run()
    assert (again.letters, again.moved, again.remarks) == (
        0,
        0,
        done.remarks,
    )  # said again, not written again


def _without_results(path: Path) -> None:
    workbook = Workbook(Parts.open(path))
    text = workbook.parts[workbook.parts.workbook].replace(RESULTS.encode(), "别的结果".encode())
    from jixiao.books.ooxml.parts import replace

    replace(path, workbook.parts, {workbook.parts.workbook: text})


# ------------------------------------------------------------------------------------------------------- the next run


def test_what_did_not_change_is_not_written_again(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.hand_in("b.xlsx", "000002", "乙局")
    desk.run()
    edited = desk.outgoing / letter("000001", "甲局")
    document = docx.Document(str(edited))
    document.add_paragraph("联系人：王敏")
    document.save(str(edited))
    before = stamps(desk.outgoing)
    done = desk.run(dataclasses.replace(TERMS, day=dt.date(2024, 4, 5)))
    assert (done.books, done.letters, done.kept, done.moved) == (0, 0, 2, 0)
    assert stamps(desk.outgoing) == before


def test_a_corrected_filing_has_its_letter_moved_aside(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.hand_in("b.xlsx", "000002", "乙局", 主管部门=None)
    desk.run()
    before = stamps(desk.outgoing)
    old = (desk.outgoing / letter("000001", "甲局")).read_bytes()
    type_in(desk.incoming / "a.xlsx", {"主管部门": "某部"})
    done = desk.run()
    assert (done.books, done.letters, done.kept, done.moved) == (1, 0, 1, 2)
    assert desk.files() == sorted([name("000001", "甲局"), name("000002", "乙局"), letter("000002", "乙局")])
    assert desk.files(ASIDE) == sorted(
        [name("000001", "甲局", "（1）.xlsx"), name("000001", "甲局", "退回通知（1）.docx")]
    )
    assert (desk.outgoing / ASIDE / name("000001", "甲局", "退回通知（1）.docx")).read_bytes() == old
    after = stamps(desk.outgoing)
    assert all(after[each] == before[each] for each in (name("000002", "乙局"), letter("000002", "乙局")))


def test_another_deadline_is_another_letter_and_the_same_workbook(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.run()
    before = stamps(desk.outgoing)
    for number in (1, 2):
        done = desk.run(dataclasses.replace(TERMS, deadline=dt.date(2024, 4, 19 + number)))
        assert (done.books, done.letters, done.moved) == (0, 1, 1)
        assert f"于2024年4月{19 + number}日前" in told(desk.outgoing / letter("000001", "甲局"))
    assert stamps(desk.outgoing)[name("000001", "甲局")] == before[name("000001", "甲局")]
    assert desk.files(ASIDE) == [name("000001", "甲局", f"退回通知（{n}）.docx") for n in (1, 2)]


def test_somebody_s_own_file_of_that_name_is_kept(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.outgoing.mkdir()
    (desk.outgoing / letter("000001", "甲局")).write_bytes(b"mine")
    assert desk.run().moved == 1
    assert (desk.outgoing / ASIDE / name("000001", "甲局", "退回通知（1）.docx")).read_bytes() == b"mine"


def test_what_is_gone_from_what_came_in_goes_from_what_goes_back(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    path = desk.hand_in("b.xlsx", "000002", "乙局", 主管部门=None)
    desk.run()
    path.unlink()
    done = desk.run()
    assert (done.kept, done.moved) == (1, 2)
    assert desk.files() == sorted([name("000001", "甲局"), letter("000001", "甲局")])


def test_a_file_that_was_deleted_is_written_again(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.run()
    (desk.outgoing / letter("000001", "甲局")).unlink()
    done = desk.run()
    assert (done.books, done.letters, done.moved) == (0, 1, 0)


def test_what_was_collected_elsewhere_stays(desk: Desk, tmp_path: Path) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.run()
    other = Desk(tmp_path / "另")
    other.folder.mkdir()
    other.hand_in("b.xlsx", "000002", "乙局", 主管部门=None)
    collect([other.incoming], desk.folder / "库", CATALOGUE, engine=here)
    store = Store.open(desk.folder / "库")
    done = give_back(store, [other.incoming], desk.outgoing, CATALOGUE, TERMS, jobs=0)
    assert (done.books, done.letters, done.elsewhere, done.moved) == (1, 1, 1, 0)
    assert len(desk.files()) == 4


def test_what_changed_after_it_was_collected_is_not_judged(desk: Desk) -> None:
    path = desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.run()
    before = stamps(desk.outgoing)
    collect([desk.incoming], desk.folder / "库", CATALOGUE, engine=here)
    store = Store.open(desk.folder / "库")
    type_in(path, {"主管部门": "某部"})
    done = give_back(
        store,
        [desk.incoming],
        desk.outgoing,
        CATALOGUE,
        dataclasses.replace(TERMS, authority="另一局"),
        jobs=0,
    )
    assert done.remarks == [(name("000001", "甲局"), "收集之后文件又有改动，请重新收集")]
    assert stamps(desk.outgoing) == before


def test_a_full_disk_keeps_what_was_done(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 4):
        desk.hand_in(f"{number}.xlsx", f"00000{number}", f"第{number}局", 主管部门=None)
    real, written = returning._put, []

    def full(target: Path, data: bytes) -> tuple[bool, int]:
        if len(written) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        written.append(target)
        return real(target, data)

    monkeypatch.setattr(returning, "_put", full)
    done = desk.run()
    assert done.stopped is not None and done.stopped.errno == errno.ENOSPC
    assert (done.books, done.letters) == (1, 1)
    monkeypatch.undo()
    done = desk.run()
    assert done.stopped is None and (done.letters, done.kept) == (2, 1)
    assert len(desk.files()) == 6 and not [path for path in desk.outgoing.iterdir() if path.name[0] == "."]


def test_an_interrupted_run_goes_on(desk: Desk) -> None:
    for number in range(1, 4):
        desk.hand_in(f"{number}.xlsx", f"00000{number}", f"第{number}局", 主管部门=None)

    class Tired:
        def __init__(self, total: int, what: str) -> None:
            self.count = 0

        def __enter__(self) -> Callable[[int], None]:
            return self.advance

        def __exit__(self, *error: object) -> None:
            pass

        def advance(self, count: int) -> None:
            self.count += count
            if self.count == 2:
                raise KeyboardInterrupt

    done = desk.run(show=Tired)
    assert done.interrupted and done.letters == 1
    done = desk.run()
    assert not done.interrupted and done.kept >= 1 and len(desk.files()) == 6


# ------------------------------------------------------------------------------------------------------- the folder


@pytest.mark.parametrize("where", ["收回", "收回/退", ".", "库", "库/退"])
def test_what_goes_back_is_never_where_it_would_be_collected(where: str, desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局")
    collect([desk.incoming], desk.folder / "库", CATALOGUE, engine=here)
    store = Store.open(desk.folder / "库")
    before = sorted(desk.folder.rglob("*"))
    with pytest.raises(DeskError) as refused:
        give_back(store, [desk.incoming], desk.folder / where, CATALOGUE, TERMS, jobs=0)
    assert "--return" in refused.value.remedy
    assert sorted(desk.folder.rglob("*")) == before


@pytest.mark.parametrize(
    "record",
    [
        "{",
        "[]",
        '{"format": 2, "files": {}}',
        '{"format": 1, "files": {"a.xlsx": {"key": "", "files": ["../收回/a.xlsx"]}}}',
        '{"format": 1, "files": {"a.xlsx": {"key": "", "files": [".."]}}}',
        '{"format": 1, "files": {"a.xlsx": {"key": 1, "files": []}}}',
    ],
)
def test_a_record_that_is_not_ours_is_told(record: str, desk: Desk) -> None:
    path = desk.hand_in("a.xlsx", "000001", "甲局")
    desk.outgoing.mkdir()
    (desk.outgoing / RECORD).write_text(record, "utf-8")
    with pytest.raises(DeskError, match="换一个新文件夹"):
        desk.run()
    assert path.is_file() and desk.files() == []


def test_the_record_names_what_is_there(desk: Desk) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.run()
    entries = json.loads((desk.outgoing / RECORD).read_text("utf-8"))["files"]
    assert [entry["files"] for entry in entries.values()] == [
        [name("000001", "甲局"), letter("000001", "甲局")]
    ]


# --------------------------------------------------------------------------------------------------- the command line


def test_from_the_command_line(desk: Desk, run: Run, tmp_path: Path) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    order = ["collect", desk.incoming, "--store", desk.folder / "库", "--return", desk.outgoing]
    code, out, err = run(*order, "--deadline", "2024年5月6日", "--authority", "某县财政局绩效股")
    assert (code, err) == (1, "")
    assert f"退回：写了工作簿 1 份、退回通知 1 份，在“{desk.outgoing}”。" in out
    said = told(desk.outgoing / letter("000001", "甲局"))
    assert "于2024年5月6日前" in said and "某县财政局绩效股" in said
    type_in(desk.incoming / "a.xlsx", {"主管部门": "某部"})
    code, out, _ = run(*order, "--deadline", "2024-05-06", "--authority", "某县财政局绩效股")
    assert code == 0  # nothing is left to be done
    assert "退回：写了工作簿 1 份、退回通知 0 份" in out and "移到了" in out


def test_an_opinion_typed_into_the_summary_goes_into_the_letter(desk: Desk, run: Run) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局", 主管部门=None)
    desk.hand_in("b.xlsx", "000002", "乙局", 主管部门=None)
    summary = desk.folder / "汇总.xlsx"
    order = ["collect", desk.incoming, "--store", desk.folder / "库", "-o", summary]
    assert run(*order)[0] == 1
    book = openpyxl.load_workbook(summary)
    cells = [cell for row in book["单位排名"].iter_rows() for cell in row]
    (head,) = (cell for cell in cells if cell.value == "复核意见")
    (unit,) = (cell for cell in cells if cell.value == "乙局")
    book["单位排名"].cell(unit.row, head.column).value = "=请补充采购合同"
    book["单位排名"].cell(unit.row, head.column).data_type = "s"
    book.save(summary)
    for _ in range(2):  # it is kept in the summary that is written again
        code, out, _ = run(*order, "--return", desk.outgoing)
        assert code == 1
    assert "2 家没有变化" in out
    assert "复核意见：=请补充采购合同" in told(desk.outgoing / letter("000002", "乙局"))
    assert "复核意见" not in told(desk.outgoing / letter("000001", "甲局"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--return", "退回", "--deadline", "下周"], "重新报送的日期“下周”不对"),
        (["--return", "退回", "--deadline", "2024-02-30"], "重新报送的日期“2024-02-30”不对"),
        (["--deadline", "2024-02-20"], "没有写 --return"),
        (["--template", "退回通知.docx"], "没有写 --return"),
        (["--return", "没有/退回"], "文件夹“没有”不存在"),
        (["--return", "收回"], "互相包含"),
        (["--return", "退回", "--template", "没有.docx"], "找不到模板"),
    ],
)
def test_unusable_arguments_are_told_before_anything_is_read(
    arguments: list[str],
    said: str,
    desk: Desk,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.hand_in("a.xlsx", "000001", "甲局")
    monkeypatch.chdir(desk.folder)
    code, out, err = run("collect", "收回", "--store", "库", *arguments)
    assert (code, out) == (2, "") and said in err and "请" in err
    assert not (desk.folder / "库").exists()


def test_real_mistakes_go_back_with_the_words_of_the_check(hengshan_book: Path, desk: Desk) -> None:
    copied(hengshan_book, desk.incoming / "一.xlsx", "甲局")
    done = desk.run()
    assert (done.books, done.letters) == (1, 1)
    (path,) = desk.outgoing.glob("*.docx")
    said = told(path)
    for finding in check(read(desk.incoming / "一.xlsx", CATALOGUE), CATALOGUE):
        assert finding.message.splitlines()[0] in said
