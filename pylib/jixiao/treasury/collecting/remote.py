"""Files that are reached under a URL, on a server or in an object store: whatever fsspec can open.

Such a file has the same name and the same address on every machine, which is what a cluster needs. ``file://`` is a
path like any other and needs no fsspec.
"""

from __future__ import annotations

import datetime as dt
import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

from jixiao.treasury.errors import DeskError, not_installed

#: What file systems call the time when a file was last written.
_TIMES = ("mtime", "LastModified", "last_modified", "modified", "updated", "created")
#: Name and password in front of a host: they are for the server, not for a list of files.
_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")


@dataclass(frozen=True, slots=True)
class Remote:
    """A file under a URL: ``inner`` is its name below the place that was given; ``modified`` in nanoseconds, 0 when
    the server does not say."""

    inner: str
    url: str
    size: int
    modified: int


def is_url(place: str) -> bool:
    """Whether a place is a URL.

    >>> is_url("sftp://share/报送"), is_url("/mnt/share/报送"), is_url("C:\\\\报送")
    (True, False, False)
    """
    return "://" in place


def place(text: str) -> Path | str:
    """A place as people write it: a path, also when it is written as ``file://``, or a URL.

    >>> place("file:///mnt/share/a%20b").as_posix(), place("sftp://share/报送")
    ('/mnt/share/a b', 'sftp://share/报送')
    """
    if not text.lower().startswith("file://"):
        return text if is_url(text) else Path(text)
    parts = urlsplit(text)
    host = "" if parts.netloc in ("", "localhost") else f"//{parts.netloc}"
    return Path(url2pathname(host + parts.path))


def public(url: str) -> str:
    """A URL as it may be shown and kept: without the user's name and password.

    >>> public("sftp://chen:secret@share:22/报送/")
    'sftp://share:22/报送'
    """
    return _CREDENTIALS.sub("", url).rstrip("/")


def files(url: str) -> Iterator[Remote]:
    """All files at a URL: those of a folder, however deep, or the one that it names.

    Raises:
        DeskError: fsspec is missing or does not know it, nothing is there, or it cannot be reached.
    """
    system, root = _system(url)
    try:
        if system.isfile(root):
            found = {root: system.info(root)}
        elif system.exists(root):
            found = system.find(root, detail=True)
        else:
            raise DeskError(f"找不到“{public(url)}”", "请核对地址，以及账号能否看到它")
    except DeskError:
        raise
    except Exception as error:  # each file system has exceptions of its own
        raise DeskError(
            f"“{public(url)}”不能打开（{type(error).__name__}）", "请检查网络、账号和读取权限"
        ) from error
    for path, info in sorted(found.items()):
        inner = path[len(root) :].lstrip("/")
        yield Remote(
            inner, f"{url.rstrip('/')}/{inner}" if inner else url, int(info.get("size") or 0), _time(info)
        )


def opened(url: str) -> BinaryIO:
    """A file under a URL, to be read from any position.

    Raises:
        OSError: it is not there or cannot be read.
    """
    try:
        system, path = _system(url)
        return cast(BinaryIO, system.open(path, "rb"))
    except FileNotFoundError as error:  # fsspec forgets to say what is wrong
        raise FileNotFoundError(errno.ENOENT, "not found", public(url)) from error
    except OSError:
        raise
    except Exception as error:
        raise OSError(errno.EIO, type(error).__name__, public(url)) from error


def exists(url: str) -> bool:
    """Whether this machine, as it is, can see what a URL names."""
    try:
        system, path = _system(url)
        return bool(system.exists(path))
    except Exception:
        return False


def _system(url: str) -> tuple[Any, str]:
    """The file system that a URL is about, and the path within it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise not_installed("fsspec") from error
    protocol = url.partition("://")[0]
    try:
        system, path = url_to_fs(url)
    except ValueError as error:
        raise DeskError(
            f"不认识“{protocol}://”这种地址", "请用共享文件夹的路径，或 fsspec 支持的地址，如 sftp://"
        ) from error
    except ImportError as error:
        raise DeskError(
            f"读取“{protocol}://”还缺少程序库 {error.name or ''}".rstrip(), "请用 pip 安装它，再运行同一命令"
        ) from error
    except Exception as error:
        raise DeskError(
            f"连不上“{public(url)}”（{type(error).__name__}）", "请检查网络、地址和账号"
        ) from error
    return system, path.rstrip("/") or path


def _time(info: dict[str, Any]) -> int:
    for name in _TIMES:
        value = info.get(name)
        if isinstance(value, dt.datetime):
            return int(value.timestamp() * 1e9)
        if isinstance(value, (int, float)):
            return int(value * 1e9)
    return 0
