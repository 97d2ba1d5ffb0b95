"""VBA texts as the vbaProject.bin of a workbook: source only, pure ASCII, the same texts give the same bytes.

The texts are UTF-8 and hold Chinese where a person reads it; what is stored is ASCII, because VBA knows one code
page at a time and garbles the rest. Format: [MS-OVBA] 11.0; packed by pyOpenVBA, some of whose inner functions are
used here, which is why its version is pinned.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

WORKBOOK = "ThisWorkbook"
"""Name of the module that belongs to the workbook itself."""
LINE_LIMIT = 1023
"""Characters of one line that the VBA editor accepts."""
CONTINUATIONS = 24
"""Lines that one statement may be continued on."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")
_VB_NAME = re.compile(r'Attribute VB_Name = "([^"]*)"')
_CONSTANT = re.compile(
    r"\s*(?:#|Attribute\b|(?:(?:Public|Private|Friend|Global|Static)\s+)*"
    r"(?:Const|Declare|Enum|Type|Sub|Function|Property)\b)",
    re.IGNORECASE,
)
"""Statements that take constants only, where no ChrW() may stand."""
_BASE = "0{{0002{}-0000-0000-C000-000000000046}}"
_DOCUMENT = (
    'Attribute VB_Name = "{}"\nAttribute VB_Base = "{}"\nAttribute VB_GlobalNameSpace = False\n'
    "Attribute VB_Creatable = False\nAttribute VB_PredeclaredId = True\nAttribute VB_Exposed = True\n"
    "Attribute VB_TemplateDerived = False\nAttribute VB_Customizable = True\n"
)
_NO_CACHE = bytes.fromhex("cc61ffff000000")  # [MS-OVBA] 2.3.4.1: the version that belongs to no compiled code
_PROJECT_NAME = 0x0004


class VbaError(ValueError):
    """A VBA text that Excel would not take.

    Attributes:
        module: its name.
        line: number of the line in the text, counted from 1; 0 when it is about the whole text.
        cause: what is wrong, in Chinese.
    """

    def __init__(self, module: str, line: int, cause: str) -> None:
        super().__init__(module, line, cause)
        self.module = module
        self.line = line
        self.cause = cause

    def __str__(self) -> str:
        where = f"第 {self.line} 行：" if self.line else ""
        return f"VBA 模块 {self.module}：{where}{self.cause}"


def ascii_vba(source: str, module: str = "") -> str:
    """Return a VBA text in ASCII that does the same.

    A literal such as ``"完成 1"`` becomes ``(ChrW(23436) & ChrW(25104) & " 1")``, continued on further lines where
    it grows long; a comment that is not ASCII is left out.

    Args:
        source: the text; its lines may end in LF or CRLF.
        module: name to mention in errors.

    Returns:
        The text with lines ending in LF.

    Raises:
        VbaError: something other than a literal or a comment is not ASCII, a literal that is not ASCII stands
            where VBA wants a constant, or a line or a statement is too long.
    """
    lines: list[str] = []
    continued = 0
    constant = False
    for number, line in enumerate(re.split(r"\r\n|\r|\n", source), 1):
        constant = bool(_CONSTANT.match(line)) or (constant and continued > 0)
        written = _line(line, constant, module, number)
        for part in written:
            if len(part) > LINE_LIMIT:
                raise VbaError(module, number, f"超过 {LINE_LIMIT} 个字符，请拆成几行")
            continued = continued + 1 if part.endswith(" _") else 0
            if continued > CONTINUATIONS:
                raise VbaError(module, number, f"一条语句续行超过 {CONTINUATIONS} 次，请拆成几条")
        lines += written
    return "\n".join(lines)


def _line(line: str, constant: bool, module: str, number: int) -> list[str]:
    """Return one line in ASCII, as the lines that it takes."""
    if line.isascii():
        return [line]

    def refuse(cause: str) -> NoReturn:
        raise VbaError(module, number, cause)

    pieces: list[str] = []  # between two of them the line may be broken
    for kind, text in _tokens(line):
        if text.isascii():
            pieces[-1:] = ["".join(pieces[-1:]) + text]
        elif kind == "comment":
            if text.endswith(" _"):
                refuse("中文注释不能续行，请每行单独写注释")
        elif kind == "code":
            refuse("字符串和注释之外只能用英文字符")
        elif constant:
            refuse("常量、声明和参数默认值里不能有中文，请改用函数")
        else:
            first, *others = _characters(text)
            pieces[-1:] = ["".join(pieces[-1:]) + "(" + first, *others]
            pieces[-1] += ")"
    return _joined(pieces)


def _joined(pieces: Sequence[str]) -> list[str]:
    """Join the pieces of a statement by ``&``, on as many lines as they need."""
    lines = list(pieces[:1]) or [""]
    margin = " " * (len(lines[0]) - len(lines[0].lstrip()) + 4)
    for piece in pieces[1:]:
        if len(lines[-1]) + len(piece) + len(" &  & _") > LINE_LIMIT:
            lines[-1] += " & _"
            lines.append(margin + piece)
        else:
            lines[-1] += " & " + piece
    return [line.rstrip() for line in lines]


def _tokens(line: str) -> Iterator[tuple[str, str]]:
    """Split a line into code, literals and the comment at its end."""
    position = 0
    for token in re.finditer(r"\"(?:[^\"]|\"\")*\"|'.*|(?i:(?:^|(?<=:))\s*Rem\s.*)", line):
        if token.start() > position:
            yield "code", line[position : token.start()]
        yield "literal" if token.group().startswith('"') else "comment", token.group()
        position = token.end()
    if position < len(line):
        yield "code", line[position:]


def _characters(literal: str) -> list[str]:
    """Return the terms of a concatenation that gives the same text as a literal that is not ASCII."""
    terms = []
    for run in re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]+", literal[1:-1]):
        if run.isascii():
            terms.append(f'"{run}"')
        else:
            units = run.encode("utf-16-le")
            # Decimal: a hexadecimal literal above &H7FFF would be negative.
            terms += [f"ChrW({units[i] | units[i + 1] << 8})" for i in range(0, len(units), 2)]
    return terms


def project(modules: Mapping[str, str], sheets: Sequence[str], name: str) -> bytes:
    """Pack VBA texts into a vbaProject.bin.

    Args:
        modules: the texts by module name, each beginning with its ``Attribute VB_Name``; that of
            :data:`WORKBOOK` belongs to the workbook, every other one is a standard module.
        sheets: code names of all sheets of the workbook, in its order.
        name: name of the project; two projects open at once should not share one.

    Returns:
        The file: no compiled code, nothing of the computer or the time of its making. Its code page stays the
        template's 1252, which is what Excel wrote there; for ASCII every code page is the same.

    Raises:
        VbaError: a name or a text is one that Excel would not take.
    """
    names = [WORKBOOK, *sheets, *(module for module in modules if module != WORKBOOK)]
    for module in (name, *names):
        if not _NAME.fullmatch(module):
            raise VbaError(module, 0, "名称须以字母开头，由 31 个以内的字母、数字、下划线组成")
    if len({module.lower() for module in names}) < len(names):
        raise VbaError(name, 0, "模块名称重复")
    texts = {module: _checked(module, text) for module, text in modules.items()}
    documents = {sheet: _document(sheet, "0820") for sheet in sheets}
    documents[WORKBOOK] = _document(WORKBOOK, "0819") + texts.pop(WORKBOOK, "").partition("\n")[2]
    return _pack(names, {**texts, **documents}, frozenset(documents), name)


def _checked(module: str, text: str) -> str:
    found = _VB_NAME.match(text)
    if not found or found.group(1) != module:
        raise VbaError(module, 1, f'第一行须是 Attribute VB_Name = "{module}"')
    return ascii_vba(text, module)


def _document(name: str, kind: str) -> str:
    return _DOCUMENT.format(name, _BASE.format(kind))


def _pack(names: Sequence[str], texts: Mapping[str, str], documents: frozenset[str], name: str) -> bytes:
    # Imported here: it takes a tenth of a second that only who builds a macro workbook should wait.
    from pyopenvba import VBAModuleKind
    from pyopenvba._templates import EMPTY_XLSM_BYTES
    from pyopenvba.cfb import CFB
    from pyopenvba.vba import (
        compress,
        parse_vba_project,
        rebuild_module_stream,
        serialize_dir_stream,
        serialize_projectwm,
    )

    with zipfile.ZipFile(io.BytesIO(EMPTY_XLSM_BYTES)) as template:
        file = CFB.from_bytes(template.read("xl/vbaProject.bin"))
    packed = parse_vba_project(file)
    for old in packed.module_names():
        packed.delete_module(old)
        file.remove_stream_in_storage("VBA", old)
    for module in names:
        kind = VBAModuleKind.other if module in documents else VBAModuleKind.standard
        text = texts[module].replace("\n", "\r\n")
        added = packed.add_module(module, text, kind=kind)
        if added.source != text:
            raise VbaError(module, 0, "打包时文本被改动")
        file.add_stream_to_storage("VBA", module, rebuild_module_stream(added, packed.code_page))
    packed.dir_raw, packed.dir_modules_offset = _renamed(packed.dir_raw, packed.dir_modules_offset, name)
    file.write_stream_in_storage("VBA", "dir", compress(serialize_dir_stream(packed)))
    file.write_stream_in_storage("VBA", "_VBA_PROJECT", _NO_CACHE)
    pairs = [(module, module) for module in names]
    file.write_stream("PROJECTwm", serialize_projectwm(pairs, code_page=packed.code_page))
    file.write_stream("PROJECT", _project_stream(file.get_stream("PROJECT"), names, documents, name))
    content: bytes = file.to_bytes()
    return content


def _renamed(directory: bytes, modules: int, name: str) -> tuple[bytes, int]:
    """Return the dir stream with the project's name replaced, and where its modules begin."""
    position = 0
    while int.from_bytes(directory[position : position + 2], "little") != _PROJECT_NAME:
        position += 6 + int.from_bytes(directory[position + 2 : position + 6], "little")
    size = int.from_bytes(directory[position + 2 : position + 6], "little")
    record = _PROJECT_NAME.to_bytes(2, "little") + len(name).to_bytes(4, "little") + name.encode("ascii")
    rest = directory[position + 6 + size :]
    return directory[:position] + record + rest, modules + len(name) - size


def _project_stream(template: bytes, names: Sequence[str], documents: frozenset[str], name: str) -> bytes:
    """Return the PROJECT stream: what the template says of the project, our modules, no editor windows."""
    head, _, _ = template.decode("ascii").partition("[Workspace]")
    declared = [
        f"Document={module}/&H00000000" if module in documents else f"Module={module}" for module in names
    ]
    lines: list[str] = []
    for line in head.split("\r\n"):
        key = line.partition("=")[0]
        if key in ("Document", "Module"):
            continue
        lines.append(f'Name="{name}"' if key == "Name" else line)
        if key == "ID":
            lines += declared
    lines[-1:] = ["[Workspace]", *(f"{module}=0, 0, 0, 0, C" for module in names), ""]
    return "\r\n".join(lines).encode("ascii")
