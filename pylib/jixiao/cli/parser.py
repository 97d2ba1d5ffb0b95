"""The arguments of every command, and what is said about wrong ones."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jixiao import __version__
from jixiao.cli import filings, program, treasury
from jixiao.cli.common import STORE, UNUSABLE


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


def parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="jixiao", description="预算绩效自评：下发、填报、审核。")
    parser.add_argument("--version", action="version", version=f"jixiao {__version__}", help="显示版本号")
    parser.add_argument("--debug", action="store_true", help="出错时显示详细的程序信息")
    commands = parser.add_subparsers(title="命令", metavar="命令", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        added.set_defaults(run=run)
        return added

    demo = command("demo", filings.demo, "生成并审核几套真实填报件，列出其中的问题")
    demo.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("绩效自评演示"),
        metavar="文件夹",
        help="保存到哪里（默认：绩效自评演示）",
    )

    build = command("build", program.build, "由表样、规则和源文件重新生成下发的工作簿和加载项")
    build.add_argument("--check", action="store_true", help="只核对，不写文件；不一致时报错")

    new = command("new", filings.new, "生成一份空白工作簿，发给填报单位")
    new.add_argument("package", metavar="套表", help="例如 hengshan_2023")
    new.add_argument("--unit", required=True, metavar="单位名称")
    new.add_argument("--year", type=int, metavar="年度", help="默认用套表的年度")
    new.add_argument("--projects", type=int, metavar="项目数", help="项目支出绩效自评表的张数")
    new.add_argument("--macros", action="store_true", help="生成带按钮的 .xlsm（-o 的文件名以 .xlsm 结尾）")

    fill = command("fill", filings.fill, "把案例文件（YAML）填成工作簿")
    fill.add_argument("case", type=Path, metavar="案例文件")

    rollover = command("rollover", filings.rollover, "由上年填好的工作簿结转出下一年度的工作簿")
    rollover.add_argument("old", type=Path, metavar="上年文件")
    rollover.add_argument("--year", type=int, metavar="年度", help="默认为上年文件的下一年度")

    imported = command("import", filings.bring_in, "把旧的 Word 自评报告、自制的 Excel 表导入成填好的工作簿")
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
    report = command("report", filings.report, "把填好的工作簿导出为 Word 报告")
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

    issue = command("issue", treasury.issue, "按单位名单下发：一家单位一份预填好的工作簿，并生成下发清单")
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

    parameters = command(
        "parameters", treasury.parameters, "生成参数工作簿，在 Excel 里设定年度、文号、参数和规则"
    )
    parameters.add_argument("package", metavar="套表", help="例如 hengshan_2023")
    parameters.add_argument("--year", type=int, metavar="年度", help="默认用套表的年度")
    parameters.add_argument(
        "-o", dest="output", type=Path, required=True, metavar="文件", help="保存为哪个 .xlsx 文件"
    )
    parameters.add_argument("--force", action="store_true", help="文件已存在时覆盖")

    check = command("check", filings.check, "审核填好的工作簿")
    check.add_argument("files", nargs="+", type=Path, metavar="文件")
    check.add_argument("--json", action="store_true", help="每个文件输出一行 JSON")
    check.add_argument("--annotate", action="store_true", help="把结果写入工作簿的“审核结果”表")

    collect = command("collect", treasury.collect, "收集文件夹和压缩包里的填报件，全部审核，存入汇总库")
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
    query = command("query", treasury.query, "用 SQL 查询汇总库")
    query.add_argument("question", metavar="SQL", help='例如 "SELECT unit, status FROM filings"')
    query.add_argument("--csv", type=Path, metavar="文件", help="写入 CSV 文件，Excel 可直接打开")
    query.add_argument("--force", action="store_true", help="文件已存在时覆盖")
    for sub in (collect, query):
        sub.add_argument(
            "--store", type=Path, default=STORE, metavar="文件夹", help=f"汇总库所在的文件夹（默认：{STORE}）"
        )

    install = command("install", program.install, "把“绩效自评”加载项装到这台电脑的 Excel 里（不需要管理员）")
    uninstall = command("uninstall", program.uninstall, "从这台电脑卸载“绩效自评”加载项，不留痕迹")
    for sub in (install, uninstall):
        sub.add_argument("--force", action="store_true", help="Excel 开着也继续（之后须重新打开 Excel）")

    doctor = command("doctor", program.doctor, "检查这台电脑上的加载项，说明怎样修复")
    doctor.add_argument("--repair", action="store_true", help="能自动修复的，立即修复")
    doctor.add_argument("--json", action="store_true", help="输出 JSON")

    bundle = command("bundle", program.bundle, "生成离线安装包，供不能上网的电脑使用")
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

    bundle.add_argument(
        "--treasury", action="store_true", help="带上财政部门收集、汇总、查询要用的程序库（大一倍多）"
    )

    docs = command("docs", program.docs, "重新生成 docs/rules.md 和 docs/functions.md")
    docs.add_argument("--check", action="store_true", help="只核对，不写文件；过时则报错")
    docs.add_argument("folder", nargs="?", type=Path, default=program.docs_folder(), help=argparse.SUPPRESS)
    return parser
