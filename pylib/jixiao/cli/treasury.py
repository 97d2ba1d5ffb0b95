"""Commands of the treasury: issue, parameters, collect, query."""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from jixiao.catalogue import load_catalogue
from jixiao.cli.common import (
    OK,
    OUTSTANDING,
    REASONS,
    UNUSABLE,
    Unusable,
    package_of,
    write_file,
    writing,
    year_of,
)
from jixiao.cli.printing import print_answer

if TYPE_CHECKING:
    from jixiao.treasury.collecting.collect import Engine
    from jixiao.treasury.collecting.overview import Overview
    from jixiao.treasury.returning import Returned, Terms


def issue(arguments: argparse.Namespace) -> int:
    """``jixiao issue``; returns the exit status."""
    from jixiao.books.vba.buttons import SUFFIX as MACROS
    from jixiao.treasury.issuing.issue import FILE, issue, summary
    from jixiao.treasury.parameters import read_parameters

    catalogue = load_catalogue()
    package = package_of(arguments.package, catalogue)
    own = read_parameters(arguments.parameters, package.code, catalogue) if arguments.parameters else None
    year = year_of(arguments.year or (own.year if own else package.year))
    if own and own.year != year:
        raise Unusable(
            f"“{arguments.parameters.name}”是 {own.year} 年度的参数，不能用来下发 {year} 年度的套表。",
            "请改正参数工作簿中的年度，或去掉 --year。",
        )
    done = issue(
        package.code,
        arguments.units,
        arguments.output,
        catalogue,
        year=year,
        suffix=MACROS if arguments.macros else ".xlsx",
        last=arguments.last_year,
        adjustments=own,
        force=arguments.force,
    )
    for remark in done.remarks:
        print(f"注意：{remark}。")
    for unit in done.failed:
        if unit.remarks:
            print(f"没有生成“{unit.file}”：{'；'.join(unit.remarks)}。", file=sys.stderr)
    print(summary(done, package.title.format(year=year)))
    if done.unlisted is None:
        print(f"清单：{done.folder / FILE}")
    elif done.stopped is None:
        raise done.unlisted
    if done.interrupted:
        print("已中断，已生成的保留；再次运行同一命令，接着生成其余的。", file=sys.stderr)
        return UNUSABLE
    if done.stopped is not None:
        reason = "磁盘已满" if done.stopped.errno == errno.ENOSPC else "有的文件不能写入"
        raise Unusable(
            f"没有做完：{reason}。已生成的保留。",
            "请清理磁盘，或关闭正在打开的文件，再运行同一命令，接着生成其余的。",
        )
    return UNUSABLE if done.failed else OK


def parameters(arguments: argparse.Namespace) -> int:
    """``jixiao parameters``; returns the exit status."""
    from jixiao.treasury.parameterbook import write_parameters

    catalogue = load_catalogue()
    package = package_of(arguments.package, catalogue)
    if arguments.output.suffix.lower() != ".xlsx":
        raise Unusable(f"参数工作簿“{arguments.output.name}”不是 .xlsx。", "请把文件名改为以 .xlsx 结尾。")
    year = year_of(arguments.year or package.year)
    write_file(
        arguments.output, arguments.force, lambda path: write_parameters(path, package, catalogue, year)
    )
    return OK


def collect(arguments: argparse.Namespace) -> int:
    """``jixiao collect``; returns the exit status."""
    from rich.console import Console

    from jixiao.treasury.collecting import remote
    from jixiao.treasury.collecting.collect import collect
    from jixiao.treasury.collecting.overview import Overview
    from jixiao.treasury.issuing.issuedlist import FILE, roster
    from jixiao.treasury.keeping.store import Store
    from jixiao.treasury.parameters import read_parameters
    from jixiao.treasury.returning import give_back, prepare
    from jixiao.treasury.summary import SUMMARY_NAMES, opinions, refuse, write_summary
    from jixiao.treasury.unitlist import read_units

    places = [remote.place(text) for text in arguments.places]
    for place in places:
        if isinstance(place, Path) and not place.exists():
            raise Unusable(f"找不到“{place}”。", "请核对文件夹或文件的路径。")
    catalogue = load_catalogue()
    own = read_parameters(arguments.parameters, "", catalogue) if arguments.parameters else None
    local = [place for place in places if isinstance(place, Path)]
    # A folder that cannot be opened is refused with the others below.
    lists = [place / FILE for place in local if os.path.isfile(place / FILE)]  # noqa: PTH113
    units = arguments.units or (lists[0] if len(lists) == 1 else None)
    due = roster(units) if units else None
    target: Path | None = arguments.output
    without = [*lists, *(each for each in (arguments.units, arguments.parameters, target) if each)]
    extra = [name for name in ("deadline", "authority", "template") if getattr(arguments, name)]
    if extra and not arguments.give_back:
        raise Unusable(
            f"写了 --{extra[0]}，没有写 --return，没有退回件可以生成。", "请在 --return 后写退回文件夹。"
        )
    if target:
        refuse(target)
    if arguments.give_back:
        prepare(arguments.give_back, local, arguments.store)
        terms = _terms(arguments)
    if units is not None and arguments.units is None:
        print(f"按“{units}”核对哪些单位还没有交来。")
    try:
        with _engine(arguments) as engine:
            done = collect(
                places,
                arguments.store,
                catalogue,
                roster=due,
                adjustments=own,
                engine=engine,
                without=without,
            )
    except KeyboardInterrupt:
        print("已中断，已审核的部分保存在汇总库中；再次运行同一命令可从中断处继续。", file=sys.stderr)
        return UNUSABLE
    except OSError as error:
        if (arguments.store / "store.json").exists():
            print("没有做完，已审核的部分保存在汇总库中；处理后再次运行同一命令可继续。", file=sys.stderr)
        raise Unusable(*_unwritten(arguments.store, error)) from error
    if not done.sources:
        others = f"（有 {done.others} 个其他类型的文件）" if done.others else ""
        raise Unusable(
            f"没有找到填报的工作簿（.xlsx 或 .xlsm）{others}，汇总库没有改动。",
            "请核对文件夹，填报件应放在其中或其子文件夹、压缩包里；在共享盘上的，请确认共享盘已连上。",
        )
    overview = Overview(Store.open(arguments.store), catalogue)
    console = Console(highlight=False)
    overview.show(done, console if console.is_terminal else Console(highlight=False, width=140))
    if own and not overview.issued(own.package, own.year):
        print(
            f"注意：没有一份是 {own.year} 年度的 {own.package}，参数“{arguments.parameters.name}”没有用上。"
        )
    listed = read_units(units).units if units else ()
    if target:
        for path in write_summary(Store.open(arguments.store), catalogue, target, listed, own):
            print(f"{SUMMARY_NAMES[path.suffix.lower()]}：{path}")
    if not overview.filings:
        raise Unusable(
            "这些工作簿没有一份是下发的套表。",
            "请核对文件夹；套表被改名、另存为其他格式的，请按上面的提示处理。",
        )
    if arguments.give_back:
        store = Store.open(arguments.store)
        said = opinions(store, catalogue, target, listed) if target else {}
        returned = give_back(
            store,
            local,
            arguments.give_back,
            catalogue,
            terms,
            adjustments=own,
            opinions=said,
            without=without,
        )
        _say_returned(returned, overview)
    left = overview.outstanding or overview.failures or overview.undecided or done.missing
    return OUTSTANDING if left else OK


def _terms(arguments: argparse.Namespace) -> Terms:
    """What all letters have in common; the template is tried before anything is collected."""
    import datetime as dt

    from jixiao.treasury.returning import Terms
    from jixiao.word.notice import NOTICE
    from jixiao.word.template import Template

    deadline = None
    if arguments.deadline:
        found = re.fullmatch(r"(\d{4})\D(\d{1,2})\D(\d{1,2})\D?", arguments.deadline.strip())
        try:
            deadline = dt.date(*map(int, found.groups())) if found else None
        except ValueError:
            found = None
        if found is None:
            raise Unusable(
                f"重新报送的日期“{arguments.deadline}”不对。", "请在 --deadline 后写年月日，例如 2025-04-30。"
            )
    template = arguments.template or NOTICE.path
    Template(template, NOTICE)
    return Terms(dt.date.today(), template, arguments.authority, deadline)


def _say_returned(done: Returned, overview: Overview) -> None:
    """How many files were written to be sent back, and what stands in the way of others.

    Raises:
        Unusable: not all of them were written.
    """
    kept = f"，{done.kept} 家没有变化、没有重写" if done.kept else ""
    print(f"退回：写了工作簿 {done.books} 份、退回通知 {done.letters} 份{kept}，在“{done.folder}”。")
    if done.moved:
        print(f"有 {done.moved} 个原来的文件不再适用，移到了“{done.folder / '以前的'}”，没有删除。")
    if done.elsewhere:
        print(f"汇总库里另有 {done.elsewhere} 份是以前从别的文件夹收集的，这次没有生成退回件。")
    for name, why in done.remarks:
        print(f"注意：{name}：{why}。")
    if overview.undecided:
        print("同一单位有多份、还没有核定的，没有生成退回件。")
    if done.interrupted:
        raise Unusable("已中断，已生成的退回件保留。", "再次运行同一命令，接着生成其余的。")
    if done.stopped is not None:
        reason = "磁盘已满" if done.stopped.errno == errno.ENOSPC else "有的文件不能写入"
        raise Unusable(
            f"退回件没有做完：{reason}。已生成的保留。",
            "请清理磁盘，或关闭正在打开的文件，再运行同一命令，接着生成其余的。",
        )


def _engine(arguments: argparse.Namespace) -> contextlib.AbstractContextManager[Engine]:
    """What collecting runs on: the cores of this machine, or a cluster."""
    from jixiao.treasury.collecting.cluster import on_cluster
    from jixiao.treasury.collecting.pool import run_locally

    scheduler: str | None = arguments.scheduler
    if arguments.engine == "local":
        if scheduler:
            raise Unusable(
                "--scheduler 只在用 Dask 集群收集时有用。", "请加上 --engine dask，或去掉 --scheduler。"
            )
        return contextlib.nullcontext(run_locally)
    if not scheduler:
        raise Unusable(
            "没有写明 Dask 调度器的地址。", "请加上 --scheduler 地址，例如 --scheduler tcp://10.1.1.5:8786。"
        )
    return on_cluster(scheduler)


def _unwritten(store: Path, error: OSError) -> tuple[str, str]:
    """Why the store could not be written."""
    if isinstance(error, PermissionError):
        return (
            f"没有写入汇总库“{store}”的权限。",
            "请在 --store 后换一个能写入的文件夹，或关闭正在使用它的程序。",
        )
    if error.errno == errno.ENOSPC:
        return f"磁盘空间不足，汇总库“{store}”没有写完。", "请清理磁盘，再运行同一命令。"
    reason = REASONS.get(error.errno or 0, "系统错误")
    return f"汇总库“{store}”读写失败（{reason}）。", "请检查磁盘和路径，再运行同一命令。"


def query(arguments: argparse.Namespace) -> int:
    """``jixiao query``; returns the exit status."""
    from jixiao.treasury.keeping.query import ask, connect, write_csv
    from jixiao.treasury.keeping.store import Store

    store = Store.open(arguments.store)
    if not store.complete:
        print("注意：上次收集没有做完，结果不完整；请先再次运行 jixiao collect。", file=sys.stderr)
    answer = ask(connect(store, load_catalogue()), arguments.question)
    if arguments.csv is None:
        print_answer(answer)
        return OK
    if arguments.csv.exists() and not arguments.force:
        raise Unusable(f"文件“{arguments.csv}”已经存在，没有改动它。", "请换一个文件名，或加 --force 覆盖。")
    with writing(arguments.csv):
        count = write_csv(answer, arguments.csv)
    print(f"{arguments.csv}（{count} 行）")
    return OK
