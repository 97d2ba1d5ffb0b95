"""Installing on a Windows without Excel: the real registry, real files, a Python of its own from an offline folder."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jixiao.excel.addin import read_settings
from jixiao.excel.setup.install import APPS, BUNDLED
from wine.vba import excel, function, started
from wine.windows import NOT_CHOSEN, WHERE, Done, Windows, jixiao

if not WHERE:
    pytest.skip(NOT_CHOSEN, allow_module_level=True)

OFFICE = r"HKCU\Software\Microsoft\Office"
EXCEL = rf"{OFFICE}\16.0\Excel"
OTHERS = """Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\OneDriveSetup.exe]
"DisplayName"="Microsoft OneDrive"

[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Excel]

[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Excel\\Options]
"Font"="宋体,11"
"OPEN"="\\"C:\\\\别人 的\\\\加载项.xlam\\""
"OPEN1"="/R \\"C:\\\\a.xll\\""

[HKEY_CURRENT_USER\\Software\\Microsoft\\Office\\16.0\\Excel\\Security\\Trusted Locations\\Location0]
"Path"="C:\\\\别人 的\\\\"
"""


@pytest.fixture
def with_excel(windows: Windows) -> Iterator[None]:
    """What Excel leaves in the registry of a person who uses it, with an add-in of somebody else's."""
    file = windows.here(r"C:\others.reg")
    file.write_text(OTHERS.replace("\n", "\r\n"), "utf-16")
    assert windows.run("reg.exe", "import", r"C:\others.reg").status == 0
    yield
    for key in (OFFICE, APPS):  # also what a failed test left
        windows.run("reg.exe", "delete", key, "/f")
    for home in windows.here(r"C:\users").glob("*/AppData/Local/jixiao"):
        shutil.rmtree(home)


def left(windows: Windows) -> tuple[str, set[str]]:
    """All that a program may have left behind: the person's part of the registry, and the files beside Windows."""
    assert windows.run("reg.exe", "export", r"HKCU\Software", r"C:\state.reg", "/y").status == 0
    users = windows.here(r"C:\users")
    return (
        windows.here(r"C:\state.reg").read_text("utf-16"),
        {str(path.relative_to(users)) for path in users.rglob("*")},
    )


def test_without_excel_nothing_is_done(windows: Windows) -> None:
    before = left(windows)
    done = jixiao(windows, "install")
    assert done.status == 2
    assert done.output.startswith("这台电脑上没有找到 Excel")
    assert left(windows) == before
    examined = jixiao(windows, "doctor", "--json")
    assert examined.status == 1
    found = {each["name"]: each for each in json.loads(examined.output)}
    assert found["Excel"]["state"] == "故障"
    assert "没有找到 Excel" in found["Excel"]["cause"]
    assert [name for name, each in found.items() if "pywin32" in name and each["state"] == "良好"]


def test_install_and_uninstall_leave_no_trace(windows: Windows, with_excel: None) -> None:
    before = left(windows)
    done = jixiao(windows, "install")
    assert done.status == 0, done.output
    assert jixiao(windows, "install").status == 0
    registry, files = left(windows)
    (addin,) = [file for file in files - before[1] if file.endswith("jixiao.xlam")]
    path = "\\\\".join(["C:", "users", *addin.split("/")])
    assert f'"OPEN2"="\\"{path}\\""' in registry
    assert '"OPEN"="\\"C:\\\\别人 的\\\\加载项.xlam\\""' in registry
    assert_sound(jixiao(windows, "doctor", "--json"))

    done = jixiao(windows, "uninstall")
    assert done.status == 0, done.output
    assert left(windows) == before


def assert_sound(examined: Done) -> None:
    """Nothing is wrong but that Excel's program is missing: what there is of Excel, this test wrote."""
    found = {each["name"]: each for each in json.loads(examined.output)}
    assert examined.status == 0, found
    assert {name for name, each in found.items() if each["state"] != "良好"} == {"Excel"}
    assert "找不到 Excel 程序" in found["Excel"]["cause"]
    assert {"加载项文件", "在 Excel 中登记", "受信任位置", "连接文件（DLL）"} <= set(found)


def test_an_excel_without_any_add_in_gets_its_keys_back(windows: Windows, with_excel: None) -> None:
    """Whoever never ticked an add-in has no list of them and trusts no folder."""
    assert windows.run("reg.exe", "delete", rf"{EXCEL}\Options", "/f").status == 0
    assert windows.run("reg.exe", "delete", rf"{EXCEL}\Security", "/f").status == 0
    before = left(windows)
    assert jixiao(windows, "install").status == 0
    assert left(windows) != before
    assert jixiao(windows, "uninstall").status == 0
    assert left(windows) == before


REGISTRY = r"""
import json
from jixiao.excel.setup.registry import WindowsRegistry, exists, number, text
r, key = WindowsRegistry(), r"HKCU\Software\绩效 试验"
r.write(key + r"\甲\乙", "名 称", "值 ≥1")
r.write(key + r"\甲", "数", 4294967295)
r.write(key + r"\甲", "字节", b"\x00\xff")
r.write(key, "", "默认")
told = [r.values(key + r"\甲\乙"), sorted(r.subkeys(key)), r.values(key + r"\甲")["数"], text(r, key, "")]
told += [list(r.values(key + r"\甲")["字节"]), number(r, key.upper() + r"\甲", "数")]
r.delete(key, ""); r.delete(key, "不在")
told.append(r.values(key))
r.delete_key(key); r.delete_key(key)
told += [exists(r, key), r.values(key), r.subkeys(key)]
office = r"HKLM\SOFTWARE\Microsoft\Office\16.0\Excel\InstallRoot"
told += [text(r, office, "Path", 64), text(r, office, "Path", 32)]
print(json.dumps(told))
"""


def test_the_registry_keeps_what_the_installer_writes(windows: Windows) -> None:
    root = r"HKLM\SOFTWARE\Microsoft\Office"
    for bits in ("64", "32"):  # an Office of its own in each half, as 32-bit Office on 64-bit Windows has
        key = rf"{root}\16.0\Excel\InstallRoot"
        added = windows.run("reg.exe", "add", key, "/v", "Path", "/d", f"C:\\{bits}", "/f", f"/reg:{bits}")
        assert added.status == 0, added.output
    try:
        done = windows.run("-c", REGISTRY)
    finally:
        for bits in ("64", "32"):
            windows.run("reg.exe", "delete", root, "/f", f"/reg:{bits}")
    assert done.status == 0, done.output
    assert json.loads(done.output) == [
        {"名 称": "值 ≥1"},
        ["甲"],
        4294967295,
        "默认",
        [0, 255],
        4294967295,
        {},
        False,
        {},
        [],
        "C:\\64",
        "C:\\32",
    ]


def test_nothing_is_done_while_excel_is_open(windows: Windows, with_excel: None) -> None:
    """When Excel ends, it writes its old list of add-ins over a new one. Here it is a Python of its name."""
    program = windows.python.with_name("EXCEL.EXE")
    shutil.copy(windows.python, program)
    before = left(windows)
    try:
        done = windows.run(
            "-c",
            "import subprocess, sys\n"
            "excel = subprocess.Popen([sys.argv[1], '-c', 'import time; time.sleep(100)'])\n"
            "codes = [subprocess.call([sys.executable, '-m', 'jixiao', c]) for c in ('install', 'uninstall')]\n"
            "excel.kill()\n"
            "sys.exit(codes != [2, 2])\n",
            windows.there(program),
        )
    finally:
        program.unlink()
    assert done.status == 0, done.output
    assert done.output.count("Excel 正开着。") == 2
    assert left(windows) == before


# --- the offline folder -----------------------------------------------------------------------------------------

LEFT_OUT = ("site-packages", "test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3")
PROGRAMS = (
    "python.exe",
    "pythonw.exe",
    "python3.dll",
    "python311.dll",
    "vcruntime140.dll",
    "vcruntime140_1.dll",
)


def embeddable(python: Path, target: Path) -> None:
    """Pack a Windows Python as python.org packs its embeddable one, which PyPI does not have."""
    library = io.BytesIO()
    with zipfile.ZipFile(library, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted((python / "Lib").rglob("*.py")):
            inside = file.relative_to(python / "Lib")
            if inside.parts[0] not in LEFT_OUT:
                packed.write(file, inside)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        binaries = [file for file in (python / "DLLs").iterdir() if file.suffix in (".pyd", ".dll")]
        for file in [*(python / name for name in PROGRAMS), *binaries]:
            packed.write(file, file.name)
        packed.writestr("python311.zip", library.getvalue())
        packed.writestr("python311._pth", "python311.zip\r\n.\r\n\r\n#import site\r\n")


@pytest.fixture(scope="module")
def offline(windows: Windows, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An offline folder as a clerk may have it: unpacked once more, in a folder with brackets, blanks and Chinese."""
    folder = tmp_path_factory.mktemp("offline")
    embeddable(windows.python.parent, folder / "python-3.11.9-embed-amd64.zip")
    command = [sys.executable, "-m", "jixiao", "bundle", "-o", str(folder / "bundle")]
    given = ["--python", str(folder / "python-3.11.9-embed-amd64.zip"), "--wheels", str(windows.downloads)]
    done = subprocess.run([*command, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    place = windows.here(r"C:\下载 (1)\绩效自评 & 离线包")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(folder / "bundle", place)
    return place


LOCAL = r"C:\users\张三 (会计)\AppData\Local"


@pytest.fixture
def clerk(windows: Windows, offline: Path) -> Callable[..., Done]:
    """Runs a command of the offline folder as 张三, on a computer that has no other Python."""
    windows.here(LOCAL).mkdir(parents=True, exist_ok=True)
    lines = ["@echo off", f'set "LOCALAPPDATA={LOCAL}"', "call %*", ""]
    (offline.parent / "clerk.cmd").write_text("\r\n".join(lines), "cp936", newline="")

    def run(command: str, *arguments: str) -> Done:
        return windows.run("cmd.exe", "/c", r"..\clerk.cmd", command, *arguments, cwd=offline, WINEPATH="")

    return run


@pytest.mark.parametrize("way", ["uninstall.cmd", "Windows"])
def test_a_clerk_installs_from_the_offline_folder(
    windows: Windows, with_excel: None, offline: Path, clerk: Callable[..., Done], tmp_path: Path, way: str
) -> None:
    """An argument keeps the commands from waiting for a key."""
    before = left(windows)
    done = clerk("install.cmd", "--force")
    assert (done.status, done.output.splitlines()[0][-4:]) == (0, "已装好。"), done.output
    assert_sound(clerk("doctor.cmd", "--json"))

    home = windows.here(LOCAL) / "jixiao"
    settings = read_settings(home / "addin" / "jixiao.xlam")
    python = windows.here(settings["python"])
    assert python.parent == home / "python"
    assert (python.parent / BUNDLED).is_file()
    steps = [["activate", started(settings["python"])], function("JX_SCORE", "≥1.5万件", "1.2万件", 10)]
    assert excel(windows, tmp_path, *steps, dlls=settings["dll"])[1].get("value") == 8  # 10 x 1.2 / 1.5

    if way == "Windows":  # 设置—应用: the command in the registry, run by the very Python that has to go
        done = clerk(settings["python"].replace("pythonw", "python"), "-m", "jixiao", "uninstall")
    else:
        done = clerk("uninstall.cmd", "--force")
    assert done.status == 0, done.output
    assert left(windows) == before
