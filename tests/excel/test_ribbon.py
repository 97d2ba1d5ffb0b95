"""The ribbon is what Excel accepts, every callback exists in VBA as Excel calls it, and every button is an action."""

import re
import struct
import xml.etree.ElementTree as ET

import pytest

from jixiao import resources
from jixiao.catalogue import load_catalogue
from jixiao.excel.addin import modules, ribbon
from jixiao.excel.macros import ACTIONS

UI = "{http://schemas.microsoft.com/office/2009/07/customui}"
CATALOGUE = load_catalogue()
ROOT = ET.fromstring(ribbon(CATALOGUE).encode())
CONTROLS = [
    element for element in ROOT.iter() if element.tag.removeprefix(UI) in ("button", "menu", "labelControl")
]
BUTTONS = [element for element in CONTROLS if element.tag == UI + "button"]

#: Attributes that [MS-CUSTOMUI] 2.2 allows, as far as they are used here.
COMMON = {
    "id",
    "tag",
    "label",
    "getLabel",
    "screentip",
    "getScreentip",
    "supertip",
    "getSupertip",
    "getEnabled",
}
ALLOWED = {
    "customUI": {"onLoad"},
    "ribbon": set(),
    "tabs": set(),
    "tab": {"id", "label", "keytip", "insertAfterMso"},
    "group": {"id", "label"},
    "menu": COMMON | {"image", "size", "keytip"},
    "button": COMMON | {"image", "size", "keytip", "onAction"},
    "labelControl": COMMON,
}
CHILDREN = {
    "customUI": {"ribbon"},
    "ribbon": {"tabs"},
    "tabs": {"tab"},
    "tab": {"group"},
    "group": {"button", "menu", "labelControl"},
    "menu": {"button"},
}
LIMITS = {"id": 1024, "tag": 1024, "label": 1024, "screentip": 1024, "supertip": 1024, "keytip": 3}
#: How Excel calls a procedure for each kind of callback.
SIGNATURES = {
    "onLoad": r"\w+ As IRibbonUI",
    "onAction": r"\w+ As IRibbonControl",
    "getEnabled": r"\w+ As IRibbonControl, ByRef \w+ As Variant",
    "getLabel": r"\w+ As IRibbonControl, ByRef \w+ As Variant",
    "getScreentip": r"\w+ As IRibbonControl, ByRef \w+ As Variant",
    "getSupertip": r"\w+ As IRibbonControl, ByRef \w+ As Variant",
}


def action(control: ET.Element) -> str:
    return control.attrib["id"].split(".")[0]


def test_elements_and_attributes_are_known() -> None:
    for element in ROOT.iter():
        name = element.tag.removeprefix(UI)
        assert set(element.attrib) <= ALLOWED[name], element.attrib
        assert {child.tag.removeprefix(UI) for child in element} <= CHILDREN.get(name, set())
    for item in ROOT.iterfind(f".//{UI}menu/{UI}button"):
        assert "size" not in item.attrib  # a menu's items all have the menu's


def test_texts_are_short_enough() -> None:
    for element in ROOT.iter():
        for name, limit in LIMITS.items():
            assert 0 < len(element.get(name, "-")) <= limit


def test_ids_are_unique_names() -> None:
    ids = [element.attrib["id"] for element in ROOT.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", name, re.ASCII) for name in ids)


def test_keytips_are_unique_where_they_are_typed() -> None:
    tab = ROOT.find(f".//{UI}tab")
    assert tab is not None
    keys = [control.attrib["keytip"] for group in tab for control in group if "keytip" in control.attrib]
    assert len(keys) == len(set(keys))
    assert all(len(key) == 1 for key in keys)  # one that begins another could not be typed
    for menu in ROOT.iterfind(f".//{UI}menu"):
        items = [item.attrib["keytip"] for item in menu]
        assert len(items) == len(set(items)) > 1


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.attrib["id"])
def test_every_control_is_explained_in_chinese(control: ET.Element) -> None:
    if control.tag == UI + "labelControl":
        assert {"getLabel", "getScreentip", "getSupertip"} <= set(control.attrib)
        return
    assert {"label", "screentip", "supertip", "keytip", "image", "getEnabled", "tag"} <= set(control.attrib)
    for name in ("label", "screentip", "supertip"):
        assert re.search(r"[\u4e00-\u9fff]", control.attrib[name])


def test_every_callback_is_in_the_vba() -> None:
    source = modules()["JixiaoRibbon"]
    used = {
        (kind, element.attrib[kind])
        for element in ROOT.iter()
        for kind in SIGNATURES
        if kind in element.attrib
    }
    assert {kind for kind, _ in used} == set(SIGNATURES)
    for kind, name in used:
        assert re.search(rf"^Public Sub {name}\({SIGNATURES[kind]}\)$", source, re.MULTILINE), name
    assert {element.get("onAction") for element in BUTTONS} == {"JixiaoAction"}


def test_every_image_is_there_and_used() -> None:
    used = {element.attrib["image"] for element in CONTROLS if "image" in element.attrib}
    files = {file.stem: file.read_bytes() for file in (resources.ADDIN / "images").glob("*.png")}
    assert used == set(files)
    for content in files.values():
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", content[16:24]) == (32, 32)
    assert {file.stem for file in (resources.ADDIN / "images").glob("*.svg")} == used


def test_every_button_is_an_action_and_every_action_a_button() -> None:
    needs = {action(button): button.attrib["tag"].partition("|")[0] for button in BUTTONS}
    assert needs == {name: known.needs for name, known in ACTIONS.items()}
    labels = {action(button): button.attrib["label"] for button in BUTTONS if "." not in button.attrib["id"]}
    labels |= {
        menu.attrib["id"].removesuffix("_menu"): menu.attrib["label"] for menu in ROOT.iter(UI + "menu")
    }
    assert labels == {name: known.label for name, known in ACTIONS.items()}


@pytest.mark.parametrize(("menu", "others"), [("new", ["rollover"]), ("issue", [])])
def test_a_menu_offers_every_package(menu: str, others: list[str]) -> None:
    items = {
        item.attrib["id"]: item.attrib["tag"]
        for item in ROOT.iterfind(f".//{UI}menu[@id='{menu}_menu']/{UI}button")
    }
    assert [items.pop(name) for name in others] == ["any"] * len(others)
    assert items == {f"{menu}.{code}": f"any|{code}" for code in CATALOGUE.packages}
    assert {f"{menu}.hengshan_2023", f"{menu}.yueyanglou_2023"} <= set(items)
