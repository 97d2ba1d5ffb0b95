"""Installing and uninstalling on a computer in memory: what stands in the registry and in the folders afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fake_windows import DISABLED, MANAGER, OPTIONS, TRUSTED, FakeMachine
from jixiao import __version__, resources
from jixiao.excel.setup import install as installing
from jixiao.excel.setup import office
from jixiao.excel.setup.install import install, read_record, uninstall
from jixiao.excel.setup.machine import Refusal, excel_in, program_file

pytestmark = pytest.mark.usefixtures("built_addin")


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


def opened(machine: FakeMachine) -> dict[str, object]:
    """The values of Excel's Options by which it opens add-ins, by name."""
    return {n: v for n, v in machine.registry.values(OPTIONS).items() if n.startswith("OPEN")}


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def trusted(machine: FakeMachine) -> list[str]:
    registry = machine.registry
    return [str(registry.values(f"{TRUSTED}\\{name}").get("Path", "")) for name in registry.subkeys(TRUSTED)]


# --- install --------------------------------------------------------------------------------------


def test_fresh_install(machine: FakeMachine) -> None:
    record = install(machine)
    assert record.complete
    assert files(machine.home) == {"install.json", "addin/jixiao.xlam"}
    assert opened(machine) == {"OPEN": f'"{machine.addin}"'}
    assert machine.registry.values(OPTIONS)["Font"] == "宋体,11"
    location = machine.registry.values(f"{TRUSTED}\\Location1")
    assert location["Path"] == f"{machine.home / 'addin'}\\"
    assert location["AllowSubFolders"] == 0
    assert trusted(machine)[0] == "C:\\Program Files\\Office16\\XLSTART\\"
    app = machine.registry.values(installing.APPS)
    assert app["UninstallString"] == f'"{machine.prefix / "python.exe"}" -m jixiao uninstall'
    assert json.loads((machine.home / "install.json").read_text("utf-8")) == {
        "version": __version__,
        "python": str(machine.python),
        "dll": str(machine.prefix),
        "excel": ["16.0"],
        "complete": True,
    }


def test_the_installed_add_in_knows_this_computer(machine: FakeMachine) -> None:
    from jixiao.excel.addin import read_settings

    install(machine)
    settings = read_settings(machine.addin)
    assert settings["python"] == str(machine.python)
    assert settings["dll"] == str(machine.prefix)
    assert settings["version"] == __version__


def test_installing_twice_is_installing_once(machine: FakeMachine) -> None:
    install(machine)
    before, content = machine.registry.content(), files(machine.home)
    install(machine)
    assert machine.registry.content() == before
    assert files(machine.home) == content


def test_upgrade_replaces_what_an_older_version_left(machine: FakeMachine) -> None:
    """An older add-in at another place, registered twice, and one whose tick was taken away."""
    registry = machine.registry
    registry.put(
        OPTIONS, {"OPEN": '"C:\\a.xlam"', "OPEN1": '"D:\\old\\JIXIAO.xlam"', "OPEN2": '"C:\\b.xlam"'}
    )
    registry.put(OPTIONS, {"OPEN3": '/R "E:\\jixiao.xlam"'})
    registry.put(MANAGER, {"D:\\older\\jixiao.xlam": "", "C:\\c.xlam": ""})
    install(machine)
    assert opened(machine) == {
        "OPEN": '"C:\\a.xlam"',
        "OPEN1": f'"{machine.addin}"',
        "OPEN2": '"C:\\b.xlam"',
    }
    assert registry.values(MANAGER) == {"C:\\c.xlam": ""}


def test_the_entries_of_others_stay_in_order_and_gaps_are_closed(machine: FakeMachine) -> None:
    """Excel stops reading at a gap; ten entries show that OPEN10 comes after OPEN9."""
    names = ["OPEN", "OPEN1", "OPEN3", "OPEN4", "OPEN5", "OPEN6", "OPEN7", "OPEN8", "OPEN9", "OPEN10"]
    foreign = [f'/R "C:\\附加 {n}.xll"' for n in range(10)]
    machine.registry.put(OPTIONS, dict(zip(names, foreign, strict=True)))
    install(machine)
    wanted = [*foreign, f'"{machine.addin}"']
    assert opened(machine) == {f"OPEN{n or ''}": entry for n, entry in enumerate(wanted)}
    uninstall(machine)
    assert opened(machine) == {f"OPEN{n or ''}": entry for n, entry in enumerate(foreign)}


def test_installing_enables_what_excel_disabled(machine: FakeMachine) -> None:
    """A clerk with the offline folder mends everything by installing again."""
    machine.registry.put(DISABLED, {"7C1A": disabled_item(str(machine.addin)), "8D": b"\1"})
    install(machine)
    assert machine.registry.values(DISABLED) == {"8D": b"\1"}


def test_every_office_that_is_there_gets_the_add_in(machine: FakeMachine) -> None:
    key = r"HKCU\Software\Microsoft\Office\15.0\Excel"
    machine.registry.put(key, {})
    machine.registry.put(r"HKCU\Software\Microsoft\Office\12.0\Excel", {})  # 2007: its VBA knows no 64 bits
    assert install(machine).excel == ("16.0", "15.0")
    assert machine.registry.values(f"{key}\\Options") == {"OPEN": f'"{machine.addin}"'}
    assert machine.registry.subkeys(r"HKCU\Software\Microsoft\Office\12.0\Excel") == []


def test_excel_that_was_never_opened_is_found(machine: FakeMachine) -> None:
    machine.registry.delete_key(r"HKCU\Software\Microsoft\Office\16.0")
    key = r"HKLM\SOFTWARE\Microsoft\Office\16.0\Excel\InstallRoot"
    machine.registry.put(key, {"Path": f"{machine.excel.parent}\\"}, views=(32,))
    install(machine)
    assert opened(machine) == {"OPEN": f'"{machine.addin}"'}


def test_the_mark_of_a_downloaded_file_is_taken_away(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows keeps the mark in a stream of the file's name; elsewhere that is a file of this name."""
    install(machine)
    mark = machine.addin.with_name("jixiao.xlam:Zone.Identifier")
    mark.write_text("[ZoneTransfer]\nZoneId=3\n")
    install(machine)
    assert not mark.exists()


def test_the_dll_beside_a_person_s_own_packages_is_found(machine: FakeMachine) -> None:
    own = machine.prefix / "用户" / "Python"
    own.mkdir(parents=True)
    for dll in machine.prefix.glob("xlwings*.dll"):
        dll.rename(own / dll.name)
    assert install(machine).dll == str(own)


def test_the_python_of_an_offline_folder_is_copied(machine: FakeMachine) -> None:
    (machine.prefix / installing.BUNDLED).write_text("")
    (machine.prefix / "Lib").mkdir()
    (machine.prefix / "Lib" / "新.txt").write_text("新")
    stale = machine.home / "python"
    stale.mkdir(parents=True)
    (stale / "旧.txt").write_text("旧")
    (machine.home / "python.new").mkdir()  # of a copy that was interrupted
    record = install(machine)
    assert record.python == str(stale / "pythonw.exe")
    assert record.dll == str(stale)
    assert files(stale) == files(machine.prefix)
    assert {path.name for path in machine.home.iterdir()} == {"addin", "python", "install.json"}
    command = machine.registry.values(installing.APPS)["UninstallString"]
    assert command == f'"{stale / "python.exe"}" -m jixiao uninstall'


@pytest.mark.parametrize("stuck", ["python", "python.new"])
def test_a_python_that_is_in_use_stays_whole(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch, stuck: str
) -> None:
    """Windows does not rename a folder from which a program runs, nor one that is being searched for viruses."""
    (machine.prefix / installing.BUNDLED).write_text("")
    install(machine)
    before = files(machine.home / "python")
    rename = Path.rename

    def refuse(path: Path, target: Path) -> Path:
        if path.name == stuck:
            raise PermissionError(13, "另一个程序正在使用此文件", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(Refusal, match="还在使用中"):
        install(machine)
    assert files(machine.home / "python") == before
    monkeypatch.undo()
    machine.prefix.joinpath("新.txt").write_text("")
    assert install(machine).complete
    assert "新.txt" in files(machine.home / "python")
    assert {path.name for path in machine.home.iterdir()} == {"addin", "python", "install.json"}


def test_the_copied_python_is_not_copied_onto_itself(machine: FakeMachine) -> None:
    """Installing again, or repairing, from the copy that the first installing made."""
    (machine.prefix / installing.BUNDLED).write_text("")
    install(machine)
    machine.prefix = machine.home / "python"
    machine.python = machine.prefix / "pythonw.exe"
    before = files(machine.home)
    install(machine)
    assert files(machine.home) == before


# --- what stands against it -----------------------------------------------------------------------


def refused(machine: FakeMachine) -> str:
    """Why it is refused; nothing may have been changed."""
    before = machine.registry.content()
    with pytest.raises(Refusal) as caught:
        install(machine)
    assert machine.registry.content() == before
    assert not machine.home.exists()
    cause, remedy = str(caught.value).split("\n")
    assert remedy
    return cause


def test_excel_must_be_closed(machine: FakeMachine) -> None:
    machine.excel_open = True
    assert refused(machine) == "Excel 正开着。"
    assert install(machine, force=True).complete
    with pytest.raises(Refusal, match="Excel 正开着"):
        uninstall(machine)
    assert machine.addin.is_file()


def test_without_excel(machine: FakeMachine) -> None:
    machine.registry.delete_key(r"HKCU\Software\Microsoft\Office")
    assert "没有找到 Excel" in refused(machine)


def test_without_the_dll(machine: FakeMachine) -> None:
    for dll in machine.prefix.glob("xlwings*.dll"):
        dll.unlink()
    assert "缺少连接文件 xlwings64-0.37.8.dll" in refused(machine)


def test_python_of_the_store(machine: FakeMachine) -> None:
    machine.python = Path(r"C:\Program Files\WindowsApps\PythonSoftwareFoundation.Python.3.11\pythonw.exe")
    assert "微软应用商店" in refused(machine)


def test_without_the_add_in(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "ADDIN", machine.folder)
    assert "缺少加载项文件 jixiao.xlam" in refused(machine)


@pytest.mark.parametrize(("system", "words"), [("Linux", "不是 Windows"), ("Darwin", "苹果电脑")])
def test_elsewhere(machine: FakeMachine, system: str, words: str) -> None:
    machine.system = system
    assert words in refused(machine)
    with pytest.raises(Refusal, match=words):
        uninstall(machine)


# --- half-way -------------------------------------------------------------------------------------


@pytest.mark.parametrize("writes", range(11))
def test_a_halt_half_way_is_mended(machine: FakeMachine, writes: int) -> None:
    """The computer is switched off after so many writes: installing again ends as it would have ended, and
    uninstalling leaves nothing."""
    registry = machine.registry
    foreign = {"OPEN": '"C:\\a.xlam"', "OPEN1": '"C:\\b.xlam"'}
    registry.put(OPTIONS, foreign)
    before = registry.content()
    registry.writes_left = writes
    with pytest.raises(KeyboardInterrupt):
        install(machine)
    record = read_record(machine)
    assert record is not None
    assert not record.complete
    assert {name: opened(machine)[name] for name in foreign} == foreign
    registry.writes_left = None
    install(machine)
    assert opened(machine) == {**foreign, "OPEN2": f'"{machine.addin}"'}
    assert len(trusted(machine)) == 2

    uninstall(machine)
    registry.writes_left = writes
    with pytest.raises(KeyboardInterrupt):
        install(machine)
    registry.writes_left = None
    assert uninstall(machine)
    assert registry.content() == before
    assert not machine.home.exists()


def test_a_policy_that_forbids_writing(machine: FakeMachine) -> None:
    machine.registry.forbidden.add(OPTIONS.casefold())
    with pytest.raises(PermissionError):
        install(machine)
    assert uninstall(machine)
    assert not machine.home.exists()


# --- uninstall ------------------------------------------------------------------------------------


def test_uninstall_leaves_nothing(machine: FakeMachine) -> None:
    registry = machine.registry
    registry.put(OPTIONS, {"OPEN": '"C:\\a.xlam"'})
    registry.put(MANAGER, {"C:\\c.xlam": ""})
    before = registry.content()
    install(machine)
    loaded = r"HKCU\Software\Microsoft\Office\16.0\Excel\AddInLoadTimes"
    registry.put(loaded, {str(machine.addin): b"\1"})
    registry.put(DISABLED, {"7C1A": disabled_item(str(machine.addin))})
    assert uninstall(machine)
    assert registry.content() == before
    assert not machine.home.exists()
    assert list(machine.local.iterdir()) == []
    assert not uninstall(machine), "there was nothing left to take away"


def test_uninstall_leaves_no_empty_key(machine: FakeMachine) -> None:
    """Excel that trusted no folder yet gets its keys from installing."""
    machine.registry.delete_key(TRUSTED)
    machine.registry.delete_key(TRUSTED.rpartition("\\")[0])
    before = set(machine.registry.keys)
    install(machine)
    assert len(trusted(machine)) == 1
    uninstall(machine)
    assert set(machine.registry.keys) == before | {
        (0, r"hkcu\software\microsoft\windows\currentversion\uninstall"),
        *(
            (0, key)
            for key in (r"hkcu\software\microsoft\windows\currentversion", r"hkcu\software\microsoft\windows")
        ),
    }, "the keys above are Windows' own"


def test_uninstalling_with_the_python_that_is_taken_away(machine: FakeMachine) -> None:
    """A program cannot remove itself: the rest goes when it has ended."""
    (machine.prefix / installing.BUNDLED).write_text("")
    install(machine)
    machine.prefix = machine.home / "python"
    machine.python = machine.prefix / "pythonw.exe"
    assert uninstall(machine)
    assert machine.removed_later == [machine.home]
    assert {path.name for path in machine.home.iterdir()} == {"python"}
    assert opened(machine) == {}


def disabled_item(path: str) -> bytes:
    """A value of DisabledItems: kind, length of path, length of name, then both in UTF-16, ended by a zero."""
    texts = [f"{text}\0".encode("utf-16-le") for text in (path.lower(), "绩效自评")]
    return b"".join([*(n.to_bytes(4, "little") for n in (1, *map(len, texts))), *texts])


# --- the pieces -----------------------------------------------------------------------------------


def test_excel_of_another_person_on_the_same_server_does_not_count() -> None:
    others = [(0, 804, "svchost.exe", None), (2, 5120, "EXCEL.EXE", None), (3, 77, "python.exe", None)]
    assert not excel_in(others, 77)
    assert excel_in([*others, (3, 6020, "excel.exe", None)], 77)


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    path = tmp_path / "坏.dll"
    path.write_bytes(b"MZ" + b"\xff" * 200)
    assert program_file(path).bits == 0


def test_only_the_person_s_own_part_is_ever_written(machine: FakeMachine) -> None:
    with pytest.raises(ValueError, match="HKLM"):
        machine.registry.write(r"HKLM\SOFTWARE\x", "y", 1)
    assert office.versions(machine.registry) == ["16.0"]
