"""Why the treasury's desk cannot do what is asked."""

from __future__ import annotations


class DeskError(Exception):
    """Something that a person can mend: why, and what to do, each without full stop."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}。\n{remedy}。")
        self.cause, self.remedy = cause, remedy


#: Libraries that only some need: the extra of the installation that brings each, and what it is needed for.
_EXTRAS = {
    "duckdb": ("treasury", "收集、汇总和查询"),
    "pyarrow": ("treasury", "收集、汇总和查询"),
    "distributed": ("cluster", "用 Dask 集群收集"),
    "fsspec": ("cluster", "读取 sftp:// 这类地址里的文件"),
}
_WITHOUT = {
    "treasury": "；不能上网的电脑，请换用带财政汇总的离线安装包（jixiao bundle --treasury）",
    "cluster": "；或去掉 --engine、改用共享文件夹的路径，在本机收集",
}


def not_installed(library: str) -> DeskError:
    """A library of an extra is not there: what for, and how to get it."""
    extra, use = _EXTRAS[library]
    return DeskError(
        f"这里没有安装程序库 {library}，或者装得不完整；{use}要用它",
        f'请运行 pip install "jixiao[{extra}]"，再运行同一命令{_WITHOUT[extra]}',
    )


def missing_library(error: ImportError) -> DeskError | None:
    """What to tell of a failed import, if it is of a library that only some need."""
    name = (error.name or "").partition(".")[0]
    return not_installed(name) if name in _EXTRAS else None


class StoreError(DeskError):
    """A store that cannot be used."""


class QueryError(DeskError):
    """A question that cannot be answered."""
