"""Commands over single filings: demo, new, fill, rollover, import, report, check."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jixiao import resources
from jixiao.catalogue import load_catalogue
from jixiao.cli.common import (
    MAX_PROJECTS,
    OK,
    OUTSTANDING,
    UNUSABLE,
    Unusable,
    already_there,
    check_file,
    explain,
    filing_in,
    package_of,
    write_file,
    year_of,
)
from jixiao.cli.printing import print_findings
from jixiao.declarations import Adjustments, Catalogue

if TYPE_CHECKING:
    from jixiao.filing import Filing
    from jixiao.findings import Finding


def demo(arguments: argparse.Namespace) -> int:
    """``jixiao demo``; returns the exit status."""
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
        filing, findings = check_file(path, catalogue)
        annotate(path, filing, findings, catalogue)
        print_findings(path, filing, findings)
    print(f"已生成 {len(cases)} 套真实填报件（公开数据，错误照原样保留），保存在：{folder.resolve()}")
    print("请用 Excel、WPS 表格或 LibreOffice 打开，从“审核结果”表点击位置链接逐条查看。")
    return OK


def new(arguments: argparse.Namespace) -> int:
    """``jixiao new``; returns the exit status."""
    from jixiao.books.build import blank, build
    from jixiao.books.vba.buttons import SUFFIX as MACROS

    catalogue = load_catalogue()
    package = package_of(arguments.package, catalogue)
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
    year = package.year if arguments.year is None else year_of(arguments.year)
    projects = [*package.projects, *[""] * count][:count]
    filing = blank(package, arguments.unit, year, projects)
    write_file(arguments.output, arguments.force, lambda path: build(package, filing, catalogue, path))
    return OK


def fill(arguments: argparse.Namespace) -> int:
    """``jixiao fill``; returns the exit status."""
    from jixiao.books.build import build
    from jixiao.case import read_case

    catalogue = load_catalogue()
    filing = read_case(arguments.case, catalogue)
    package = catalogue.packages[filing.package]
    write_file(arguments.output, arguments.force, lambda path: build(package, filing, catalogue, path))
    return OK


def rollover(arguments: argparse.Namespace) -> int:
    """``jixiao rollover``; returns the exit status."""
    from jixiao.rollover import NotRolledError, rollover, summary

    if arguments.year is not None:
        year_of(arguments.year)
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
    write_file(path, False, write)
    return OK


def bring_in(arguments: argparse.Namespace) -> int:
    """``jixiao import``; returns the exit status."""
    from jixiao.books.build import build
    from jixiao.intake.account import listing_beside, write_listing
    from jixiao.intake.assembling import import_documents
    from jixiao.intake.choosing import NotImportedError

    catalogue = load_catalogue()
    path: Path = arguments.output
    package = package_of(arguments.package, catalogue) if arguments.package else None
    if arguments.year is not None:
        year_of(arguments.year)
    if any(file.exists() and path.exists() and file.samefile(path) for file in arguments.files):
        raise Unusable(f"“{path.name}”正是要导入的文件，没有改动它。", "请在 -o 后面写另一个文件名。")
    listing = listing_beside(path)
    if listing.exists() and not arguments.force:
        raise already_there(listing)
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

    write_file(path, arguments.force, write, say=not arguments.json)
    return OUTSTANDING if unread else OK


def report(arguments: argparse.Namespace) -> int:
    """``jixiao report``; returns the exit status."""
    if arguments.output is not None and len(arguments.files) > 1:
        raise Unusable(
            f"-o 只能写一个文件，现在有 {len(arguments.files)} 份填报件。",
            "请去掉 -o，报告会保存在各份填报件旁边；或一次只写一份填报件。",
        )
    return _each_file(arguments, _report_file)


def _each_file(
    arguments: argparse.Namespace, run: Callable[[Path, argparse.Namespace, Catalogue], int]
) -> int:
    """Do with every file what ``run`` does; returns the worst exit status.

    One bad file must not keep the others from their turn.
    """
    catalogue, worst = load_catalogue(), OK
    for path in arguments.files:
        try:
            worst = max(worst, run(path, arguments, catalogue))
        except BrokenPipeError:
            raise
        except Exception as error:
            if arguments.debug:
                raise
            print(explain(error), file=sys.stderr)
            worst = UNUSABLE
    return worst


def _report_file(path: Path, arguments: argparse.Namespace, catalogue: Catalogue) -> int:
    """Export one report, and print it if asked to; nothing is written when one of both files is there already."""
    from jixiao.word import pdf
    from jixiao.word.report import export
    from jixiao.word.template import SUFFIX as DOCUMENT

    filing = filing_in(path, catalogue)
    target: Path = arguments.output or path.with_suffix(DOCUMENT)
    printed = target.with_suffix(pdf.SUFFIX)
    if arguments.pdf and printed.exists() and not arguments.force:
        raise already_there(printed)
    write_file(
        target, arguments.force, lambda at: export(filing, catalogue, at, arguments.template), (DOCUMENT,)
    )
    if arguments.pdf:
        write_file(printed, True, lambda at: pdf.print_to(target, at), (pdf.SUFFIX,))
    return OK


def check(arguments: argparse.Namespace) -> int:
    """``jixiao check``; returns the exit status."""
    from jixiao.findings import status

    own: Adjustments | None = None
    if arguments.parameters:
        from jixiao.treasury.parameters import read_parameters

        own = read_parameters(arguments.parameters, "", load_catalogue())

    def check_one(path: Path, arguments: argparse.Namespace, catalogue: Catalogue) -> int:
        filing, findings = check_file(path, catalogue, own)
        unwritten = _annotated(path, filing, findings, catalogue) if arguments.annotate else None
        if arguments.json:
            print(json.dumps(_as_json(path, filing, findings), ensure_ascii=False))
        else:
            print_findings(path, filing, findings)
        if unwritten is not None:
            raise unwritten
        return OK if status(findings) == "通过" else OUTSTANDING

    return _each_file(arguments, check_one)


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
