"""Each thing that can be wrong with the add-in on a computer: what the doctor says of it, and what it repairs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fake_windows import APP_PATHS, DISABLED, MANAGER, OPTIONS, POLICIES, TRUSTED, FakeMachine, program
from jixiao import __version__, cli, resources
from jixiao.excel.setup import doctor
from jixiao.excel.setup import install as installing
from jixiao.excel.setup.doctor import FAULT, GOOD, NOTE, Diagnosis, repair, report
from jixiao.excel.setup.install import install
from jixiao.excel.setup.machine import Refusal, ThisMachine

EXCEL = r"HKCU\Software\Microsoft\Office\16.0\Excel"


pytestmark = pytest.mark.usefixtures("built_addin")


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    """A computer on which the add-in is installed and works."""
    machine = FakeMachine(tmp_path)
    install(machine)
    return machine


def bad(machine: FakeMachine) -> list[Diagnosis]:
    return [diagnosis for diagnosis in report(machine) if diagnosis.state != GOOD]


def only(machine: FakeMachine, state: str, name: str) -> Diagnosis:
    """The one thing that is not as it should be."""
    [diagnosis] = bad(machine)
    assert (diagnosis.state, diagnosis.name) == (state, name)
    return diagnosis


def cured(machine: FakeMachine) -> None:
    """Repair what was found; then nothing may be found."""
    assert repair(report(machine)) == 1
    assert bad(machine) == []


def test_a_sound_computer(machine: FakeMachine) -> None:
    diagnoses = report(machine)
    assert {diagnosis.state for diagnosis in diagnoses} == {GOOD}
    assert len(diagnoses) == len(doctor.CHECKS)
    assert all(diagnosis.remedy == "" and diagnosis.repair is None for diagnosis in diagnoses)
    by_name = {diagnosis.name: diagnosis.cause for diagnosis in diagnoses}
    assert by_name["Excel"] == "Excel 16.0.17928，64 位"
    assert by_name["连接文件（DLL）"] == f"xlwings64-0.37.8.dll 在 {machine.prefix}"
    assert by_name["加载项文件"] == f"版本 {__version__}，{machine.addin}"


def test_every_finding_that_is_not_good_says_what_to_do(machine: FakeMachine) -> None:
    machine.registry.put(DISABLED, {"x": str(machine.addin).lower().encode("utf-16-le")})
    machine.registry.delete(OPTIONS, "OPEN")
    for diagnosis in bad(machine):
        assert diagnosis.remedy.endswith("。")


# --- Excel ----------------------------------------------------------------------------------------


def test_no_excel(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.registry.delete_key(r"HKCU\Software\Microsoft\Office")
    machine.excel.unlink()
    found = {d.name: d for d in bad(machine)}
    assert "没有找到 Excel" in found["Excel"].cause
    assert "WPS" in found["Excel"].remedy
    assert found["加载项文件"].cause == "加载项还没有安装"


def test_excel_program_gone(machine: FakeMachine) -> None:
    machine.excel.unlink()
    assert "找不到 Excel 程序" in only(machine, NOTE, "Excel").cause


def test_excel_of_32_bits_beside_python_of_64_is_sound(machine: FakeMachine) -> None:
    """They are two programs; but Excel loads the DLL of its own bits."""
    machine.excel.write_bytes(program(32, (16, 0, 5400, 1000)))
    assert bad(machine) == []
    dll = [d.cause for d in report(machine) if d.name == "连接文件（DLL）"]
    assert dll == [f"xlwings32-0.37.8.dll 在 {machine.prefix}"]
    (machine.prefix / "xlwings64-0.37.8.dll").unlink()
    assert bad(machine) == [], "the other DLL is not needed"
    (machine.prefix / "xlwings32-0.37.8.dll").unlink()
    assert "缺少 xlwings32-0.37.8.dll" in only(machine, FAULT, "连接文件（DLL）").cause


def test_bits_noted_by_office_s_own_installer(machine: FakeMachine) -> None:
    """Where Excel's program cannot be read, what Office noted counts."""
    machine.excel.unlink()
    key = r"HKLM\SOFTWARE\Microsoft\Office\ClickToRun\Configuration"
    machine.registry.put(key, {"Platform": "x86"}, views=(64,))
    (machine.prefix / "xlwings64-0.37.8.dll").unlink()
    assert {d.name for d in bad(machine)} == {"Excel"}


def test_excel_of_the_store(machine: FakeMachine) -> None:
    store = machine.folder / "WindowsApps" / "Microsoft.Office.Desktop.Excel_16051" / "EXCEL.EXE"
    store.parent.mkdir(parents=True)
    store.write_bytes(program(64, (16, 0, 1, 1)))
    machine.registry.put(APP_PATHS, {"": str(store)})
    assert "微软应用商店" in only(machine, NOTE, "Excel").cause


@pytest.mark.parametrize(
    "server",
    [
        r'"C:\Users\张三\AppData\Local\Kingsoft\WPS Office\12.1.0.16929\office6\et.exe" /Automation',
        r"D:\办公\office6\et.exe /Automation",
    ],
)
def test_wps_in_excel_s_place(machine: FakeMachine, server: str) -> None:
    clsid = "{45540001-5750-5300-4B49-4E47534F4654}"
    machine.registry.put(r"HKCR\Excel.Application\CLSID", {"": clsid})
    machine.registry.put(rf"HKCR\CLSID\{clsid}\LocalServer32", {"": server}, views=(32,))
    machine.registry.put(rf"HKCR\CLSID\{clsid}", {}, views=(64,))
    assert "兼容" in only(machine, NOTE, "WPS 与 Excel").remedy


def test_wps_entered_as_excel_s_program(machine: FakeMachine) -> None:
    """App Paths may name et.exe: that is not Excel; the install root is asked next."""
    machine.registry.put(APP_PATHS, {"": r"C:\WPS Office\et.exe"})
    root = r"HKLM\SOFTWARE\Microsoft\Office\16.0\Excel\InstallRoot"
    machine.registry.put(root, {"Path": str(machine.excel.parent)})
    assert [d.cause for d in report(machine) if d.name == "Excel"] == ["Excel 16.0.17928，64 位"]


# --- Python ---------------------------------------------------------------------------------------


def test_python_of_the_store(machine: FakeMachine) -> None:
    machine.python = Path(r"C:\Users\张三\AppData\Local\Microsoft\WindowsApps\pythonw.exe")
    assert "微软应用商店" in only(machine, FAULT, "Python").cause


def test_python_moved_away(machine: FakeMachine) -> None:
    """The add-in names the Python that was; repaired, it names the one that examines."""
    moved = machine.folder / "Python 312"
    machine.prefix.rename(moved)
    machine.prefix, machine.python = moved, moved / "pythonw.exe"
    assert {(d.state, d.name) for d in bad(machine)} == {(FAULT, "Python"), (FAULT, "连接文件（DLL）")}
    cured(machine)
    record = installing.read_record(machine)
    assert record is not None
    assert record.python == str(moved / "pythonw.exe")


@pytest.mark.parametrize("module", ["pywintypes", "pythoncom", "win32com.client"])
def test_pywin32_broken(machine: FakeMachine, module: str) -> None:
    machine.broken[module] = "ImportError: DLL load failed"
    diagnosis = only(machine, FAULT, "与 Excel 通信的组件（pywin32）")
    assert module in diagnosis.cause
    assert "DLL load failed" in diagnosis.cause


@pytest.mark.parametrize("module", doctor.SERVED)
def test_program_broken(machine: FakeMachine, module: str) -> None:
    machine.broken[module] = "ModuleNotFoundError: No module named 'numpy'"
    assert module in only(machine, FAULT, "测算和审核程序").cause


def test_what_excel_calls_is_there() -> None:
    for module in doctor.SERVED:
        assert ThisMachine().import_error(module) == ""
    assert "ModuleNotFoundError" in ThisMachine().import_error("jixiao.excel.none")


def test_two_pythons_on_one_computer(machine: FakeMachine) -> None:
    """What the program examines of itself says nothing of the Python that Excel uses."""
    second = machine.folder / "Python 313"
    shutil.copytree(machine.prefix, second)
    machine.prefix, machine.python = second, second / "pythonw.exe"
    assert "另一个" in only(machine, NOTE, "Python").cause


def test_another_xlwings(machine: FakeMachine) -> None:
    machine.versions["xlwings"] = "0.30.0"
    diagnosis = only(machine, FAULT, "连接 Excel 的程序库（xlwings）")
    assert diagnosis.cause == "版本应为 0.37.8，现在是 0.30.0"
    assert "pip install xlwings==0.37.8" in diagnosis.remedy


def test_dll_damaged(machine: FakeMachine) -> None:
    (machine.prefix / "xlwings64-0.37.8.dll").write_bytes(b"")
    assert "已损坏" in only(machine, FAULT, "连接文件（DLL）").cause


def test_dll_gone_cannot_be_repaired_without_another(machine: FakeMachine) -> None:
    (machine.prefix / "xlwings64-0.37.8.dll").unlink()
    (machine.prefix / "xlwings32-0.37.8.dll").unlink()
    assert "杀毒软件" in only(machine, FAULT, "连接文件（DLL）").remedy
    with pytest.raises(Refusal, match="杀毒软件"):
        repair(report(machine))


# --- the add-in -----------------------------------------------------------------------------------


def test_not_installed(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    assert {d.name for d in bad(machine)} == {"加载项文件", "在 Excel 中登记", "受信任位置"}
    cured(machine)


def test_add_in_vanished(machine: FakeMachine) -> None:
    machine.addin.unlink()
    diagnosis = only(machine, FAULT, "加载项文件")
    assert "不见了" in diagnosis.cause
    assert "杀毒软件" in diagnosis.remedy
    cured(machine)


def test_add_in_of_another_version(machine: FakeMachine) -> None:
    from jixiao.excel.addin import configure

    old = {"python": str(machine.python), "dll": str(machine.prefix), "version": "0.0.9"}
    configure(resources.ADDIN / "jixiao.xlam", machine.addin, old)
    diagnosis = only(machine, FAULT, "加载项文件")
    assert diagnosis.cause == f"加载项是版本 0.0.9，程序是版本 {__version__}"
    cured(machine)


def test_add_in_for_another_dll(machine: FakeMachine) -> None:
    """VBA names the DLL with its version; a file put in by hand may name another."""
    from jixiao.excel.addin import configure

    configure(resources.ADDIN / "jixiao.xlam", machine.addin, {"xlwings": "0.30.0", "version": __version__})
    assert "不是同一次发布" in only(machine, FAULT, "加载项文件").cause
    cured(machine)


def test_add_in_damaged(machine: FakeMachine) -> None:
    machine.addin.write_bytes(b"PK\3\4")
    assert only(machine, FAULT, "加载项文件").cause == "加载项文件已损坏"
    cured(machine)


def test_installing_was_interrupted(machine: FakeMachine) -> None:
    record = machine.home / "install.json"
    record.write_text(record.read_text("utf-8").replace("true", "false"), "utf-8")
    assert only(machine, FAULT, "加载项文件").cause == "上一次安装没有做完"
    cured(machine)


def test_add_in_that_names_another_python(machine: FakeMachine) -> None:
    from jixiao.excel.addin import configure

    copy = machine.addin.with_name("copy.xlam")
    configure(machine.addin, copy, {"python": r"D:\Python\pythonw.exe"})
    copy.replace(machine.addin)
    assert "Python 位置" in only(machine, FAULT, "加载项文件").cause
    cured(machine)


def test_record_that_nobody_can_read(machine: FakeMachine) -> None:
    (machine.home / "install.json").write_text("{", "utf-8")
    assert only(machine, FAULT, "加载项文件").cause == "上一次安装没有做完"
    cured(machine)


def test_mark_of_a_downloaded_file(machine: FakeMachine) -> None:
    machine.addin.with_name("jixiao.xlam:Zone.Identifier").write_text("[ZoneTransfer]\nZoneId=3\n")
    assert "解除锁定" in only(machine, FAULT, "加载项文件的来源标记").remedy
    cured(machine)


# --- what Excel holds -----------------------------------------------------------------------------


def test_tick_taken_away(machine: FakeMachine) -> None:
    """Excel moves what is not ticked from Options to the Add-in Manager."""
    machine.registry.delete(OPTIONS, "OPEN")
    machine.registry.put(MANAGER, {str(machine.addin): ""})
    assert "勾选" in only(machine, FAULT, "在 Excel 中登记").remedy
    cured(machine)
    assert machine.registry.values(MANAGER) == {}


def test_registered_at_another_place(machine: FakeMachine) -> None:
    machine.registry.put(OPTIONS, {"OPEN": '"D:\\旧\\jixiao.xlam"'})
    assert r"D:\旧\jixiao.xlam" in only(machine, FAULT, "在 Excel 中登记").cause
    cured(machine)


def test_registered_twice(machine: FakeMachine) -> None:
    machine.registry.put(OPTIONS, {"OPEN1": f'"{machine.addin}"'})
    assert "登记了两次" in only(machine, FAULT, "在 Excel 中登记").cause
    cured(machine)


def test_not_trusted(machine: FakeMachine) -> None:
    machine.registry.delete_key(f"{TRUSTED}\\Location1")
    assert "不信任" in only(machine, FAULT, "受信任位置").cause
    cured(machine)


@pytest.mark.parametrize(
    ("key", "name", "content", "words"),
    [
        (rf"{POLICIES}\Common\Security\Trusted Locations", "allow user locations", 0, "管理策略"),
        (rf"{POLICIES}\Excel\Security\Trusted Locations", "AllLocationsDisabled", 1, "停用"),
        (TRUSTED, "AllLocationsDisabled", 1, "停用"),
    ],
)
def test_trusted_locations_switched_off(
    machine: FakeMachine, key: str, name: str, content: int, words: str
) -> None:
    machine.registry.put(key, {name: content})
    diagnosis = only(machine, NOTE, "受信任位置")
    assert words in diagnosis.cause
    assert str(machine.addin.parent) in diagnosis.remedy


def test_a_policy_counts_before_the_person_s_own_choice(machine: FakeMachine) -> None:
    machine.registry.put(TRUSTED, {"AllLocationsDisabled": 1})
    machine.registry.put(rf"{POLICIES}\Excel\Security\Trusted Locations", {"AllLocationsDisabled": 0})
    assert bad(machine) == []


def disabled_item(path: str) -> bytes:
    """Kind 1, the lengths of path and name, then both in UTF-16, each ended by a zero, the path in lower case."""
    texts = [f"{text}\0".encode("utf-16-le") for text in (path.lower(), "绩效自评")]
    return b"".join([*(n.to_bytes(4, "little") for n in (1, *map(len, texts))), *texts])


@pytest.mark.parametrize("place", [DISABLED, rf"{EXCEL}\Resiliency\CrashingAddinList"])
def test_disabled_after_a_crash(machine: FakeMachine, place: str) -> None:
    other = disabled_item("C:\\别人的\\other.xlam")
    machine.registry.put(place, {"1A": other, "2B": disabled_item(str(machine.addin))})
    diagnosis = only(machine, FAULT, "Excel 的禁用项目")
    assert "禁用项目" in diagnosis.remedy
    assert diagnosis.repair is not None
    machine.excel_open = True
    with pytest.raises(Refusal, match="Excel 正开着"):
        repair(report(machine))
    machine.excel_open = False
    cured(machine)
    assert machine.registry.values(place) == {"1A": other}


@pytest.mark.parametrize(
    ("key", "name", "content", "state", "words"),
    [
        (rf"{POLICIES}\Excel\Security", "vbawarnings", 3, NOTE, "没有数字签名的宏"),
        (rf"{POLICIES}\Excel\Security", "vbawarnings", "4", NOTE, "所有宏都不运行"),
        (rf"{EXCEL}\Security", "VBAWarnings", 4, NOTE, "所有宏都不运行"),
        (rf"{POLICIES}\Excel\Security", "blockcontentexecutionfrominternet", 1, NOTE, "从网上或邮件"),
        (rf"{POLICIES}\Excel\Security", "requireaddinsig", 1, FAULT, "数字签名"),
        (rf"{EXCEL}\Security", "DisableAllAddins", 1, FAULT, "停用所有加载项"),
    ],
)
def test_macro_settings(
    machine: FakeMachine, key: str, name: str, content: int | str, state: str, words: str
) -> None:
    machine.registry.put(key, {name: content})
    assert words in only(machine, state, "宏的设置").cause


def test_macros_that_excel_asks_about_are_sound(machine: FakeMachine) -> None:
    machine.registry.put(rf"{EXCEL}\Security", {"VBAWarnings": 2})
    assert bad(machine) == []


# --- folders --------------------------------------------------------------------------------------


def test_personal_folder_on_a_share(machine: FakeMachine) -> None:
    machine.shares.add(str(machine.local))
    assert "另一台电脑" in only(machine, FAULT, "文件夹").cause
    machine.registry.put(TRUSTED, {"AllowNetworkLocations": 1})
    assert only(machine, NOTE, "文件夹").state == NOTE


def test_personal_folder_kept_by_onedrive(machine: FakeMachine) -> None:
    machine.environment["ONEDRIVECOMMERCIAL"] = str(machine.folder / "用户 张三")
    assert "OneDrive" in only(machine, FAULT, "文件夹").cause


def test_documents_kept_by_onedrive(machine: FakeMachine) -> None:
    key = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
    machine.environment["ONEDRIVE"] = r"C:\Users\张三\OneDrive"
    machine.registry.put(key, {"Personal": r"%USERPROFILE%\Documents"})
    assert bad(machine) == []
    machine.registry.put(key, {"Personal": r"C:\users\张三\ONEDRIVE\文档"})
    assert "文档" in only(machine, NOTE, "文件夹").cause


def test_path_too_long_for_excel(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    rest = 218 - len(str(machine.addin))
    machine.local = machine.local / ("x" * (rest - 1))
    machine.local.mkdir(parents=True)
    machine.environment["LOCALAPPDATA"] = str(machine.local)
    assert len(str(machine.addin)) == 218
    install(machine)
    assert "218" in only(machine, FAULT, "文件夹").cause


# --- the whole ------------------------------------------------------------------------------------


def test_a_check_that_fails_keeps_no_other_from_being_seen(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[str]:
        raise RuntimeError("坏")

    monkeypatch.setattr(doctor.office, "addins_forbidden", broken)
    diagnosis = only(machine, NOTE, "检查本身")
    assert "坏" in diagnosis.cause
    assert [d.name for d in report(machine)][-1] == "文件夹"


def test_one_cure_for_several_faults_is_taken_once(machine: FakeMachine) -> None:
    machine.addin.unlink()
    machine.registry.delete(OPTIONS, "OPEN")
    machine.registry.delete_key(f"{TRUSTED}\\Location1")
    assert len(bad(machine)) == 3
    cured(machine)


@pytest.fixture
def command(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The command line on that computer: exit status, output, errors."""
    monkeypatch.setattr("jixiao.excel.setup.machine.ThisMachine", lambda: machine)
    monkeypatch.setattr("jixiao.excel.setup.doctor.ThisMachine", lambda: machine)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(list(arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_command_line(machine: FakeMachine, command: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = command("doctor")
    assert code == 0
    assert "一切正常。" in out
    machine.addin.unlink()
    code, out, _ = command("doctor")
    assert code == 1
    assert "故障" in out
    assert "1. 加载项文件：多半是被杀毒软件删除了" in out
    code, out, _ = command("doctor", "--json")
    assert code == 1
    data = {item["name"]: item for item in json.loads(out)}
    assert data["加载项文件"]["state"] == "故障"
    assert data["加载项文件"]["repairable"] is True
    code, out, _ = command("doctor", "--repair")
    assert code == 0
    assert "已修复 1 处" in out
    code, out, _ = command("uninstall")
    assert (code, out.splitlines()[0][:9]) == (0, "绩效自评加载项已卸")
    code, out, _ = command("uninstall")
    assert "没有装" in out
    code, out, _ = command("install")
    assert code == 0
    assert machine.addin.is_file()
    machine.addin.unlink()
    machine.excel_open = True
    code, out, err = command("doctor", "--repair")
    assert code == 2
    assert "加载项文件不见了" in out.replace("\n", ""), (
        "what was found is told even if it cannot be repaired now"
    )
    assert err.splitlines()[0] == "Excel 正开着。"
    code, out, err = command("install")
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == "Excel 正开着。"


@pytest.mark.parametrize("action", ["install", "uninstall", "doctor"])
def test_command_line_on_another_system(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    import platform

    if platform.system() == "Windows":
        pytest.skip("this is Windows")
    assert cli.main([action]) == 2
    cause, remedy = capsys.readouterr().err.splitlines()
    assert "Windows" in cause
    assert "jixiao check" in remedy
