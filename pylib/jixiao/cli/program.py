"""Commands over the program itself: build, docs, the add-in on this computer."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from jixiao import resources
from jixiao.catalogue import load_catalogue
from jixiao.cli.common import OK, OUTSTANDING, Unusable
from jixiao.cli.printing import print_diagnoses


def build(arguments: argparse.Namespace) -> int:
    """``jixiao build``; returns the exit status."""
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


def docs(arguments: argparse.Namespace) -> int:
    """``jixiao docs``; returns the exit status."""
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


def install(arguments: argparse.Namespace) -> int:
    """``jixiao install``; returns the exit status."""
    from jixiao.excel.setup.install import install
    from jixiao.excel.setup.machine import ThisMachine

    record = install(ThisMachine(), force=arguments.force)
    print(f"绩效自评加载项 {record.version} 已装好。")
    print(
        "请打开 Excel，上方会出现“绩效自评”选项卡。没有出现的，请运行 jixiao doctor；用离线安装包的，双击 doctor.cmd。"
    )
    return OK


def uninstall(arguments: argparse.Namespace) -> int:
    """``jixiao uninstall``; returns the exit status."""
    from jixiao.excel.setup.install import uninstall
    from jixiao.excel.setup.machine import ThisMachine

    if uninstall(ThisMachine(), force=arguments.force):
        print("绩效自评加载项已卸载。填好的工作簿没有改动，照常可以打开。")
    else:
        print("这台电脑上没有装绩效自评加载项。")
    return OK


def doctor(arguments: argparse.Namespace) -> int:
    """``jixiao doctor``; returns the exit status."""
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
        print_diagnoses(diagnoses, repaired)
    if refusal is not None:
        raise refusal
    return OUTSTANDING if any(diagnosis.state == doctor.FAULT for diagnosis in diagnoses) else OK


def bundle(arguments: argparse.Namespace) -> int:
    """``jixiao bundle``; returns the exit status."""
    from jixiao.excel.setup.bundle import bundle

    count = bundle(
        arguments.output, arguments.python, arguments.wheels, treasury=arguments.treasury, say=print
    )
    print(f"离线安装包已生成，共 {count} 个文件：{arguments.output.resolve()}")
    print("请把整个文件夹拷到要安装的电脑上，双击其中的 install.cmd。")
    return OK


def docs_folder() -> Path:
    """docs/ of the project, which an installed program only finds where it is run."""
    return Path("docs") if resources.ROOT == resources.PACKAGE else resources.ROOT / "docs"
