"""Builds addin/jixiao.xlam from ribbon.xml, the icons, the VBA sources and the wrappers; sets up a copy of it.

The add-in knows the computer it is on from its sheet 配置 and from nothing else: VBA reads it there, and a cell takes
any path. Formats: ECMA-376 part 1 and 2, [MS-CUSTOMUI] for the ribbon.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import io
import tempfile
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path

import xlsxwriter

from jixiao import __version__, resources
from jixiao.books.drift import differences
from jixiao.books.ooxml.parts import Parts, Unreadable, replace
from jixiao.books.ooxml.splice import SheetXml
from jixiao.books.ooxml.workbook import Workbook
from jixiao.books.vba.project import WORKBOOK, project
from jixiao.books.vba.wrappers import ADDIN_NAME, MODULE_NAME, addin_functions
from jixiao.declarations import Catalogue

SETTINGS = "配置"
"""The sheet of settings: names in column A, values in column B."""
SETTINGS_CODE = "Settings"
"""What VBA calls it."""
PROJECT_NAME = "JixiaoAddin"

_ABOUT, _ABOUT_CODE = "说明", "About"
_ABOUT_TEXT = (
    "绩效自评",
    "预算绩效自评加载项：选项卡“绩效自评”上的按钮，以及 JX_ 开头的测算函数。",
    "安装：关闭 Excel，运行 jixiao install；用离线安装包的，双击 install.cmd。检查和修复：jixiao doctor。卸载：jixiao uninstall。",
    "不要改动本文件；各台电脑的设置由安装程序写入。",
)
_NOTES = {
    "version": "加载项的版本",
    "xlwings": "连接文件（DLL）的版本",
    "python": "Python 程序，完整路径",
    "dll": "连接文件所在的文件夹",
}
_CREATED = dt.datetime(2024, 1, 1)  # fixed, so that the same sources give the same file
_MACRO_TYPE = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
_ADDIN_TYPE = "application/vnd.ms-excel.addin.macroEnabled.main+xml"
_UI = "http://schemas.microsoft.com/office/2009/07/customui"
_UI_PART = "customUI/customUI14.xml"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_UI_RELATION = "http://schemas.microsoft.com/office/2007/relationships/ui/extensibility"
_IMAGE_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"


def dll_version() -> str:
    """The version of xlwings, whose DLL carries it in its name; it is pinned where the dependencies are declared."""
    return importlib.metadata.version("xlwings")


def modules() -> dict[str, str]:
    """The VBA texts of the add-in by module name."""
    files = sorted((resources.ADDIN / "vba").glob("*.*"))
    texts = {file.stem: file.read_text("utf-8").replace("{xlwings}", dll_version()) for file in files}
    return {**texts, MODULE_NAME: addin_functions()}


def ribbon(catalogue: Catalogue) -> str:
    """The ribbon, with an item for every package in the menus of 新建套表 and 下发."""
    ET.register_namespace("", _UI)
    root = ET.fromstring((resources.ADDIN / "ribbon.xml").read_text("utf-8"))
    packages = sorted(catalogue.packages.values(), key=lambda package: package.code)
    for action, menu in _menus(root):
        for number, package in enumerate(packages, 1):
            title = package.title.format(year=package.year)
            tip = f"{package.authority}下发，共 {len(package.forms)} 种表。"
            item = {"id": f"{action}.{package.code}", "label": title, "tag": f"any|{package.code}"}
            item |= {"image": action, "keytip": str(number), "screentip": title, "supertip": tip}
            item |= {"onAction": "JixiaoAction", "getEnabled": "JixiaoEnabled"}
            ET.SubElement(menu, f"{{{_UI}}}button", item)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _menus(root: ET.Element) -> Iterator[tuple[str, ET.Element]]:
    """The menus that offer every package, with the action of their items."""
    for element in root.iter(f"{{{_UI}}}menu"):
        yield element.attrib["id"].removesuffix("_menu"), element


def build_addin(catalogue: Catalogue, path: Path) -> None:
    """Write the add-in as it is committed: for no computer yet. The same sources give the same file.

    Args:
        catalogue: for the menu of packages.
        path: the .xlam to write; it appears complete or not at all.

    Raises:
        VbaError: a VBA source is not as Excel wants it.
        Unreadable: the file cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "addin.xlsm"
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what XlsxWriter warns about it has left out
            _write(plain)
        parts = Parts.open(plain)
        types = parts["[Content_Types].xml"].decode()
        relations = parts["_rels/.rels"].decode()
        changes = {
            "[Content_Types].xml": _once(
                _once(types, _MACRO_TYPE, _ADDIN_TYPE),
                "<Override ",
                '<Default Extension="png" ContentType="image/png"/><Override ',
            ),
            "_rels/.rels": _once(
                relations,
                "</Relationships>",
                _relation("ribbon", _UI_RELATION, _UI_PART) + "</Relationships>",
            ),
        }
        added = {_UI_PART: ribbon(catalogue).encode(), **_images()}
        replace(path, parts, {name: text.encode() for name, text in changes.items()}, added)


def _once(text: str, old: str, new: str) -> str:
    if old not in text:
        raise ValueError(f"XlsxWriter no longer writes {old}")
    return text.replace(old, new, 1)


def _relation(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{kind}" Target="{target}"/>'


def _images() -> dict[str, bytes]:
    """The icons and the part that says which is which."""
    files = sorted((resources.ADDIN / "images").glob("*.png"))
    links = "".join(_relation(file.stem, _IMAGE_RELATION, f"images/{file.name}") for file in files)
    relations = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<Relationships xmlns="{_RELATIONS}">{links}</Relationships>'
    )
    images = {f"customUI/images/{file.name}": file.read_bytes() for file in files}
    return {"customUI/_rels/customUI14.xml.rels": relations.encode(), **images}


def _write(path: Path) -> None:
    """Write the workbook part of the add-in."""
    # In memory: as files, XlsxWriter writes the parts on Windows with other ends of lines than elsewhere.
    options = {"strings_to_numbers": False, "strings_to_urls": False, "in_memory": True}
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"title": "绩效自评", "created": _CREATED})
    book.calc_on_load = False
    book.set_vba_name(WORKBOOK)
    book.add_vba_project(
        io.BytesIO(project(modules(), [_ABOUT_CODE, SETTINGS_CODE], PROJECT_NAME)), is_stream=True
    )
    about = book.add_worksheet(_ABOUT)
    about.set_vba_name(_ABOUT_CODE)
    about.hide_gridlines(2)
    about.set_column(0, 0, 100)
    for row, text in enumerate(_ABOUT_TEXT):
        about.write_string(row, 0, text, book.add_format({"text_wrap": True, "bold": row == 0}))
    settings = book.add_worksheet(SETTINGS)
    settings.set_vba_name(SETTINGS_CODE)
    settings.set_column(0, 0, 12)
    settings.set_column(1, 1, 80)
    settings.set_column(2, 2, 30)
    settings.hide()
    text = book.add_format({"num_format": "@"})
    values = {"version": __version__, "xlwings": dll_version()}
    for row, (name, note) in enumerate(_NOTES.items()):
        settings.write_string(row, 0, name)
        settings.write(row, 1, values.get(name, ""), text)
        settings.write_string(row, 2, note)
    book.close()


def read_settings(path: Path) -> dict[str, str]:
    """What an add-in was told, by name.

    Raises:
        Unreadable: it is no add-in of ours.
    """
    _, rows = _settings(Parts.open(path))
    return {name: value for name, (_, value) in rows.items()}


def _settings(parts: Parts) -> tuple[str, dict[str, tuple[str, str]]]:
    """Return the part of the settings' sheet, and address and value of every setting."""
    book = Workbook(parts)
    for sheet in book.sheets:
        if sheet.name == SETTINGS:
            cells = book.cells(sheet)
            rows = {}
            for row in range(1, len(_NOTES) + 1):
                name, value = cells.get(row, 1), cells.get(row, 2)
                if name is not None:
                    rows[str(name.value)] = f"B{row}", str(value.value or "") if value else ""
            return sheet.part, rows
    raise Unreadable(parts.path, "这不是“绩效自评”加载项", "请重新安装程序")


def configure(source: Path, target: Path, settings: Mapping[str, str]) -> None:
    """Write a copy of the add-in that knows its computer; every part but the sheet of settings stays as it is.

    Args:
        source: the add-in as it was built.
        target: the copy; it appears complete or not at all.
        settings: values by name (``python``, ``dll``, ``version``).

    Raises:
        KeyError: there is no such setting.
        Unreadable: the source is no add-in of ours, or the copy cannot be written.
    """
    parts = Parts.open(source)
    part, rows = _settings(parts)
    sheet = SheetXml(parts[part])
    for name, value in settings.items():
        if not sheet.set(rows[name][0], value):
            raise KeyError(name)
    replace(target, parts, {part: sheet.result()})


def drift(committed: Path, catalogue: Catalogue) -> list[str]:
    """Build the add-in anew and compare it with ``committed``.

    Returns:
        One line per part that differs; empty when nothing does.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ADDIN_NAME
        build_addin(catalogue, path)
        return differences(path, committed)
