"""What VBA's runtime does with xlwings' DLL, done by hand: runs under the Windows Python (see windows.py).

Arguments: a file with an order in JSON, `{"dll": path, "steps": [[verb, …], …]}`, and a file for the answers:

    ["activate", command]    what VBA's `XLPyDLLActivateAuto(held, command, 1)` does
    ["call", method, […]]    a method of that object, called late-bound as VBA calls it
    ["kill", command]        the same function with mode -1
    ["alive", n]             whether the process runs whose number step n returned
    ["end", n]               ends that process, as the Task Manager does
    ["short", path]          what GetShortPathNameW says

Values go to COM as Excel gives them: null as Empty, {"error": 2042} as CVErr(2042), {"range": rows} as the array from 1
that .Value2 is, {"array": items} as VBA's Array(…), {"nothing": 0} as Nothing, {"step": n} as the object that step n
returned. Texts and arrays go by reference, as VBA's variables do. Answers come in the same spelling, with the seconds
each took.
"""

import ctypes
import json
import sys
import time
from ctypes import POINTER, Structure, byref, c_void_p, c_wchar_p, cast, wintypes
from pathlib import Path

VT_EMPTY, VT_NULL, VT_I4, VT_R8, VT_BSTR = 0, 1, 3, 5, 8
VT_DISPATCH, VT_ERROR, VT_BOOL, VT_VARIANT = 9, 10, 11, 12
VT_ARRAY, VT_BYREF = 0x2000, 0x4000
METHOD_OR_PROPERTY = 1 | 2  # what VBA's `x = Py.Method(…)` asks for
CVERR = 0x800A0000
TERMINATE, SYNCHRONIZE = 0x1, 0x100000
CHINESE = 0x0804
STREAMS = -10, -11, -12

ole, automation = ctypes.OleDLL("ole32"), ctypes.OleDLL("oleaut32")
texts = ctypes.WinDLL("oleaut32")
texts.SysAllocStringLen.restype = texts.SafeArrayCreate.restype = c_void_p
texts.SysAllocStringLen.argtypes = [c_wchar_p, ctypes.c_uint]


class Value(ctypes.Union):
    _fields_ = (
        ("long", ctypes.c_int32),
        ("double", ctypes.c_double),
        ("bool", ctypes.c_int16),
        ("pointer", c_void_p),
    )


class Variant(Structure):
    _fields_ = (
        ("vt", ctypes.c_uint16),
        ("reserved", ctypes.c_uint16 * 3),
        ("value", Value),
        ("rest", c_void_p),
    )


class Bound(Structure):
    _fields_ = (("count", ctypes.c_uint32), ("lowest", ctypes.c_int32))


class Parameters(Structure):
    _fields_ = (
        ("arguments", POINTER(Variant)),
        ("names", c_void_p),
        ("count", ctypes.c_uint),
        ("named", ctypes.c_uint),
    )


class Failure(Structure):
    """EXCEPINFO."""

    _fields_ = (
        ("code", wintypes.WORD),
        ("reserved", wintypes.WORD),
        ("source", c_void_p),
        ("description", c_void_p),
        ("help", c_void_p),
        ("context", wintypes.DWORD),
        ("pointer", c_void_p),
        ("defer", c_void_p),
        ("scode", ctypes.c_int32),
    )


texts.SafeArrayCreate.argtypes = [ctypes.c_uint16, ctypes.c_uint, POINTER(Bound)]


def variant(value: object, objects: list[int]) -> Variant:
    made = Variant()
    if value is None:
        made.vt = VT_EMPTY
    elif isinstance(value, bool):
        made.vt, made.value.bool = VT_BOOL, -value
    elif isinstance(value, int | float):
        made.vt, made.value.double = VT_R8, float(value)  # Excel's cells hold nothing but doubles
    elif isinstance(value, str):
        made.vt, made.value.pointer = (
            VT_BSTR,
            texts.SysAllocStringLen(value, len(value.encode("utf-16-le")) // 2),
        )
    elif "error" in value:
        made.vt, made.value.long = VT_ERROR, ctypes.c_int32(CVERR + value["error"]).value
    elif "nothing" in value:
        made.vt = VT_DISPATCH
    elif "step" in value:
        made.vt, made.value.pointer = VT_DISPATCH, objects[value["step"]]
    elif "range" in value:
        rows = value["range"]
        made.vt = VT_ARRAY | VT_VARIANT
        made.value.pointer = array([(len(rows), 1), (len(rows[0]), 1)], rows, objects)
    else:
        items = value["array"]
        made.vt, made.value.pointer = VT_ARRAY | VT_VARIANT, array([(len(items), 0)], items, objects)
    return made


def argument(value: object, objects: list[int]) -> tuple[Variant, object]:
    """A variant for a call, and what it points to, which must outlive the call."""
    made, target = variant(value, objects), None
    if made.vt == VT_BSTR:
        target = c_void_p(made.value.pointer)
        made.vt |= VT_BYREF
    elif made.vt & VT_ARRAY:
        target, made = made, Variant()
        made.vt = VT_VARIANT | VT_BYREF
    if target is not None:
        made.value.pointer = ctypes.addressof(target)
    return made, target


def array(sizes: list[tuple[int, int]], content: list, objects: list[int]) -> int:
    bounds = (Bound * len(sizes))(*sizes)
    made = texts.SafeArrayCreate(VT_VARIANT, len(sizes), bounds)
    for row, item in enumerate(content):
        for column, cell in enumerate(item if len(sizes) == 2 else [item]):
            places = [row + sizes[0][1]] + [column + lowest for _, lowest in sizes[1:]]
            element = variant(cell, objects)
            automation.SafeArrayPutElement(
                c_void_p(made), (ctypes.c_int32 * len(places))(*places), byref(element)
            )
    return made


def plain(found: Variant) -> object:
    """A variant in JSON's terms; of an object, its address."""
    if found.vt & VT_ARRAY:
        return {"array": elements(found.value.pointer, found.vt & ~VT_ARRAY)}
    if found.vt in (VT_EMPTY, VT_NULL):
        return None
    if found.vt == VT_BSTR:
        return ctypes.wstring_at(found.value.pointer) if found.value.pointer else ""
    if found.vt == VT_BOOL:
        return bool(found.value.bool)
    if found.vt == VT_R8:
        return found.value.double
    if found.vt == VT_I4:
        return found.value.long
    if found.vt == VT_ERROR:
        return {"error": (found.value.long & 0xFFFFFFFF) - CVERR}
    if found.vt == VT_DISPATCH:
        return {"object": found.value.pointer or 0}
    raise ValueError(f"variant of type {found.vt:#x}")


def elements(pointer: int, kind: int, *places: int) -> list:
    if kind != VT_VARIANT:
        raise ValueError(f"array of {kind:#x}")
    dimension = len(places) + 1
    lowest, highest = ctypes.c_int32(), ctypes.c_int32()
    automation.SafeArrayGetLBound(c_void_p(pointer), dimension, byref(lowest))
    automation.SafeArrayGetUBound(c_void_p(pointer), dimension, byref(highest))
    found = []
    for place in range(lowest.value, highest.value + 1):
        if dimension < texts.SafeArrayGetDim(c_void_p(pointer)):
            found.append(elements(pointer, kind, *places, place))
            continue
        element = Variant()
        every = (ctypes.c_int32 * dimension)(*places, place)
        automation.SafeArrayGetElement(c_void_p(pointer), every, byref(element))
        found.append(plain(element))
    return found


def call(target: int, method: str, arguments: list[Variant]) -> Variant:
    """Call a method as VBA calls it on an `As Object`: ask for its number, then invoke that."""
    table = cast(cast(target, POINTER(c_void_p))[0], POINTER(c_void_p))
    nobody = (ctypes.c_byte * 16)()
    ask = ctypes.WINFUNCTYPE(
        ctypes.HRESULT,
        c_void_p,
        c_void_p,
        POINTER(c_wchar_p),
        ctypes.c_uint,
        wintypes.DWORD,
        POINTER(ctypes.c_int32),
    )(table[5])
    number = ctypes.c_int32()
    ask(target, byref(nobody), byref(c_wchar_p(method)), 1, CHINESE, byref(number))
    invoke = ctypes.WINFUNCTYPE(
        ctypes.c_int32,
        c_void_p,
        ctypes.c_int32,
        c_void_p,
        wintypes.DWORD,
        wintypes.WORD,
        POINTER(Parameters),
        POINTER(Variant),
        POINTER(Failure),
        c_void_p,
    )(table[6])
    backwards = (Variant * len(arguments))(*reversed(arguments))
    parameters = Parameters(backwards, None, len(arguments), 0)
    result, failure = Variant(), Failure()
    status = invoke(
        target,
        number,
        byref(nobody),
        CHINESE,
        METHOD_OR_PROPERTY,
        byref(parameters),
        byref(result),
        byref(failure),
        None,
    )
    if status:
        why = ctypes.wstring_at(failure.description) if failure.description else ""
        raise OSError(f"{status & 0xFFFFFFFF:#x} {why}")
    return result


def alive(process: int) -> bool:
    handle = ctypes.windll.kernel32.OpenProcess(SYNCHRONIZE, False, process)
    if not handle:
        return False
    still = ctypes.windll.kernel32.WaitForSingleObject(handle, 0) != 0
    ctypes.windll.kernel32.CloseHandle(handle)
    return still


def end(process: int) -> None:
    handle = ctypes.windll.kernel32.OpenProcess(TERMINATE | SYNCHRONIZE, False, process)
    ctypes.windll.kernel32.TerminateProcess(handle, 1)
    ctypes.windll.kernel32.WaitForSingleObject(handle, 10_000)
    ctypes.windll.kernel32.CloseHandle(handle)


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    ole.CoInitialize(None)
    for stream in STREAMS:  # Excel has no output for the Python that it starts
        ctypes.windll.kernel32.SetStdHandle(stream, None)
    activate = ctypes.WinDLL(order["dll"]).XLPyDLLActivateAuto
    activate.argtypes, activate.restype = [POINTER(Variant), ctypes.c_char_p, ctypes.c_long], ctypes.c_long
    python = Variant()
    objects: list[int] = []
    answers: list[dict[str, object]] = []
    for verb, *rest in order["steps"]:
        start = time.perf_counter()
        answer: dict[str, object] = {}
        objects.append(0)
        if verb in ("activate", "kill"):
            # VBA hands a `ByVal … As String` over in the code page of this Windows
            command = rest[0].encode("mbcs", "replace")
            given = Variant()
            answer["status"] = activate(byref(given), command, 1 if verb == "activate" else -1)
            if verb == "activate" and given.vt == VT_DISPATCH:
                python = given
            else:
                answer["value"] = plain(given)
        elif verb == "call":
            try:
                given = [argument(each, objects) for each in rest[1]]
                result = call(python.value.pointer, rest[0], [each for each, _ in given])
                objects[-1] = result.value.pointer if result.vt == VT_DISPATCH else 0
                answer["value"] = plain(result)
            except OSError as error:
                answer["failed"] = str(error)
        elif verb == "end":
            end(int(answers[rest[0]]["value"]))
        elif verb == "short":
            short = ctypes.create_unicode_buffer(260)
            ctypes.windll.kernel32.GetShortPathNameW(rest[0], short, 260)
            answer["value"] = short.value
        else:
            answer["value"] = alive(int(answers[rest[0]]["value"]))
        answer["seconds"] = round(time.perf_counter() - start, 3)
        answers.append(answer)
    Path(sys.argv[2]).write_text(json.dumps(answers), "utf-8")


main()
