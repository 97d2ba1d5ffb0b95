"""Python packages for a Windows computer that cannot reach the net: fetched as wheels anywhere, unpacked by hand.

pip finds and downloads the wheels, but two things of it do not fit. It judges ``platform_system == "Windows"`` by the
computer it runs on, so on others it leaves out pywin32: what the wheels ask of Windows is read here and asked for by
name. And ``pip install --target`` puts a wheel's data files, xlwings' DLLs, among the packages while its RECORD says
they lie beside python.exe; unpacked here they lie where a plain ``pip install`` puts them.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from jixiao import resources
from jixiao.excel.setup.machine import Refusal

PLATFORM = "win_amd64"
SITE = PurePosixPath("Lib/site-packages")
"""Where packages lie below the folder of a Windows Python."""


def environment(version: str) -> Mapping[str, str]:
    """Return what the conditions of a wheel's requirements are judged by (PEP 508) on 64-bit Windows.

    Args:
        version: of Python, such as ``3.11``.
    """
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "os_name": "nt",
        "platform_machine": "AMD64",
        "platform_python_implementation": "CPython",
        "platform_release": "10",
        "platform_system": "Windows",
        "platform_version": "10.0.19045",
        "python_full_version": f"{version}.0",
        "python_version": version,
        "sys_platform": "win32",
        "extra": "",
    }


def collect(folder: Path, version: str, source: Path | None, extra: str = "") -> list[Path]:
    """Put the wheels of this program, and of all it needs on Windows, into a folder.

    Args:
        version: of the Python that will run them, such as ``3.11``.
        source: a folder of wheels to take them from, without the net; ``None`` to download them.
        extra: of this program, whose libraries are wanted too.

    Returns:
        The wheels, this program's first.

    Raises:
        Refusal: the net or a wheel is missing.
    """
    ours = _ours(folder, source)
    where = ["--no-index", "--find-links", str(source)] if source else []
    wanted = [f"{ours}[{extra}]" if extra else str(ours)]
    while True:
        _pip(
            "download",
            *("--dest", str(folder), "--platform", PLATFORM, "--python-version", version),
            *("--implementation", "cp", "--only-binary=:all:", *where, *wanted),
        )
        by_name = {name(wheel): wheel for wheel in folder.glob("*.whl")}
        needed, missing = _follow(name(ours), by_name, version, extra)
        if not missing:
            break
        wanted += missing
    for wheel in by_name.values():
        if wheel not in needed:  # asked for by the computer that downloads, not by Windows
            wheel.unlink()
    return needed


def _follow(start: str, wheels: Mapping[str, Path], version: str, extra: str) -> tuple[list[Path], list[str]]:
    """What a wheel needs on Windows, through all others: the wheels, and the requirements that none meets."""
    needed, missing, ahead = [wheels[start]], [], [start]
    while ahead:
        asking = ahead.pop()
        own = extra if asking == start else ""
        for package, requirement in _required(wheels[asking], version, own):
            wheel = wheels.get(package)
            if wheel is None:
                missing.append(requirement)
            elif wheel not in needed:
                needed.append(wheel)
                ahead.append(package)
    return needed, missing


def _required(wheel: Path, version: str, extra: str = "") -> Iterator[tuple[str, str]]:
    """Name and text of each requirement that holds on Windows, those of an extra included."""
    from pip._vendor.packaging.requirements import Requirement

    with zipfile.ZipFile(wheel) as file:
        [metadata] = [entry for entry in file.namelist() if entry.endswith(".dist-info/METADATA")]
        lines = HeaderParser().parsestr(file.read(metadata).decode("utf-8")).get_all("Requires-Dist") or []
    settings = [{**environment(version), "extra": each} for each in {"", extra}]
    for line in lines:
        requirement = Requirement(line)
        if requirement.marker is None or any(map(requirement.marker.evaluate, settings)):
            yield _plain(requirement.name), f"{requirement.name}{requirement.specifier}"


def name(wheel: Path) -> str:
    """Return the package's name.

    >>> name(Path("markdown_it_py-4.0.0-py3-none-any.whl"))
    'markdown-it-py'
    """
    return _plain(wheel.name.partition("-")[0])


def _plain(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _ours(folder: Path, source: Path | None) -> Path:
    """This program's own wheel: the given one, or built from the project."""
    given = sorted(source.glob("jixiao-*.whl")) if source else []
    if given:
        target = folder / given[-1].name
        target.write_bytes(given[-1].read_bytes())
        return target
    if not (resources.ROOT / "pyproject.toml").is_file():
        raise Refusal(
            "这是安装好的程序，手边没有它自己的安装文件（jixiao-….whl）。",
            "请把 jixiao-….whl 放进一个文件夹，用 --wheels 指明它；或在项目文件夹里运行本命令。",
        )
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(resources.ROOT))
    [built] = folder.glob("jixiao-*.whl")
    return built


def _pip(*arguments: str) -> None:
    """Run pip quietly; what it finds wrong is told in Chinese, with its own last words."""
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    run = subprocess.run(
        [*command, "--retries", "2", "--timeout", "20"], capture_output=True, text=True, errors="replace"
    )
    if run.returncode == 0:
        return
    if "No module named pip" in run.stderr:
        raise Refusal(
            "这个 Python 里没有 pip，不能下载程序库。", "请换用从 python.org 安装的 Python 运行本命令。"
        )
    if match := re.search(r"No matching distribution found for (\S+)", run.stderr):
        offline = "--no-index" in arguments or "NewConnectionError" in run.stderr
        raise Refusal(
            f"没有找到程序库 {match[1]}" + ("。" if "--no-index" in arguments else "，可能是没有网络。"),
            "请把缺少的 .whl 放进 --wheels 指明的文件夹。"
            if "--no-index" in arguments
            else "请检查网络后重试；单位有镜像站的，先设置 pip 的镜像站；都不行的，在能上网的电脑上下载 .whl，用 --wheels 指明。"
            if offline
            else "请检查网络后重试；换一个 Python 版本（推荐 3.11）也可能解决。",
        )
    last = ([line for line in run.stderr.splitlines() if "ERROR" in line] or ["pip 没有说明原因"])[-1]
    raise Refusal(f"下载或生成程序库失败：{last}", "请检查网络和磁盘空间后重试。")


# --- unpacking ------------------------------------------------------------------------------------


def unpack(wheel: Path, prefix: Path) -> None:
    """Unpack a wheel into the folder of a Windows Python (PEP 427), with a RECORD of where its files lie.

    Programs for the command line are left out: they would need the path of a Python that will be elsewhere.

    Raises:
        Refusal: it names a file outside that folder.
    """
    with zipfile.ZipFile(wheel) as file:
        rows = []
        record = None
        for entry in file.namelist():
            place = None if entry.endswith("/") else _place(entry)
            if place is None:
                continue
            if ".." in place.parts or place.is_absolute():
                raise Refusal(f"程序库文件 {wheel.name} 不可信。", "请删除它，从可靠的来源重新下载。")
            if entry.endswith(".dist-info/RECORD"):
                record = place
                continue
            target = prefix / place
            target.parent.mkdir(parents=True, exist_ok=True)
            content = file.read(entry)
            target.write_bytes(content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.append((_from_site(place), f"sha256={digest}", str(len(content))))
    if record is not None:
        _write_record(prefix / record, [*rows, (_from_site(record), "", "")])


def _place(entry: str) -> PurePosixPath | None:
    """Where a file of a wheel goes below Python's folder; ``None`` for what is left out."""
    path = PurePosixPath(entry)
    if not path.parts[0].endswith(".data"):
        return SITE / path
    kind, rest = path.parts[1], PurePosixPath(*path.parts[2:])
    return {"purelib": SITE / rest, "platlib": SITE / rest, "data": rest}.get(kind)


def _from_site(place: PurePosixPath) -> str:
    if place.is_relative_to(SITE):
        return str(place.relative_to(SITE))
    return str(PurePosixPath(*[".."] * len(SITE.parts)) / place)


def _write_record(path: Path, rows: Sequence[tuple[str, str, str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue(), "utf-8")
