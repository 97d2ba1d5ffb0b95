"""The command line (DESIGN §8). Messages are Chinese: one line for the cause, one for the remedy, never a traceback."""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jixiao import __version__, resources
from jixiao.catalogue import load_catalogue
from jixiao.declarations import Adjustments, Catalogue
from jixiao.strict import CatalogueError

if TYPE_CHECKING:
    from jixiao.excel.setup.doctor import Diagnosis
    from jixiao.filing import Filing
    from jixiao.findings import Finding
    from jixiao.treasury.collect import Engine
    from jixiao.treasury.overview import Overview
    from jixiao.treasury.query import Answer
    from jixiao.treasury.returning import Returned, Terms

OK, OUTSTANDING, UNUSABLE = 0, 1, 2


class Unusable(Exception):  # noqa: N818 - not a fault of the program
    """Arguments or files that cannot be used: cause and remedy."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(f"{cause}\n{remedy}")


# ------------------------------------------------------------------------------------------------------------ commands


def _demo(arguments: argparse.Namespace) -> int:
    from jixiao.books.annotate import annotate
    from jixiao.books.build import build
    from jixiao.case import read_case

    catalogue = load_catalogue()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    cases = sorted(resources.CASES.glob("*.yaml"))
    for case in cases:
        filing = read_case(case, catalogue)
        path = folder / f"{filing.unit}{filing.year}年度绩效自评.xlsx"
        build(catalogue.packages[filing.package], filing, catalogue, path)
        filing, findings = _check_file(path, catalogue)
        annotate(path, filing, findings, catalogue)
        _print_findings(path, filing, findings)
    print(f"已生成 {len(cases)} 套真实填报件（公开数据，错误照原样保留），保存在：{folder.resolve()}")
    print("请用 Excel、WPS 表格或 LibreOffice 打开，从“审核结果”表点击位置链接逐条查看。")
    return OK


def _build(arguments: argparse.Namespace) -> int:
    from jixiao.books.build import build_issued
    from jixiao.books.drift import drift
    from jixiao.books.vba.wrappers import ADDIN_NAME
    from jixiao.excel import addin

    catalogue = load_catalogue()
    issued, add_in = resources.TEMPLATES / "issued", resources.ADDIN / ADDIN_NAME
    if arguments.check:
        differences = [*drift(catalogue, issued), *addin.drift(add_in, catalogue)]
        for line in differences:
            print(line, file=sys.stderr)
        if differences:
            raise Unusable(
                "下发的工作簿、加载项与表样、规则、源文件不一致。", "请运行 jixiao build 重新生成并提交。"
            )
        print("下发的工作簿、加载项与表样、规则、源文件一致。")
        return OK
    if issued.is_relative_to(resources.PACKAGE):
        raise Unusable(
            "这是安装好的程序，下发的工作簿不在这里重建。",
            '请在项目文件夹运行 pip install -e ".[test]"，再运行 jixiao build。',
        )
    for path in build_issued(catalogue, issued):
        print(path)
    addin.build_addin(catalogue, add_in)
    print(add_in)
    return OK


def _new(arguments: argparse.Namespace) -> int:
    from jixiao.books.build import blank, build
    from jixiao.books.vba.buttons import SUFFIX as MACROS

    catalogue = load_catalogue()
    package = _package(arguments.package, catalogue)
    if arguments.macros != (arguments.output.suffix.lower() == MACROS):
        raise Unusable(
            f"{'写了' if arguments.macros else '没有写'} --macros，输出文件却是“{arguments.output.name}”。",
            f"要按钮的，请写 --macros，文件名以 {MACROS} 结尾；不要按钮的，请去掉 --macros，文件名以 .xlsx 结尾。",
        )
    count = len(package.projects) if arguments.projects is None else arguments.projects
    if package.project_form is None and count:
        raise Unusable(f"套表“{package.code}”没有项目表。", "请去掉 --projects。")
    if package.project_form is not None and not 1 <= count <= MAX_PROJECTS:
        raise Unusable(f"项目数应在 1 到 {MAX_PROJECTS} 之间。", "请修改 --projects。")
    year = package.year if arguments.year is None else arguments.year
    if year not in YEARS:
        raise Unusable(f"年度 {year} 不对。", "请在 --year 后写四位数的年度，例如 2024。")
    projects = [*package.projects, *[""] * count][:count]
    filing = blank(package, arguments.unit, year, projects)
    _write(arguments.output, arguments.force, lambda path: build(package, filing, catalogue, path))
    return OK


def _issue(arguments: argparse.Namespace) -> int:
    from jixiao.books.vba.buttons import SUFFIX as MACROS
    from jixiao.treasury.issue import FILE, issue, summary
    from jixiao.treasury.parameters import read_parameters

    catalogue = load_catalogue()
    package = _package(arguments.package, catalogue)
    own = read_parameters(arguments.parameters, package.code, catalogue) if arguments.parameters else None
    year = _year(arguments.year or (own.year if own else package.year))
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


def _parameters(arguments: argparse.Namespace) -> int:
    from jixiao.treasury.parameterbook import write_parameters

    catalogue = load_catalogue()
    package = _package(arguments.package, catalogue)
    if arguments.output.suffix.lower() != ".xlsx":
        raise Unusable(f"参数工作簿“{arguments.output.name}”不是 .xlsx。", "请把文件名改为以 .xlsx 结尾。")
    year = _year(arguments.year or package.year)
    _write(arguments.output, arguments.force, lambda path: write_parameters(path, package, catalogue, year))
    return OK


def _year(year: int) -> int:
    if year not in YEARS:
        raise Unusable(f"年度 {year} 不对。", "请在 --year 后写四位数的年度，例如 2024。")
    return year


def _fill(arguments: argparse.Namespace) -> int:
    from jixiao.books.build import build
    from jixiao.case import read_case

    catalogue = load_catalogue()
    filing = read_case(arguments.case, catalogue)
    package = catalogue.packages[filing.package]
    _write(arguments.output, arguments.force, lambda path: build(package, filing, catalogue, path))
    return OK


def _rollover(arguments: argparse.Namespace) -> int:
    from jixiao.rollover import NotRolledError, rollover, summary

    if arguments.year is not None and arguments.year not in YEARS:
        raise Unusable(f"年度 {arguments.year} 不对。", "请在 --year 后写四位数的年度，例如 2024。")
    catalogue = load_catalogue()
    path: Path = arguments.output

    def write(target: Path) -> None:
        try:
            rolled = rollover(arguments.old, target, catalogue, arguments.year)
        except NotRolledError as error:
            raise Unusable(f"{error.cause}。", f"{error.remedy}。") from error
        print(summary(rolled, catalogue))

    if path.exists():  # unlike the other commands: what was filled in there is gone for good
        raise Unusable(f"文件“{path}”已经存在，没有改动它。", "请换一个文件名。")
    _write(path, False, write)
    return OK


def _import(arguments: argparse.Namespace) -> int:
    from jixiao.books.build import build
    from jixiao.intake.account import listing_beside, write_listing
    from jixiao.intake.assembling import import_documents
    from jixiao.intake.choosing import NotImportedError

    catalogue = load_catalogue()
    path: Path = arguments.output
    package = _package(arguments.package, catalogue) if arguments.package else None
    if arguments.year is not None and arguments.year not in YEARS:
        raise Unusable(f"年度 {arguments.year} 不对。", "请在 --year 后写四位数的年度，例如 2024。")
    if any(file.exists() and path.exists() and file.samefile(path) for file in arguments.files):
        raise Unusable(f"“{path.name}”正是要导入的文件，没有改动它。", "请在 -o 后面写另一个文件名。")
    listing = listing_beside(path)
    if listing.exists() and not arguments.force:
        raise _exists(listing)
    unread = 0

    def write(target: Path) -> None:
        nonlocal unread
        try:
            imported = import_documents(arguments.files, catalogue, package, arguments.unit, arguments.year)
        except NotImportedError as error:
            raise Unusable(f"{error.cause}。", f"{error.remedy}。") from error
        filing, account = imported.filing, imported.account
        chosen = catalogue.packages[filing.package]
        build(chosen, filing, catalogue, target)
        write_listing(account, listing)
        unread = len(account.unread)
        if arguments.json:
            print(json.dumps(account.to_json(filing, target), ensure_ascii=False))
        else:
            print(account.summary(filing, chosen.title.format(year=filing.year), listing))

    _write(path, arguments.force, write, say=not arguments.json)
    return OUTSTANDING if unread else OK


def _report(arguments: argparse.Namespace) -> int:
    if arguments.output is not None and len(arguments.files) > 1:
        raise Unusable(
            f"-o 只能写一个文件，现在有 {len(arguments.files)} 份填报件。",
            "请去掉 -o，报告会保存在各份填报件旁边；或一次只写一份填报件。",
        )
    catalogue = load_catalogue()
    result = OK
    for path in arguments.files:
        try:
            _report_file(path, arguments, catalogue)
        except BrokenPipeError:
            raise
        except Exception as error:  # one bad file must not keep the others from being reported
            if arguments.debug:
                raise
            print(_explain(error), file=sys.stderr)
            result = UNUSABLE
    return result


def _report_file(path: Path, arguments: argparse.Namespace, catalogue: Catalogue) -> None:
    """Export one report, and print it if asked to; nothing is written when one of both files is there already."""
    from jixiao.word import pdf
    from jixiao.word.report import export
    from jixiao.word.template import SUFFIX as DOCUMENT

    filing = _filing(path, catalogue)
    target: Path = arguments.output or path.with_suffix(DOCUMENT)
    printed = target.with_suffix(pdf.SUFFIX)
    if arguments.pdf and printed.exists() and not arguments.force:
        raise _exists(printed)
    _write(target, arguments.force, lambda at: export(filing, catalogue, at, arguments.template), (DOCUMENT,))
    if arguments.pdf:
        _write(printed, True, lambda at: pdf.print_to(target, at), (pdf.SUFFIX,))


def _filing(path: Path, catalogue: Catalogue) -> Filing:
    """A filing from a workbook, or from a case file with all its forms."""
    if path.suffix.lower() in (".yaml", ".yml"):
        from jixiao.books.build import completed
        from jixiao.case import read_case

        filing = read_case(path, catalogue)
        return completed(catalogue.packages[filing.package], filing, catalogue)
    from jixiao.books.read import read

    return read(path, catalogue)


def _check(arguments: argparse.Namespace) -> int:
    from jixiao.findings import status

    catalogue = load_catalogue()
    own = None
    if arguments.parameters:
        from jixiao.treasury.parameters import read_parameters

        own = read_parameters(arguments.parameters, "", catalogue)
    result = OK
    for path in arguments.files:
        try:
            filing, findings = _check_file(path, catalogue, own)
            if status(findings) != "通过":
                result = max(result, OUTSTANDING)
            unwritten = _annotated(path, filing, findings, catalogue) if arguments.annotate else None
            if arguments.json:
                print(json.dumps(_as_json(path, filing, findings), ensure_ascii=False))
            else:
                _print_findings(path, filing, findings)
            if unwritten is not None:
                raise unwritten
        except BrokenPipeError:
            raise
        except Exception as error:  # one bad file must not keep the others from being checked
            if arguments.debug:
                raise
            print(_explain(error), file=sys.stderr)
            result = UNUSABLE
    return result


def _annotated(
    path: Path, filing: Filing, findings: Sequence[Finding], catalogue: Catalogue
) -> Exception | None:
    """Write the findings into the workbook; why not, if not.

    This goes before printing, so that cutting the output short (``| head``) leaves no file unwritten; and what was
    found is printed even if it could not be written.
    """
    from jixiao.books.annotate import annotate

    try:
        annotate(path, filing, list(findings), catalogue)
    except Exception as error:
        return error
    return None


def _collect(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from jixiao.treasury import remote
    from jixiao.treasury.collect import collect
    from jixiao.treasury.issuedlist import FILE, roster
    from jixiao.treasury.overview import Overview
    from jixiao.treasury.parameters import read_parameters
    from jixiao.treasury.returning import give_back, prepare
    from jixiao.treasury.store import Store
    from jixiao.treasury.summary import SUMMARY_NAMES, opinions, refuse, write_summary
    from jixiao.treasury.unitlist import read_units

    places = [remote.place(text) for text in arguments.places]
    for place in places:
        if isinstance(place, Path) and not place.exists():
            raise Unusable(f"找不到“{place}”。", "请核对文件夹或文件的路径。")
    catalogue = load_catalogue()
    own = read_parameters(arguments.parameters, "", catalogue) if arguments.parameters else None
    local = [place for place in places if isinstance(place, Path)]
    lists = [place / FILE for place in local if (place / FILE).is_file()]
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
            f"没有找到填报的工作簿（.xlsx 或 .xlsm）{others}。",
            "请核对文件夹，填报件应放在其中或其子文件夹、压缩包里。",
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
    from jixiao.treasury.cluster import on_cluster
    from jixiao.treasury.pool import run_locally

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
    reason = _REASONS.get(error.errno or 0, "系统错误")
    return f"汇总库“{store}”读写失败（{reason}）。", "请检查磁盘和路径，再运行同一命令。"


def _query(arguments: argparse.Namespace) -> int:
    from jixiao.treasury.query import ask, connect, write_csv
    from jixiao.treasury.store import Store

    store = Store.open(arguments.store)
    if not store.complete:
        print("注意：上次收集没有做完，结果不完整；请先再次运行 jixiao collect。", file=sys.stderr)
    answer = ask(connect(store, load_catalogue()), arguments.question)
    if arguments.csv is None:
        _print_answer(answer)
        return OK
    if arguments.csv.exists() and not arguments.force:
        raise Unusable(f"文件“{arguments.csv}”已经存在，没有改动它。", "请换一个文件名，或加 --force 覆盖。")
    try:
        count = write_csv(answer, arguments.csv)
    except PermissionError as error:
        remedy = "请先在 Excel/WPS 中关闭该文件；文件夹不能写入的，换一个文件夹。"
        raise Unusable(f"不能写入“{arguments.csv}”，原有文件没有改动。", remedy) from error
    print(f"{arguments.csv}（{count} 行）")
    return OK


def _docs(arguments: argparse.Namespace) -> int:
    from jixiao.docs import pages

    folder: Path = arguments.folder
    stale = []
    for name, text in pages(load_catalogue()).items():
        path = folder / name
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not arguments.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(path)
    if arguments.check and stale:
        raise Unusable(f"生成的文档已过时：{'、'.join(stale)}。", "请运行 jixiao docs 重新生成并提交。")
    return OK


def _install(arguments: argparse.Namespace) -> int:
    from jixiao.excel.setup.install import install
    from jixiao.excel.setup.machine import ThisMachine

    record = install(ThisMachine(), force=arguments.force)
    print(f"绩效自评加载项 {record.version} 已装好。")
    print(
        "请打开 Excel，上方会出现“绩效自评”选项卡。没有出现的，请运行 jixiao doctor；用离线安装包的，双击 doctor.cmd。"
    )
    return OK


def _uninstall(arguments: argparse.Namespace) -> int:
    from jixiao.excel.setup.install import uninstall
    from jixiao.excel.setup.machine import ThisMachine

    if uninstall(ThisMachine(), force=arguments.force):
        print("绩效自评加载项已卸载。填好的工作簿没有改动，照常可以打开。")
    else:
        print("这台电脑上没有装绩效自评加载项。")
    return OK


def _doctor(arguments: argparse.Namespace) -> int:
    from jixiao.excel.setup import doctor

    diagnoses = doctor.report()
    repaired = 0
    refusal: Exception | None = None
    if arguments.repair:
        try:
            repaired = doctor.repair(diagnoses)
        except Exception as error:  # what was found is told all the same
            refusal = error
        diagnoses = doctor.report()
    if arguments.json:
        print(json.dumps([diagnosis.to_json() for diagnosis in diagnoses], ensure_ascii=False))
    else:
        _print_diagnoses(diagnoses, repaired)
    if refusal is not None:
        raise refusal
    return OUTSTANDING if any(diagnosis.state == doctor.FAULT for diagnosis in diagnoses) else OK


def _bundle(arguments: argparse.Namespace) -> int:
    from jixiao.excel.setup.bundle import bundle

    count = bundle(arguments.output, arguments.python, arguments.wheels, say=print)
    print(f"离线安装包已生成，共 {count} 个文件：{arguments.output.resolve()}")
    print("请把整个文件夹拷到要安装的电脑上，双击其中的 install.cmd。")
    return OK


# ------------------------------------------------------------------------------------------------------------- helpers


def _docs_folder() -> Path:
    """docs/ of the project, which an installed program only finds where it is run."""
    return Path("docs") if resources.ROOT == resources.PACKAGE else resources.ROOT / "docs"


MAX_PROJECTS = 30
STORE = Path("汇总库")
YEARS = range(2000, 2100)


def _package(code: str, catalogue: Catalogue) -> Any:
    if code not in catalogue.packages:
        raise Unusable(f"没有套表“{code}”。", f"可用的套表有：{'、'.join(catalogue.packages)}。")
    return catalogue.packages[code]


def _write(
    path: Path,
    force: bool,
    write: Callable[[Path], None],
    suffixes: Sequence[str] | None = None,
    say: bool = True,
) -> None:
    """Write a file where none is, unless forced; ``suffixes`` are those it may have, of a workbook by default."""
    if suffixes is None:
        from jixiao.books.build import SUFFIXES

        suffixes = SUFFIXES
    if path.suffix.lower() not in suffixes:
        either = " 或 ".join(suffixes)
        raise Unusable(f"输出文件“{path.name}”不是 {either}。", f"请把 -o 后面的文件名改为以 {either} 结尾。")
    if path.exists() and not force:
        raise _exists(path)
    if not path.parent.is_dir():
        raise Unusable(f"文件夹“{path.parent}”不存在。", "请先建立文件夹，或换一个位置。")
    if path.is_dir():
        raise Unusable(f"“{path}”是文件夹。", "请在 -o 后面写文件名。")
    try:
        write(path)
    except PermissionError as error:
        remedy = "请先在 Excel、Word 或 WPS 中关闭该文件；文件夹不能写入的，换一个文件夹。"
        raise Unusable(f"不能写入“{path}”，原有文件没有改动。", remedy) from error
    if say:
        print(path)


def _exists(path: Path) -> Unusable:
    return Unusable(f"文件“{path}”已经存在，没有改动它。", "请换一个文件名，或加 --force 覆盖。")


def _check_file(
    path: Path, catalogue: Catalogue, own: Adjustments | None = None
) -> tuple[Filing, list[Finding]]:
    """Read and check one workbook; ``own``: what the treasury has set, whatever the workbook carries."""
    from jixiao.adjustments import own_instead
    from jixiao.books.read import read
    from jixiao.check import check

    filing = read(path, catalogue)
    if own_instead(filing, own):
        print(f"注意：“{path.name}”带的下发参数与给出的不同，按给出的审核。", file=sys.stderr)
    return filing, check(filing, catalogue)


def _as_json(path: Path, filing: Filing, findings: Sequence[Finding]) -> dict[str, Any]:
    from jixiao.findings import status

    return {
        "file": str(path),
        "package": filing.package,
        "unit": filing.unit,
        "year": filing.year,
        "status": status(findings),
        "findings": [finding.to_json() for finding in findings],
    }


_COLOURS = {"error": "bold red", "warning": "yellow", "info": "cyan"}


def _print_findings(path: Path, filing: Filing, findings: Sequence[Finding]) -> None:
    """A table for people, coloured on a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from jixiao.findings import SEVERITY_NAMES, status

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    verdict = status(findings)
    counts = "，".join(
        f"{name} {count}"
        for key, name in SEVERITY_NAMES.items()
        if (count := sum(f.severity == key for f in findings))
    )
    colour = {"未通过": "bold red", "待说明": "yellow", "通过": "bold green"}[verdict]
    console.print()
    console.print(
        Text.assemble(
            (path.name, "bold"),
            f"  {filing.unit or '（未填单位名称）'}  {filing.year} 年度  ",
            (verdict, colour),
        )
    )
    if not findings:
        console.print("没有发现问题。")
        return
    table = Table(title=None, show_lines=False, expand=False, header_style="bold")
    table.add_column("序号", justify="right", no_wrap=True)
    table.add_column("级别", no_wrap=True)
    table.add_column("规则", no_wrap=True)
    table.add_column("位置", no_wrap=True)
    table.add_column("问题与修改建议", overflow="fold")
    for number, finding in enumerate(findings, 1):
        text = Text(finding.message)
        text.append(f"\n→ {finding.fix}", style="dim")
        if finding.explanation:
            text.append(f"\n说明：{finding.explanation}", style="green")
        place = f"{finding.sheet}!{finding.cell}" if finding.cell else finding.sheet
        table.add_row(
            str(number),
            Text(SEVERITY_NAMES[finding.severity], style=_COLOURS[finding.severity]),
            finding.rule.id,
            place,
            text,
        )
    console.print(table)
    console.print(f"共 {len(findings)} 条：{counts}。")


#: Rows of an answer on the screen.
SHOWN_ROWS = 1000


def _print_answer(answer: Answer) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from jixiao.treasury.query import table, visible

    rows, more = table(answer, SHOWN_ROWS)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=max(140, 20 * len(answer.columns)))
    shown = Table(show_lines=False, expand=False, header_style="bold")
    for name in answer.columns:
        shown.add_column(Text(visible(name)), overflow="fold")
    for row in rows:
        shown.add_row(*map(Text, row))
    console.print(shown)
    if more:
        print(f"只显示前 {SHOWN_ROWS} 行；要全部结果，请加 --csv 文件名。")
    else:
        print(f"共 {len(rows)} 行。")


_STATE_COLOURS = {"良好": "green", "注意": "yellow", "故障": "bold red"}


def _print_diagnoses(diagnoses: Sequence[Diagnosis], repaired: int) -> None:
    """A table of all checks, then one line for each thing to do."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    table = Table(show_lines=False, expand=False, header_style="bold")
    table.add_column("检查项目", no_wrap=True)
    table.add_column("结果", no_wrap=True)
    table.add_column("情况", overflow="fold")
    for diagnosis in diagnoses:
        state = Text(diagnosis.state, style=_STATE_COLOURS[diagnosis.state])
        table.add_row(diagnosis.name, state, diagnosis.cause)
    console.print(table)
    if repaired:
        print(f"已修复 {repaired} 处，上面是修复后的情况。")
    todo = [diagnosis for diagnosis in diagnoses if diagnosis.remedy]
    for number, diagnosis in enumerate(todo, 1):
        print(f"{number}. {diagnosis.name}：{diagnosis.remedy}")
    if any(diagnosis.repair for diagnosis in todo):
        print(
            "其中有的可以自动修复：请关闭 Excel，再运行 jixiao doctor --repair；用离线安装包的，重新双击 install.cmd。"
        )
    if not todo:
        print("一切正常。")


# -------------------------------------------------------------------------------------------------------------- parser


class _Parser(argparse.ArgumentParser):
    """argparse with Chinese messages and one exit status for arguments that cannot be used."""

    def __init__(self, **options: Any) -> None:
        super().__init__(add_help=False, formatter_class=_Usage, **options)
        self._positionals.title, self._optionals.title = "参数", "选项"
        self.add_argument("-h", "--help", action="help", help="显示本帮助")

    def error(self, message: str) -> Any:
        for pattern, chinese in _USAGE_ERRORS:
            message = re.sub(pattern, chinese, message)
        self.exit(UNUSABLE, f"命令写法有误：{message}。\n请运行 {self.prog} --help 查看用法。\n")


class _Usage(argparse.HelpFormatter):
    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


#: What argparse says, in its own order of composing a message.
_USAGE_ERRORS = (
    (r"the following arguments are required: ", "缺少 "),
    (r"unrecognized arguments: ", "不认识 "),
    (r"ambiguous option: (\S+) could match ", r"\1 可以指多个选项："),
    (r"expected (one|at least one) argument", "后面要写内容"),
    (r"ignored explicit argument (.+)", r"不能带内容 \1"),
    (r"invalid int value: (.+)", r"应为整数，现在是 \1"),
    (r"invalid choice: (.+?) \(choose from (.+)\)", r"没有 \1，可用的有 \2"),
    (r"^argument (.+?): ", r"\1 "),
)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="jixiao", description="预算绩效自评：下发、填报、审核。")
    parser.add_argument("--version", action="version", version=f"jixiao {__version__}", help="显示版本号")
    parser.add_argument("--debug", action="store_true", help="出错时显示详细的程序信息")
    commands = parser.add_subparsers(title="命令", metavar="命令", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        added.set_defaults(run=run)
        return added

    demo = command("demo", _demo, "生成并审核几套真实填报件，列出其中的问题")
    demo.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("绩效自评演示"),
        metavar="文件夹",
        help="保存到哪里（默认：绩效自评演示）",
    )

    build = command("build", _build, "由表样、规则和源文件重新生成下发的工作簿和加载项")
    build.add_argument("--check", action="store_true", help="只核对，不写文件；不一致时报错")

    new = command("new", _new, "生成一份空白工作簿，发给填报单位")
    new.add_argument("package", metavar="套表", help="例如 hengshan_2023")
    new.add_argument("--unit", required=True, metavar="单位名称")
    new.add_argument("--year", type=int, metavar="年度", help="默认用套表的年度")
    new.add_argument("--projects", type=int, metavar="项目数", help="项目支出绩效自评表的张数")
    new.add_argument("--macros", action="store_true", help="生成带按钮的 .xlsm（-o 的文件名以 .xlsm 结尾）")

    fill = command("fill", _fill, "把案例文件（YAML）填成工作簿")
    fill.add_argument("case", type=Path, metavar="案例文件")

    rollover = command("rollover", _rollover, "由上年填好的工作簿结转出下一年度的工作簿")
    rollover.add_argument("old", type=Path, metavar="上年文件")
    rollover.add_argument("--year", type=int, metavar="年度", help="默认为上年文件的下一年度")

    imported = command("import", _import, "把旧的 Word 自评报告、自制的 Excel 表导入成填好的工作簿")
    imported.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="文件",
        help=".docx、.xlsx 或 .xls；一套材料有几个文件的，一起写上",
    )
    imported.add_argument("--package", metavar="套表", help="例如 hengshan_2023；默认由文件的内容判断")
    imported.add_argument("--year", type=int, metavar="年度", help="默认由文件的内容判断")
    imported.add_argument("--unit", default="", metavar="单位名称", help="默认由文件的内容判断")
    imported.add_argument("--json", action="store_true", help="输出一行 JSON")
    for sub in (new, fill, rollover, imported):
        sub.add_argument(
            "-o",
            dest="output",
            type=Path,
            required=True,
            metavar="文件",
            help="保存为哪个 .xlsx 或 .xlsm 文件",
        )
    report = command("report", _report, "把填好的工作簿导出为 Word 报告")
    report.add_argument(
        "files", nargs="+", type=Path, metavar="文件", help="填好的 .xlsx、.xlsm，或案例文件（.yaml）"
    )
    report.add_argument(
        "-o", dest="output", type=Path, metavar="文件", help="保存为哪个 .docx 文件（默认与填报件同名）"
    )
    report.add_argument("--pdf", action="store_true", help="同时生成 PDF（需要装有 LibreOffice）")
    report.add_argument(
        "--template", type=Path, metavar="模板", help="用这个 .docx 模板的样式（默认用套表的模板）"
    )

    for sub in (new, fill, imported, report):
        sub.add_argument("--force", action="store_true", help="文件已存在时覆盖")

    issue = command("issue", _issue, "按单位名单下发：一家单位一份预填好的工作簿，并生成下发清单")
    issue.add_argument("package", metavar="套表", help="例如 hengshan_2023")
    issue.add_argument(
        "--units", type=Path, required=True, metavar="名单", help="单位名单（.xlsx），有“单位名称”等表头"
    )
    issue.add_argument(
        "-o", dest="output", type=Path, required=True, metavar="文件夹", help="保存到哪个文件夹"
    )
    issue.add_argument("--year", type=int, metavar="年度", help="默认用参数工作簿或套表的年度")
    issue.add_argument("--macros", action="store_true", help="生成带按钮的 .xlsm")
    issue.add_argument(
        "--last-year",
        type=Path,
        metavar="文件夹",
        help="上年填好的工作簿（文件夹、一个文件或汇总库），用来结转",
    )
    issue.add_argument("--force", action="store_true", help="已有的文件也重新生成（单位已填的内容会被覆盖）")

    parameters = command("parameters", _parameters, "生成参数工作簿，在 Excel 里设定年度、文号、参数和规则")
    parameters.add_argument("package", metavar="套表", help="例如 hengshan_2023")
    parameters.add_argument("--year", type=int, metavar="年度", help="默认用套表的年度")
    parameters.add_argument(
        "-o", dest="output", type=Path, required=True, metavar="文件", help="保存为哪个 .xlsx 文件"
    )
    parameters.add_argument("--force", action="store_true", help="文件已存在时覆盖")

    check = command("check", _check, "审核填好的工作簿")
    check.add_argument("files", nargs="+", type=Path, metavar="文件")
    check.add_argument("--json", action="store_true", help="每个文件输出一行 JSON")
    check.add_argument("--annotate", action="store_true", help="把结果写入工作簿的“审核结果”表")

    collect = command("collect", _collect, "收集文件夹和压缩包里的填报件，全部审核，存入汇总库")
    collect.add_argument(
        "places", nargs="+", metavar="文件夹", help="也可以是 .zip、单个工作簿，或 fsspec 地址（如 sftp://…）"
    )
    collect.add_argument(
        "--engine",
        choices=("local", "dask"),
        default="local",
        help="在本机（local，默认）或 Dask 集群（dask）上审核",
    )
    collect.add_argument("--scheduler", metavar="地址", help="Dask 调度器，例如 tcp://10.1.1.5:8786")
    collect.add_argument(
        "--units", type=Path, metavar="名单", help="单位名单或下发清单（.xlsx），据此列出还没有交来的单位"
    )
    collect.add_argument(
        "-o", dest="output", type=Path, metavar="文件", help="把汇总写成这个 .xlsx，旁边另有同名网页 .html"
    )
    collect.add_argument(
        "--return",
        dest="give_back",
        type=Path,
        metavar="文件夹",
        help="生成退回件：每家单位一份标注了审核结果的工作簿，没有通过的另有一份退回通知（.docx）",
    )
    collect.add_argument(
        "--deadline", metavar="日期", help="退回通知中重新报送的日期，例如 2025-04-30（默认留空）"
    )
    collect.add_argument(
        "--authority", default="", metavar="名称", help="退回通知的落款（默认用套表的下发单位）"
    )
    collect.add_argument("--template", type=Path, metavar="模板", help="退回通知用这个 .docx 模板的样式")
    for sub in (issue, check, collect):
        sub.add_argument("--parameters", type=Path, metavar="参数", help="按这份参数工作簿（.xlsx）的设定")
    query = command("query", _query, "用 SQL 查询汇总库")
    query.add_argument("question", metavar="SQL", help='例如 "SELECT unit, status FROM filings"')
    query.add_argument("--csv", type=Path, metavar="文件", help="写入 CSV 文件，Excel 可直接打开")
    query.add_argument("--force", action="store_true", help="文件已存在时覆盖")
    for sub in (collect, query):
        sub.add_argument(
            "--store", type=Path, default=STORE, metavar="文件夹", help=f"汇总库所在的文件夹（默认：{STORE}）"
        )

    install = command("install", _install, "把“绩效自评”加载项装到这台电脑的 Excel 里（不需要管理员）")
    uninstall = command("uninstall", _uninstall, "从这台电脑卸载“绩效自评”加载项，不留痕迹")
    for sub in (install, uninstall):
        sub.add_argument("--force", action="store_true", help="Excel 开着也继续（之后须重新打开 Excel）")

    doctor = command("doctor", _doctor, "检查这台电脑上的加载项，说明怎样修复")
    doctor.add_argument("--repair", action="store_true", help="能自动修复的，立即修复")
    doctor.add_argument("--json", action="store_true", help="输出 JSON")

    bundle = command("bundle", _bundle, "生成离线安装包，供不能上网的电脑使用")
    bundle.add_argument(
        "-o", dest="output", type=Path, required=True, metavar="文件夹", help="保存到哪个新文件夹"
    )
    bundle.add_argument(
        "--python",
        type=Path,
        required=True,
        metavar="压缩包",
        help="python.org 的 python-3.11.x-embed-amd64.zip，或解压后的文件夹",
    )
    bundle.add_argument(
        "--wheels", type=Path, metavar="文件夹", help="已下载好的程序库（.whl）；给出时不上网"
    )

    docs = command("docs", _docs, "重新生成 docs/rules.md 和 docs/functions.md")
    docs.add_argument("--check", action="store_true", help="只核对，不写文件；过时则报错")
    docs.add_argument("folder", nargs="?", type=Path, default=_docs_folder(), help=argparse.SUPPRESS)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 nothing outstanding, 1 findings outstanding, 2 unusable arguments or unreadable file.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    parsed = _parser().parse_args(arguments)
    try:
        result: int = parsed.run(parsed)
        sys.stdout.flush()
        return result
    except KeyboardInterrupt:
        print("已中断。", file=sys.stderr)
        return UNUSABLE
    except BrokenPipeError:  # whoever reads our output has had enough of it, like head
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE
    except Exception as error:
        if parsed.debug:
            raise
        print(_explain(error), file=sys.stderr)
        return UNUSABLE


_REASONS = {
    errno.ENOENT: "文件或文件夹不存在",
    errno.EEXIST: "已有同名的文件",
    errno.ENOTDIR: "路径中有一段是文件，不是文件夹",
    errno.EISDIR: "这是文件夹",
    errno.ENOSPC: "磁盘空间不足",
    errno.EROFS: "磁盘是只读的",
    errno.ENAMETOOLONG: "文件名太长",
}


def _explain(error: Exception) -> str:
    from jixiao.books.ooxml.parts import Unreadable
    from jixiao.excel.setup.machine import Refusal
    from jixiao.treasury.errors import DeskError

    if isinstance(error, (Unusable, CatalogueError, Unreadable, Refusal, DeskError)):
        return str(error)
    if isinstance(error, PermissionError):
        return f"没有权限读写“{error.filename}”。\n请先在 Excel/WPS 中关闭该文件，或换一个文件夹。"
    if isinstance(error, OSError):
        reason = _REASONS.get(error.errno or 0, error.strerror)
        return f"读写文件失败：{error.filename or ''}（{reason}）。\n请检查路径和磁盘空间。"
    return f"程序出错（{type(error).__name__}：{error}）。\n请加 --debug 重新运行，并把显示的内容反馈给下发单位。"


if __name__ == "__main__":
    sys.exit(main())
