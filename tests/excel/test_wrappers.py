"""The VBA of the worksheet functions, against what xlwings would generate for the same Python module."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from desktop import desktop
from jixiao.books.vba.project import ascii_vba
from jixiao.books.vba.wrappers import ADDIN_NAME, CATEGORY, MODULE_NAME, addin_functions, workbook_functions
from jixiao.measures import MEASURES

BOTH = pytest.mark.parametrize("source", [addin_functions, workbook_functions])
PROCEDURE = re.compile(r"^(Public |Private )?(Function|Sub) (\w+)\((.*)\)(?: As \w+)?$", re.M)
# Words that VBA keeps for itself (MS-VBAL 3.3.5.2), in part: those that could be the name of an argument.
RESERVED = re.findall(
    r"\w+",
    "abs any array as boolean byref byte byval call case circle const currency date debug decimal declare dim do "
    "double each else empty end enum erase error event exit false fix for friend function get global goto if imp in "
    "input int integer is let like line lock long loop lset me mod new next not nothing null object on open option "
    "optional or paramarray preserve print private property pset public put raiseevent redim rem resume return rset "
    "scale seek select set shared single spc static step stop string sub tab then time to true type until variant "
    "wend while with write xor",
)


@pytest.fixture(scope="module")
def generated() -> Iterator[str]:
    with desktop("jixiao.excel.functions") as excel:
        yield excel.wrappers()


def functions(source: str) -> dict[str, list[str]]:
    """The worksheet functions of a module with their parameters, types left out."""
    return {
        name: [parameter.replace(" As Variant", "") for parameter in parameters.split(", ")]
        for _, kind, name, parameters in PROCEDURE.findall(source)
        if kind == "Function" and name.startswith("JX_")
    }


@BOTH
def test_functions_and_parameters_are_those_that_xlwings_would_import(
    source: Callable[[], str], generated: str
) -> None:
    expected = functions(generated)
    assert functions(source()) == expected and len(expected) == len(MEASURES)
    assert expected["JX_TOTAL_SCORE"] == ["execution_score", "ParamArray scores()"]
    assert expected["JX_RATE"] == ["actual", "basis"]


@BOTH
def test_every_argument_is_passed_in_its_order(source: Callable[[], str]) -> None:
    for measure in MEASURES.values():
        name = measure.worksheet_name
        (body,) = re.findall(rf"^Public Function {name}\(.*?^End Function$", source(), re.M | re.S)
        passed = re.findall(r"JixiaoValue\((\w+)", body)
        assert passed == [parameter.name for parameter in measure.parameters]
        assert f'("{name}", ' in body and body.endswith(f"Failed:\n    {name} = CVErr(2042)\nEnd Function")


@BOTH
def test_as_vba_stores_it(source: Callable[[], str]) -> None:
    text = source()
    assert text.startswith(f'Attribute VB_Name = "{MODULE_NAME}"\n') and "\nOption Explicit\n" in text
    assert "Do not edit" in text
    for line in ascii_vba(text, MODULE_NAME).splitlines():
        assert line.isascii() and len(line) <= 1023
    declared = [name for _, _, name, _ in PROCEDURE.findall(text)]
    assert len(declared) == len({name.lower() for name in declared})
    for _, _, _, parameters in PROCEDURE.findall(text):
        for parameter in filter(None, parameters.split(", ")):
            (name,) = re.findall(r"(?:Optional |ByVal |ByRef |ParamArray )*(\w+)(?:\(\))? As \w+$", parameter)
            assert name.lower() not in RESERVED
    # Blocks are closed in the order in which they were opened.
    assert len(re.findall(r"^(?:Public|Private) (?:Function|Sub) ", text, re.M)) == len(
        re.findall(r"^End (?:Function|Sub)$", text, re.M)
    )


@BOTH
def test_nothing_is_read_behind_the_arguments(source: Callable[[], str]) -> None:
    code = "\n".join(line for line in source().splitlines() if not line.lstrip().startswith("'"))
    assert not re.search(r"Volatile|Caller|ActiveWorkbook|ActiveSheet|Evaluate|\.Value\b|\.Text\b", code)


def test_a_workbook_knows_the_add_in_by_name_alone() -> None:
    text = workbook_functions()
    assert text.count(ADDIN_NAME) == 2
    assert not re.search(r"\d+\.\d+\.\d+|[A-Za-z]:\\|xlwings", text)
    assert "JixiaoRegister" not in text and "Sub JixiaoReset(" in text
    # Only these are there for others: whatever else a workbook's modules are called, nothing collides.
    public = [name for scope, _, name, _ in PROCEDURE.findall(text) if scope != "Private "]
    assert sorted(public) == sorted([m.worksheet_name for m in MEASURES.values()] + ["JixiaoReset"])


def test_descriptions_for_the_function_wizard() -> None:
    """What JixiaoRegister passes on, put together as VBA does, is what the measures say, and fits Excel."""
    (body,) = re.findall(r"^Public Sub JixiaoRegister\(.*?^End Sub$", addin_functions(), re.M | re.S)
    values: dict[str, str] = {}
    registered: dict[str, tuple[str, list[str]]] = {}
    size = 0
    for line in body.splitlines()[3:-1]:
        if match := re.fullmatch(r"    ReDim help\(0 To (\d+)\)", line):
            size = int(match[1]) + 1
        elif match := re.fullmatch(r'    JixiaoDescribe "(\w+)", text, help', line):
            registered[match[1]] = values["text"], [values.pop(f"help({place})") for place in range(size)]
        else:
            match = re.fullmatch(r'    (text|help\(\d+\)) = (?:(\1) & )?"((?:[^"]|"")*)"', line)
            assert match, line
            before = values[match[1]] if match[2] else ""
            values[match[1]] = before + match[3].replace('""', '"')
    assert registered == {
        m.worksheet_name: (m.description, [p.help for p in m.parameters]) for m in MEASURES.values()
    }
    for description, arguments in registered.values():
        assert 0 < len(description) <= 255
        assert all(0 < len(argument) <= 255 for argument in arguments) and sum(map(len, arguments)) <= 255
    assert f'Category:="{CATEGORY}"' in addin_functions()
