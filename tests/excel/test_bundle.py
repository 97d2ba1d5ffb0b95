"""The offline folder: made without the net from wheels of the test's own, and with it from the real ones."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fake_windows import FakeMachine, built, program
from jixiao import __version__, cli, resources
from jixiao.excel.setup import wheels
from jixiao.excel.setup.bundle import bundle
from jixiao.excel.setup.install import BUNDLED, install
from jixiao.excel.setup.machine import Refusal, pinned, program_file

CHECKOUT = Path(__file__).parents[2]
"""The project; the tests may run with the installed program, which has no docs/."""

DELIVERED = "python311.zip\r\n.\r\n\r\n# Uncomment to run site.main() automatically\r\n#import site\r\n"
"""What python.org's embeddable Python says in its ._pth."""


def embeddable(path: Path, bits: int = 64, **files: bytes | str | None) -> Path:
    """A zip like python.org's, its programs empty; ``files`` by name with _ for . replace or (None) take away."""
    content: dict[str, bytes | str | None] = {
        "python.exe": program(bits, (3, 11, 9, 150)),
        "pythonw.exe": program(bits, (3, 11, 9, 150)),
        "python311._pth": DELIVERED,
        "python311.zip": b"PK\5\6" + bytes(18),
        **{name.replace("__", "."): value for name, value in files.items()},
    }
    with zipfile.ZipFile(path, "w") as file:
        for name, value in content.items():
            if value is not None:
                file.writestr(name, value)
    return path


def wheel(folder: Path, name: str, *requires: str, tag: str = "py3-none-any", **files: str | bytes) -> Path:
    """A wheel of one module and the given files (path: content)."""
    version = __version__ if name == "jixiao" else "1.0"
    path = folder / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    lines = "".join(f"Requires-Dist: {line}\n" for line in requires)
    content: dict[str, str | bytes] = {
        f"{name}/__init__.py": "",
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    with zipfile.ZipFile(path, "w") as file:
        for entry, value in content.items():
            file.writestr(entry, value)
        file.writestr(f"{info}/RECORD", "".join(f"{entry},,\n" for entry in [*content, f"{info}/RECORD"]))
    return path


@pytest.fixture
def stock(tmp_path: Path) -> Path:
    """Wheels for Windows: this program, what it needs there, and what it needs elsewhere only."""
    return stocked(tmp_path / "程序库")


def stocked(folder: Path) -> Path:
    folder.mkdir()
    wheel(
        folder,
        "jixiao",
        'bridge==1.0; platform_system == "Windows"',
        'apple; platform_system == "Darwin"',
        'penguin; sys_platform == "linux"',
        'tester; extra == "test"',
        'abacus>=0.5; extra == "treasury"',
        **{
            "jixiao/addin/jixiao.xlam": b"xlam",
            "jixiao/workbook_templates/issued/某县_2023.xlsx": b"xlsx",
        },
    )
    data = {
        "bridge-1.0.data/data/bridge64.dll": program(64, (1, 0, 0, 0)),
        "bridge-1.0.data/platlib/bridge.pth": "bridge\\lib\n",
        "bridge-1.0.data/scripts/bridge.py": "#!python\n",
        "bridge-1.0.data/headers/bridge.h": "",
    }
    wheel(folder, "bridge", "deep; os_name == 'nt'", tag="cp311-cp311-win_amd64", **data)
    for name in ("deep", "apple", "penguin", "tester", "beads"):
        wheel(folder, name)
    wheel(folder, "abacus", "beads", 'penguin; extra == "treasury"')
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder made of them; no test changes it."""
    folder = tmp_path_factory.mktemp("做")
    python = embeddable(folder / "python-3.11.9-embed-amd64.zip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resources, "ROOT", CHECKOUT)
        bundle(folder / "离线 安装包", python, stocked(folder / "程序库"), say=lambda _: None)
    return folder / "离线 安装包"


# --- what is in it --------------------------------------------------------------------------------


def test_the_folder_holds_what_windows_needs_and_nothing_else(made: Path) -> None:
    target = made
    assert {path.name for path in target.iterdir()} == {
        *("python", "wheels", "工作簿", "说明", "先读我.txt", "清单.txt"),
        *("install.cmd", "uninstall.cmd", "doctor.cmd"),
    }
    kept = {wheels.name(path) for path in (target / "wheels").iterdir()}
    assert kept == {"jixiao", "bridge", "deep"}
    site = target / "python" / "Lib" / "site-packages"
    assert {path.name for path in site.iterdir() if path.is_dir() and "-" not in path.name} == kept
    assert (site / "bridge.pth").read_text() == "bridge\\lib\n"
    assert (target / "python" / "bridge64.dll").is_file(), "data files lie beside python.exe"
    assert not list(target.rglob("*.data")), "nothing lies where a wheel keeps it"
    assert not (target / "python" / "Scripts").exists()
    assert (target / "python" / BUNDLED).is_file()
    assert (target / "工作簿" / "某县_2023.xlsx").read_bytes() == b"xlsx"
    assert "<h1" in (target / "说明" / "使用手册.html").read_text("utf-8")


def test_it_says_which_set_it_holds(made: Path) -> None:
    text = (made / "先读我.txt").read_text("utf-8-sig")
    assert "离线安装包（填报、审核）" in text.splitlines()[0]
    assert "没有财政部门收集、汇总要用的程序库" in text


def test_with_the_libraries_of_the_treasury(
    tmp_path: Path, stock: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "ROOT", CHECKOUT)
    python = embeddable(tmp_path / "python.zip")
    arguments = ["-o", str(tmp_path / "包"), "--python", str(python), "--wheels", str(stock)]
    assert cli.main(["bundle", *arguments, "--treasury"]) == 0
    assert "离线安装包的内容：填报、审核和财政汇总（收集、汇总、查询）。" in capsys.readouterr().out
    kept = {wheels.name(path) for path in (tmp_path / "包" / "wheels").iterdir()}
    assert kept == {"jixiao", "bridge", "deep", "abacus", "beads"}
    assert (tmp_path / "包" / "python" / "Lib" / "site-packages" / "beads" / "__init__.py").is_file()
    text = (tmp_path / "包" / "先读我.txt").read_text("utf-8-sig")
    assert "离线安装包（填报、审核和财政汇总（收集、汇总、查询））" in text.splitlines()[0]
    assert "jixiao.cmd collect" in text
    script = (tmp_path / "包" / "jixiao.cmd").read_bytes().decode("ascii")
    assert '"%PY%" -B -X utf8 -m jixiao %*\r\n' in script and "LOCALAPPDATA" not in script


def test_the_project_declares_what_only_the_treasury_needs() -> None:
    """duckdb and pyarrow are three quarters of a folder that holds them: a clerk's holds neither."""
    import tomllib

    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {each: {re.split(r"[\[<>=~!; ]", line)[0] for line in lines} for each, lines in (
        ("", project["dependencies"]), *project["optional-dependencies"].items(),
    )}  # fmt: skip
    assert names["treasury"] == {"duckdb", "pyarrow"}
    assert not names[""] & {"duckdb", "pyarrow", "distributed", "fsspec", "dask", "pandas", "polars"}
    assert "jixiao[treasury]" in project["optional-dependencies"]["cluster"]
    assert "jixiao[cluster]" in project["optional-dependencies"]["test"]


def test_python_is_told_where_the_packages_are(made: Path) -> None:
    text = (made / "python" / "python311._pth").read_bytes()
    assert text.endswith(b"\r\nLib\\site-packages\r\nimport site\r\n")
    assert text.startswith(b"python311.zip\r\n.\r\n")
    assert b"#import site" not in text


def test_a_package_knows_its_files_where_they_lie(made: Path) -> None:
    site = made / "python" / "Lib" / "site-packages"
    [found] = [
        d for d in importlib.metadata.distributions(path=[str(site)]) if d.metadata["Name"] == "bridge"
    ]
    files = {str(file): file for file in found.files or []}
    assert (
        Path(str(files["../../bridge64.dll"].locate())).resolve() == (site / "../../bridge64.dll").resolve()
    )
    for file in files.values():
        path = Path(str(file.locate()))
        assert path.is_file(), file
        if file.hash is not None:
            assert file.size == path.stat().st_size


def test_the_list_tells_the_digest_of_every_file(made: Path) -> None:
    target = made
    raw = (target / "清单.txt").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    listed = dict(reversed(line.split("  ", 1)) for line in raw.decode("utf-8-sig").splitlines())
    present = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()} - {"清单.txt"}
    assert set(listed) == present
    for path, digest in listed.items():
        assert hashlib.sha256((target / path).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("command", ["install", "uninstall", "doctor"])
def test_the_command_files(made: Path, command: str) -> None:
    """ASCII in any code page, lines as cmd wants them, every path in quotes, no block that a bracket could end."""
    raw = (made / f"{command}.cmd").read_bytes()
    text = raw.decode("ascii")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert f"-m jixiao {command} %*" in text
    assert "(" not in text
    assert 'set "PY=%~dp0python\\python.exe"' in text
    assert ("LOCALAPPDATA" in text) == (command == "doctor")


def test_installing_from_the_folder_copies_it_to_the_computer(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Afterwards the folder may go away: nothing that was installed names it."""
    monkeypatch.setattr(resources, "ADDIN", built(tmp_path))
    target = Path(shutil.copytree(made, tmp_path / "包"))
    machine = FakeMachine(tmp_path / "电脑")
    for dll in machine.prefix.glob("xlwings*.dll"):
        dll.rename(target / "python" / dll.name)
    machine.prefix = target / "python"
    machine.python = machine.prefix / "pythonw.exe"
    record = install(machine)
    assert str(target) not in repr(record) + repr(machine.registry.content())
    assert Path(record.python).is_file()
    assert (Path(record.dll) / "bridge64.dll").is_file()


# --- bad input ------------------------------------------------------------------------------------


def refused(tmp_path: Path, python: Path, source: Path | None, target: str = "包") -> str:
    """Why it is refused; nothing may be left behind."""
    before = sorted(tmp_path.iterdir())
    with pytest.raises(Refusal) as caught:
        bundle(tmp_path / target, python, source, say=lambda _: None)
    assert sorted(tmp_path.iterdir()) == before
    cause, remedy = str(caught.value).split("\n")
    assert remedy.endswith("。")
    return cause


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bits": 32}, "不是 64 位"),
        ({"python311___pth": None}, "不是免安装的 Python"),
        ({"pythonw__exe": None}, "不是免安装的 Python"),
        ({"python__exe": None}, "不是免安装的 Python"),
        ({"python311___pth": None, "python38___pth": DELIVERED}, "3.8 太低"),
    ],
)
def test_a_wrong_python(tmp_path: Path, stock: Path, change: dict[str, object], words: str) -> None:
    python = embeddable(tmp_path / "python.zip", **change)  # type: ignore[arg-type]
    assert words in refused(tmp_path, python, stock)


def test_a_python_that_is_no_zip_or_not_there(tmp_path: Path, stock: Path) -> None:
    installer = tmp_path / "python-3.11.9-amd64.exe"
    installer.write_bytes(program(64, (3, 11, 9, 0)))
    assert "不是压缩包" in refused(tmp_path, installer, stock)
    assert "没有找到" in refused(tmp_path, tmp_path / "没有.zip", stock)
    folder = tmp_path / "空"
    folder.mkdir()
    assert "不是免安装的 Python" in refused(tmp_path, folder, stock)


def test_an_unpacked_python_serves_as_well(tmp_path: Path, stock: Path) -> None:
    folder = tmp_path / "python-embed"
    with zipfile.ZipFile(embeddable(tmp_path / "python.zip")) as file:
        file.extractall(folder)
    before = (folder / "python311._pth").read_bytes()
    bundle(tmp_path / "包", folder, stock, say=lambda _: None)
    assert (tmp_path / "包" / "python" / "pythonw.exe").is_file()
    assert (folder / "python311._pth").read_bytes() == before, "what was given is not changed"


def test_a_folder_that_holds_something_is_not_touched(tmp_path: Path, stock: Path) -> None:
    (tmp_path / "包").mkdir()
    (tmp_path / "包" / "我的.xlsx").write_bytes(b"")
    assert "已经存在" in refused(tmp_path, embeddable(tmp_path / "python.zip"), stock)
    assert [path.name for path in (tmp_path / "包").iterdir()] == ["我的.xlsx"]


def test_a_wheel_is_missing(tmp_path: Path, stock: Path) -> None:
    (stock / "deep-1.0-py3-none-any.whl").unlink()
    assert refused(tmp_path, embeddable(tmp_path / "python.zip"), stock) == "没有找到程序库 deep。"


def test_the_folder_of_wheels_is_missing(tmp_path: Path) -> None:
    python = embeddable(tmp_path / "python.zip")
    assert "不存在" in refused(tmp_path, python, tmp_path / "没有")


def test_an_add_in_that_was_never_built(tmp_path: Path, stock: Path) -> None:
    wheel(stock, "jixiao", "bridge", **{"jixiao/workbook_templates/issued/a.xlsx": b""})
    assert "jixiao.xlam" in refused(tmp_path, embeddable(tmp_path / "python.zip"), stock)


def test_a_wheel_that_reaches_outside(tmp_path: Path, stock: Path) -> None:
    wheel(stock, "deep", **{"../../../坏.txt": "x"})
    assert "不可信" in refused(tmp_path, embeddable(tmp_path / "python.zip"), stock)


def test_no_net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip is sent to an address where nothing answers."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(wheels, "_ours", lambda folder, source: wheel(folder, "jixiao", "bridge"))
    cause = refused(tmp_path, embeddable(tmp_path / "python.zip"), None)
    assert "bridge" in cause
    assert "网络" in cause


def test_an_installed_program_without_its_wheel(
    tmp_path: Path, stock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "ROOT", tmp_path)
    [ours] = stock.glob("jixiao-*.whl")
    ours.unlink()
    assert "安装好的程序" in refused(tmp_path, embeddable(tmp_path / "python.zip"), stock)


def test_command_line(tmp_path: Path, stock: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = embeddable(tmp_path / "python.zip")
    arguments = ["bundle", "-o", str(tmp_path / "包"), "--python", str(python), "--wheels", str(stock)]
    assert cli.main(arguments) == 0
    out = capsys.readouterr().out
    assert "正在收集程序库" in out
    assert "双击其中的 install.cmd" in out
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err.splitlines()[1] == "请在 -o 后面写一个新的文件夹。"


def test_python_m_jixiao() -> None:
    """An offline folder has no jixiao.exe."""
    run = subprocess.run([sys.executable, "-m", "jixiao", "--version"], capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, f"jixiao {__version__}\n")


# --- with the net ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder made from the project and the registry; python.exe is still empty."""
    if os.environ.get("JIXIAO_NETWORK") != "1":
        pytest.skip("JIXIAO_NETWORK=1 downloads the real wheels")
    folder = tmp_path_factory.mktemp("真")
    target = folder / "离线安装包"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resources, "ROOT", CHECKOUT)
        bundle(target, embeddable(folder / "python-3.11.9-embed-amd64.zip"), None, say=print)
    return target


def test_real_wheels(real: Path) -> None:
    names = {wheels.name(path) for path in (real / "wheels").glob("*.whl")}
    assert not names & {"duckdb", "pyarrow", "distributed", "fsspec", "pandas", "openpyxl"}
    assert {"jixiao", "xlwings", "pywin32", "numpy", "isal", "pyyaml", "rich", "xlsxwriter"} <= names
    for path in (real / "wheels").glob("*.whl"):
        assert path.stem.endswith(("win_amd64", "-any")), path.name
    python = real / "python"
    for bits in (64, 32):
        assert program_file(python / f"xlwings{bits}-{pinned('xlwings')}.dll").bits == bits
    site = python / "Lib" / "site-packages"
    assert (site / "pywin32_system32" / "pythoncom311.dll").is_file()
    assert "import pywin32_bootstrap" in (site / "pywin32.pth").read_text()
    assert (site / "win32" / "lib" / "pywin32_bootstrap.py").is_file()
    assert (site / "jixiao" / "addin" / "jixiao.xlam").is_file()
    assert sorted(p.name for p in (real / "工作簿").iterdir()) == sorted(
        p.name for p in (resources.TEMPLATES / "issued").iterdir()
    )


def test_every_file_that_a_real_package_names_is_there(real: Path) -> None:
    site = real / "python" / "Lib" / "site-packages"
    found = list(importlib.metadata.distributions(path=[str(site)]))
    assert len(found) == len(list((real / "wheels").glob("*.whl")))
    for package in found:
        for file in package.files or []:
            assert Path(str(file.locate())).is_file(), file


def test_installing_from_the_real_folder(real: Path, tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.prefix = real / "python"
    machine.python = machine.prefix / "pythonw.exe"
    record = install(machine)
    local = machine.home / "python"
    assert (record.python, record.dll) == (str(local / "pythonw.exe"), str(local))
    assert (local / f"xlwings64-{pinned('xlwings')}.dll").is_file()
