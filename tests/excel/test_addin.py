"""The add-in is built alike every time, holds what its sources say, and a copy of it learns about its computer."""

import re
import tomllib
import zipfile
from pathlib import Path

import olefile
import openpyxl
import pytest
from oletools.olevba import VBA_Parser

from jixiao import __version__, resources
from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.books.vba.project import LINE_LIMIT, ascii_vba
from jixiao.catalogue import load_catalogue
from jixiao.excel.addin import build_addin, configure, dll_version, drift, modules, read_settings

CATALOGUE = load_catalogue()
DECLARE = re.compile(r"^\s*(?:Private |Public )?Declare\b.*", re.MULTILINE)
DLL = "xl/vbaProject.bin"


@pytest.fixture(scope="module")
def addin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("addin") / "jixiao.xlam"
    build_addin(CATALOGUE, path)
    return path


def test_the_same_sources_give_the_same_file(addin: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.xlam"
    build_addin(CATALOGUE, again)
    assert again.read_bytes() == addin.read_bytes()
    assert drift(addin, CATALOGUE) == []


def test_the_package_is_an_add_in_with_ribbon_and_images(addin: Path) -> None:
    with zipfile.ZipFile(addin) as file:
        assert file.testzip() is None
        assert all(item.date_time[0] == 1980 for item in file.infolist())
        parts = {name: file.read(name) for name in file.namelist()}
    types = parts["[Content_Types].xml"].decode()
    main = '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.ms-excel.addin.macroEnabled.main+xml"/>'
    assert main in types
    for extension in ("png", "xml", "rels", "bin"):
        assert f'<Default Extension="{extension}" ' in types
    opened = Parts.open(addin)
    ribbon = [relation for relation in opened.relations("").values() if relation.kind == "extensibility"]
    assert [relation.target for relation in ribbon] == ["customUI/customUI14.xml"]
    images = opened.relations("customUI/customUI14.xml")
    assert {relation.kind for relation in images.values()} == {"image"}
    assert all(relation.target in parts for relation in images.values())
    assert set(re.findall(r'image="(\w+)"', parts["customUI/customUI14.xml"].decode())) == set(images)
    assert not [name for name in parts if "externalLink" in name]


def test_sheets_have_the_code_names_that_vba_uses(addin: Path) -> None:
    opened = Parts.open(addin)
    book = opened.text("xl/workbook.xml")
    assert '<workbookPr codeName="ThisWorkbook"' in book
    assert '<sheet name="配置" sheetId="2" state="hidden"' in book
    assert 'codeName="Settings"' in opened.text("xl/worksheets/sheet2.xml")
    assert "Settings.Cells" in modules()["JixiaoPython"]


def test_the_vba_is_what_its_sources_say(addin: Path) -> None:
    content = Parts.open(addin)[DLL]
    with olefile.OleFileIO(content, raise_defects=olefile.DEFECT_UNSURE) as file:
        assert not file.parsing_issues
    found = {
        name.rpartition(".")[0]: code.replace("\r\n", "\n")
        for _, _, name, code in VBA_Parser("vbaProject.bin", data=content).extract_macros()
    }
    expected = modules()
    assert set(found) == {*expected, "About", "Settings"}
    assert found.pop("ThisWorkbook").endswith(ascii_vba(expected.pop("ThisWorkbook")).partition("\n")[2])
    for name, text in expected.items():
        assert found[name] == ascii_vba(text)
        assert found[name].isascii()
        assert max(map(len, found[name].split("\n"))) <= LINE_LIMIT


def test_sources_are_modules_of_their_own_name() -> None:
    files = [*(resources.ADDIN / "vba").rglob("*.bas"), *(resources.ADDIN / "vba").rglob("*.cls")]
    assert len(files) == 7
    for file in files:
        text = file.read_text("utf-8")
        assert text.startswith(f'Attribute VB_Name = "{file.stem}"\n')
        assert "\nOption Explicit\n" in text


def test_every_declare_works_in_64_bits_and_none_reaches_macos() -> None:
    workbook = (resources.ADDIN / "vba" / "workbook" / "JixiaoMessage.bas").read_text("utf-8")
    for text in (*modules().values(), workbook):
        assert all("PtrSafe" in line for line in DECLARE.findall(text))
        depth = []
        for line in text.splitlines():
            if line.startswith("#If"):
                depth.append(line)
            elif line.startswith("#End If"):
                depth.pop()
            elif "Declare " in line:
                assert depth[-1:] in (["#If Mac Then"], ["#If VBA7 And Not Mac Then"])
        assert depth == []


def test_blocks_are_closed() -> None:
    """Nobody compiles VBA here: at least every block that is opened is closed, in order."""
    opening = {
        "Sub": r"(?:Public |Private )?Sub ",
        "Function": r"(?:Public |Private )?Function ",
        "If": r"If .* Then(?:\s*'.*)?$",
        "Select": r"Select Case ",
        "With": r"With ",
    }
    for name, text in modules().items():
        depth: list[str] = []
        for line in re.sub(r" _\n\s*", " ", text).splitlines():
            words = line.strip()
            for kind, pattern in opening.items():
                if re.match(pattern, words):
                    depth.append(f"End {kind}")
            if re.match(r"For ", words):
                depth.append("Next")
            elif re.match(r"Do\b", words):
                depth.append("Loop")
            elif re.match(r"End (?:Sub|Function|If|Select|With)\b|Next\b|Loop\b", words):
                assert depth and words.startswith(depth.pop()), (name, line)
        assert depth == [], name


def test_the_dll_is_that_of_the_pinned_xlwings() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    assert f"xlwings=={dll_version()}" in project["project"]["dependencies"]
    source = modules()["JixiaoPython"]
    assert f'Lib "xlwings64-{dll_version()}.dll"' in source
    assert f'Lib "xlwings32-{dll_version()}.dll"' in source
    assert "{xlwings}" not in source
    assert dll_version() not in (resources.ADDIN / "vba" / "JixiaoPython.bas").read_text("utf-8")


def test_a_fresh_add_in_belongs_to_no_computer(addin: Path) -> None:
    assert read_settings(addin) == {"version": __version__, "xlwings": dll_version(), "python": "", "dll": ""}


def test_a_copy_learns_about_its_computer(addin: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.xlam"
    settings = {"python": "C:\\用户 甲\\Python & 311\\pythonw.exe", "dll": "C:\\用户 甲\\Python & 311"}
    configure(addin, copy, settings)
    assert read_settings(copy) == {"version": __version__, "xlwings": dll_version(), **settings}
    old, new = Parts.open(addin), Parts.open(copy)
    assert old.names == new.names
    assert [name for name in old if old[name] != new[name]] == ["xl/worksheets/sheet2.xml"]
    assert drift(copy, CATALOGUE) == ["不一致：copy.xlam 中的 xl/worksheets/sheet2.xml"]
    configure(copy, copy, {"python": "D:\\pythonw.exe"})  # installed again elsewhere
    assert read_settings(copy)["python"] == "D:\\pythonw.exe"
    assert read_settings(copy)["dll"] == settings["dll"]


def test_excel_would_read_the_settings_as_text(addin: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.xlsm"  # openpyxl refuses the type of an add-in
    configure(addin, copy, {"python": "=1+1"})
    parts = {name: Parts.open(copy)[name] for name in Parts.open(copy)}
    kind = b"application/vnd.ms-excel.%s.macroEnabled.main+xml"
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(kind % b"addin", kind % b"sheet")
    with zipfile.ZipFile(copy, "w") as file:
        for name, content in parts.items():
            file.writestr(name, content)
    cell = openpyxl.load_workbook(copy, keep_vba=True)["配置"]["B3"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_a_setting_that_is_not_there_is_refused(addin: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        configure(addin, tmp_path / "copy.xlam", {"puthon": ""})
    assert not (tmp_path / "copy.xlam").exists()


def test_a_workbook_that_is_no_add_in_is_refused(tmp_path: Path) -> None:
    book = tmp_path / "a.xlsx"
    openpyxl.Workbook().save(book)
    with pytest.raises(Unreadable, match="加载项"):
        read_settings(book)


def test_drift_tells_what_differs(addin: Path, tmp_path: Path) -> None:
    assert drift(tmp_path / "jixiao.xlam", CATALOGUE) == ["缺少：jixiao.xlam"]
    assert drift(addin, CATALOGUE) == []
