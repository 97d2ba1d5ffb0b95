"""Files that cannot be used: one message in Chinese with cause and remedy, and nobody's file is touched."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import openpyxl
import pytest

import libreoffice
from books.editing import saved_as
from commandline import Run
from jixiao import resources
from jixiao.books.build import build
from jixiao.books.ooxml.parts import Parts, replace
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue

UNIT = "岳阳市岳阳楼区市场监督管理局"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512


@pytest.fixture(scope="module")
def _good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    catalogue = load_catalogue()
    filing = read_case(resources.CASES / "yueyanglou_2023.yaml", catalogue)
    path = tmp_path_factory.mktemp("good") / "填报件.xlsx"
    build(catalogue.packages[filing.package], filing, catalogue, path)
    return path


@pytest.fixture
def good(_good: Path, tmp_path: Path) -> Path:
    """A filled workbook of its own for one test."""
    return Path(shutil.copy(_good, tmp_path))


def assert_told(err: str, *said: str) -> None:
    """Cause and remedy in Chinese, on one line or two."""
    lines = err.splitlines()
    assert 1 <= len(lines) <= 2, err
    assert "请" in lines[-1] and err.rstrip().endswith("。")
    assert re.search(r"[\u4e00-\u9fff]", lines[0])
    for text in said:
        assert text in err


def entry(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as file:
        return file.read(name)


def other_zip(path: Path, name: str) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr(name, "<x/>")


# ------------------------------------------------------------------------------------------- what is no such workbook


def plain_workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    book["Sheet"]["A1"] = "全年执行数"
    book.save(path)


def another_package(path: Path) -> None:
    parts = Parts.open(path)
    text = parts["xl/workbook.xml"].decode()
    replace(path, parts, {"xl/workbook.xml": text.replace("yueyanglou_2023", "changsha_2031").encode()})


def flattened(path: Path) -> None:
    """As other programs leave a workbook: all names gone."""
    parts = Parts.open(path)
    text = re.sub(r"<definedNames>.*</definedNames>", "", parts["xl/workbook.xml"].decode())
    replace(path, parts, {"xl/workbook.xml": text.encode()})


def corrupt(path: Path) -> None:
    """A hundred bytes of the largest sheet overwritten, as by a bad disk."""
    with zipfile.ZipFile(path) as file:
        info = max(file.infolist(), key=lambda info: info.compress_size)
    data = bytearray(path.read_bytes())
    middle = info.header_offset + 30 + len(info.filename) + info.compress_size // 2
    data[middle : middle + 100] = b"\xff" * 100
    path.write_bytes(data)


UNUSABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "空的"),
    "text": (lambda path: path.write_text("单位,金额\n1,2\n"), "不是 Excel 工作簿"),
    "web page": (lambda path: path.write_text("<html><table></table></html>"), "网页"),
    "xls": (lambda path: path.write_bytes(OLE + "Workbook\0".encode("utf-16-le")), "另存为 .xlsx"),
    "encrypted": (lambda path: path.write_bytes(OLE + "EncryptedPackage".encode("utf-16-le")), "打开密码"),
    "docx": (lambda path: other_zip(path, "word/document.xml"), "Word 文档"),
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:20000]), "不完整"),
    "corrupt": (corrupt, "部件 xl/worksheets/"),
    "another workbook": (plain_workbook, "不是下发的套表"),
    "another package": (another_package, "不认识套表“changsha_2031”"),
    "flattened": (flattened, "名称定义已全部丢失"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
@pytest.mark.parametrize("option", ["--json", "--annotate"])
def test_an_unusable_file_is_told_and_left_alone(kind: str, option: str, good: Path, run: Run) -> None:
    spoil, cause = UNUSABLE[kind]
    spoil(good)
    before = good.read_bytes()
    code, out, err = run("check", option, good)
    assert (code, out) == (2, "")
    assert_told(err, "填报件.xlsx", cause)
    assert good.read_bytes() == before
    assert [path.name for path in good.parent.iterdir()] == ["填报件.xlsx"]


def test_what_is_no_file(run: Run, tmp_path: Path) -> None:
    for path, cause in ((tmp_path, "这是文件夹"), (tmp_path / "没有.xlsx", "找不到文件")):
        code, _, err = run("check", path)
        assert code == 2
        assert_told(err, path.name, cause)


@pytest.mark.parametrize("name", ["~$填报件.xlsx", ".~填报件.xlsx"])
def test_a_lock_file_is_named_as_such(name: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x05user")
    code, _, err = run("check", tmp_path / name)
    assert code == 2
    assert_told(err, "临时锁定文件")


def test_formats_that_other_programs_really_write(good: Path, run: Run) -> None:
    if reason := libreoffice.missing():
        pytest.skip(reason)
    for name, said in (("a.xls", "旧的 .xls 或 .et 格式"), ("a.ods", ".ods 格式")):
        path = saved_as(good, good.with_name(name))
        for suffix in (path.suffix, ".et", ".xlsx"):  # a file is what is in it
            path = path.rename(path.with_suffix(suffix))
            code, _, err = run("check", path)
            assert code == 2
            assert_told(err, said)


def test_one_bad_file_does_not_keep_the_others_from_being_checked(
    good: Path, run: Run, tmp_path: Path
) -> None:
    bad = tmp_path / "坏.xlsx"
    bad.write_bytes(b"")
    code, out, err = run("check", "--json", bad, good)
    assert code == 2  # the worst of 2 and 1
    assert len(out.splitlines()) == 1 and f'"unit": "{UNIT}"' in out
    assert_told(err, "坏.xlsx")
    assert run("check", "--json", good)[0] == 1


def test_a_crash_over_one_file_does_not_keep_the_others_from_being_checked(
    good: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jixiao import check

    calls: list[object] = []

    def once_broken(filing: object, catalogue: object) -> list[object]:
        calls.append(filing)
        if len(calls) == 1:
            raise ZeroDivisionError("division by zero")
        return []

    monkeypatch.setattr(check, "check", once_broken)
    code, out, err = run("check", "--json", good, good)
    assert code == 2 and len(out.splitlines()) == 1
    assert_told(err, "程序出错", "--debug")


# ------------------------------------------------------------------------------------------- what is strange inside it


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="XFD1048576"><v>1</v></c>',
        '<c s="0" r="XFD1048576"><v>1</v></c>',
        "<c\n\tr='XFD1048576' t='n'\n><v>1</v></c>",
        '<c r="$XFD$1048576"><v>1</v></c>',
        '<c r="xfd1048576"><v>1</v></c>',
    ],
)
def test_a_cell_in_the_last_corner_costs_nothing(cell: str, good: Path, run: Run) -> None:
    expected = run("check", "--json", good)
    parts = Parts.open(good)
    sheet = parts["xl/worksheets/sheet2.xml"].decode()
    row = f'<row r="1048576">{cell}</row></sheetData>'
    replace(good, parts, {"xl/worksheets/sheet2.xml": sheet.replace("</sheetData>", row).encode()})
    start = time.process_time()
    assert run("check", "--json", good) == expected
    assert time.process_time() - start < 2


def test_figures_from_another_file_are_told(good: Path, run: Run) -> None:
    parts = Parts.open(good)
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/externalLinkPath" '
        'Target="file:///C:\\底稿\\去年.xlsx" TargetMode="External"/></Relationships>'
    )
    replace(
        good,
        parts,
        {},
        {
            "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
            "xl/externalLinks/_rels/externalLink1.xml.rels": relations.encode(),
        },
    )
    code, out, _ = run("check", "--json", good)
    assert code == 1
    assert "有公式引用了另一个文件“去年.xlsx”" in out and "断开链接" in out


def bomb(path: Path, part: str) -> None:
    """Replace a part by 2 GB of zeros, announced truly."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = bytes(2**20)
    body = b"".join(deflater.compress(block) for _ in range(128)) + deflater.flush(zlib.Z_FULL_FLUSH)
    body = (
        body * 16 + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    )  # each copy inflates to the same 128 MB
    with zipfile.ZipFile(path) as old:
        contents = {name: old.read(name) for name in old.namelist() if name != part}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in contents.items():
            new.writestr(name, content)
    data = path.read_bytes()
    start, end = data.find(b"PK\x01\x02"), data.rfind(b"PK\x05\x06")
    name = part.encode()
    common = struct.pack("<5H3I2H", 20, 0, 8, 0, 33, 0, len(body), 2**31, len(name), 0)
    central = data[start:end] + b"PK\x01\x02\x14\0" + common + struct.pack("<3H2I", 0, 0, 0, 0, start) + name
    local = b"PK\x03\x04" + common + name + body
    count = len(contents) + 1
    final = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(central), start + len(local), 0)
    path.write_bytes(data[:start] + local + central + final)


PEAK = """
import re, sys
from pathlib import Path
from jixiao.cli import main
code = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
sys.exit(code)
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="this system does not tell the memory of a process"
)
def test_a_bomb_of_2_gb_costs_neither_time_nor_memory(good: Path) -> None:
    """As a process, whose own peak of memory the system tells."""
    bomb(good, "xl/worksheets/sheet3.xml")
    assert good.stat().st_size < 5 * 2**20
    start = sum(os.times()[2:4])  # the processor time of children, however busy the machine is
    program = [sys.executable, "-c", PEAK, "check", str(good)]
    done = subprocess.run(
        program, capture_output=True, text=True, encoding="utf-8", env=environment(), check=False
    )
    assert done.returncode == 2
    assert_told(done.stderr, "填报件.xlsx", "解压后超过")
    assert sum(os.times()[2:4]) - start < 5
    assert int(done.stdout) * 1024 < 300 * 2**20


def environment() -> dict[str, str]:
    source = str(Path(resources.__file__).parents[1])
    return {
        **os.environ,
        "PYTHONPATH": source,
        "PYTHONIOENCODING": "ascii",
    }  # a console that knows no Chinese


def test_as_a_process_without_traceback(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"")
    program = [sys.executable, "-m", "jixiao.cli", "check", "a.xlsx"]
    done = subprocess.run(program, capture_output=True, cwd=tmp_path, env=environment(), check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert_told(done.stderr.decode("utf-8"), "a.xlsx", "文件是空的")


# ------------------------------------------------------------------------------------------------- nobody's file is lost


def refuse(*_: object, **__: object) -> NoReturn:
    raise PermissionError(13, "Permission denied")


def test_a_file_that_is_open_elsewhere_is_not_written(
    good: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, rename = good.read_bytes(), Path.replace

    def locked(self: Path, target: Path) -> Path:
        """What Windows does while Excel has the file open."""
        return rename(self, target) if target != good else refuse()

    monkeypatch.setattr(Path, "replace", locked)
    code, out, err = run("check", "--json", "--annotate", good)
    assert code == 2
    assert_told(err, "填报件.xlsx", "中关闭该文件")
    assert f'"unit": "{UNIT}"' in out  # what was found is told all the same
    assert good.read_bytes() == before
    code, _, err = run("new", "hengshan_2023", "--unit", "某局", "-o", good, "--force")
    assert code == 2
    assert_told(err, "填报件.xlsx", "原有文件没有改动", "中关闭该文件")
    assert good.read_bytes() == before
    assert [path.name for path in good.parent.iterdir()] == ["填报件.xlsx"]


def test_a_folder_that_cannot_be_written_to(good: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before = good.read_bytes()
    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    code, _, err = run("check", "--annotate", good)
    assert code == 2
    assert_told(err, "没有写入这个文件夹的权限", "原文件未改动")
    code, _, err = run("new", "hengshan_2023", "--unit", "某局", "-o", good.with_name("新.xlsx"))
    assert code == 2
    assert_told(err, "新.xlsx", "换一个文件夹")
    assert good.read_bytes() == before


def test_a_target_that_exists_is_kept(good: Path, run: Run) -> None:
    before = good.read_bytes()
    case = resources.CASES / "hengshan_2023.yaml"
    for arguments in (("new", "hengshan_2023", "--unit", "某局"), ("fill", case)):
        code, _, err = run(*arguments, "-o", good)
        assert code == 2
        assert_told(err, str(good), "已经存在，没有改动它", "--force")
        assert good.read_bytes() == before
        assert run(*arguments, "-o", good, "--force")[0] == 0
        assert good.read_bytes() != before
        before = good.read_bytes()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("没有/新.xlsx", "不存在"),
        ("新.xls", "不是 .xlsx"),
        ("新", "不是 .xlsx"),
        ("夹.xlsx", "已经存在"),
    ],
)
def test_targets_that_cannot_be(target: str, said: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "夹.xlsx").mkdir()
    code, _, err = run("new", "hengshan_2023", "--unit", "某局", "-o", tmp_path / target)
    assert code == 2
    assert_told(err, said)
    assert [path.name for path in tmp_path.iterdir()] == ["夹.xlsx"]


def test_a_folder_is_no_target_even_by_force(run: Run, tmp_path: Path) -> None:
    (tmp_path / "夹.xlsx").mkdir()
    code, _, err = run("new", "hengshan_2023", "--unit", "某局", "-o", tmp_path / "夹.xlsx", "--force")
    assert code == 2
    assert_told(err, "夹.xlsx", "是文件夹")


# --------------------------------------------------------------------------------------------------------- case files

CASE = """\
package: hengshan_2023
unit: 某局
year: 2023
sheets:
  - form: 项目支出绩效自评表
    fields: {项目支出名称: 运行维护费}
    tables:
      资金: [{来源: 年度资金总额, 年初预算数: 56.7}]
      指标: [{一级指标: 产出指标, 三级指标: 车辆维修数量, 分值: 10}]
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("year: 2023", "yaer: 2023", 3, "yaer"),
        ("hengshan_2023", "hengyang_2023", 1, "hengyang_2023"),
        ("form: 项目支出绩效自评表", "form: 项目表", 5, "项目表"),
        ("项目支出名称", "项目名", 6, "项目名"),
        ("年初预算数", "年初数", 8, "年初数"),
        ("来源: 年度资金总额", "来源: 总额", 8, "总额"),
        ("三级指标", "四级指标", 9, "四级指标"),
        ("指标: [", "目标: [", 9, "目标"),
        ("unit: 某局\n", "", 1, "unit"),
        ("unit: 某局", "unit: [某局", 3, ""),
    ],
)
def test_a_case_file_is_refused_with_its_line(
    old: str, new: str, line: int, said: str, run: Run, tmp_path: Path
) -> None:
    assert old in CASE
    case, target = tmp_path / "案例.yaml", tmp_path / "新.xlsx"
    case.write_text(CASE.replace(old, new, 1), "utf-8")
    code, _, err = run("fill", case, "-o", target)
    assert code == 2
    assert "案例.yaml" in err and f"第 {line} 行" in err and said in err
    assert not target.exists()
    case.write_text(CASE, "utf-8")
    assert run("fill", case, "-o", target)[0] == 0


def test_a_case_file_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, _, err = run("fill", tmp_path / "没有.yaml", "-o", tmp_path / "新.xlsx")
    assert code == 2 and "没有.yaml" in err
    assert not (tmp_path / "新.xlsx").exists()


@pytest.mark.parametrize("name", ["附件[3]", "附件3/1", "很长" * 16, "'附件3", "首页", "审核结果"])
def test_a_sheet_name_that_excel_refuses_is_told(name: str, run: Run, tmp_path: Path) -> None:
    case, target = tmp_path / "案例.yaml", tmp_path / "新.xlsx"
    text = CASE.replace("    fields:", f'    name: "{name}"\n    fields:')
    case.write_text(text, "utf-8")
    code, _, err = run("fill", case, "-o", target)
    assert code == 2
    assert name in err and "程序出错" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["案例.yaml"]
