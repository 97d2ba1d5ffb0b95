"""The four speeds that users feel, measured and printed as a table. Run: python tests/bench/speed.py

Not a test: nothing is asserted, because a busy machine proves nothing.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from timing import median_ms

from jixiao import resources
from jixiao.books.build import build, build_issued
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check, check_frame
from jixiao.filing import Filing, FormFrame, Frame, Sheet, TableFrame
from jixiao.quantity import Texts

ROWS, ROWS_PER_SHEET = 1_000_000, 50
FORM = "项目支出绩效自评表"


def unzip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            archive.read(name)


def indicator_rows() -> Frame:
    """A million indicator rows of 20,000 project sheets, a few of them wrong."""
    package = load_catalogue().packages["mof_project_2023"]
    form, sheets = package.forms[FORM], ROWS // ROWS_PER_SHEET
    rng = np.random.default_rng(2023)
    parts = [
        ("产出指标", "数量指标", 25, 2.0),
        ("效益指标", "社会效益指标", 15, 2.0),
        ("满意度指标", "服务对象满意度指标", 10, 1.0),
    ]
    group = np.tile(np.repeat(np.arange(len(parts)), [count for _, _, count, _ in parts]), sheets)
    weight = np.array([points for *_, points in parts])[group]
    targets = (
        [f"≥{n}件" for n in range(1, 2001)] + [f"≥{n}%" for n in range(50, 101)] + ["按要求完成", "2023年底"]
    )
    target = rng.integers(0, len(targets), ROWS)
    names = tuple(f"指标{n}" for n in range(5000))
    columns = {
        "一级指标": Texts(group.astype(np.int32), tuple(part[0] for part in parts)),
        "二级指标": Texts(group.astype(np.int32), tuple(part[1] for part in parts)),
        "三级指标": Texts(rng.integers(0, 5000, ROWS).astype(np.int32), names),
        "年度指标值": Texts(target.astype(np.int32), tuple(targets)),
        "实际完成值": Texts(target.astype(np.int32), tuple(text.lstrip("≥") for text in targets)),
        "分值": weight,
        "得分": np.where(rng.random(ROWS) < 0.002, weight - 1, weight),
        "偏差原因": Texts(np.zeros(ROWS, dtype=np.int32), ("",)),
    }
    filings = [Filing(package.code, f"单位{k}", 2023, projects=[("项目", "项目")]) for k in range(sheets)]
    parent = np.repeat(np.arange(sheets), ROWS_PER_SHEET)
    table = TableFrame(form.tables["指标"], parent, [], np.arange(ROWS) % ROWS_PER_SHEET, columns)
    frame = Frame(filings, {})
    given = {
        code: Texts.repeat("某项目", sheets)
        if field.textual
        else np.full(sheets, 10.0 if field.type == "score" else 1.0)
        for code, field in form.fields.items()
    }
    frame.forms[FORM] = FormFrame(
        form, [Sheet(FORM, "项目") for _ in range(sheets)], np.arange(sheets), given, {"指标": table}
    )
    return frame


def main() -> None:
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory() as folder:
        case = read_case(resources.CASES / "yueyanglou_2023.yaml", catalogue)
        case.sheets.append(Sheet(FORM, "附件3-4", dict(case.sheets[-1].fields), dict(case.sheets[-1].tables)))
        case.projects.append(("另一项目", "附件3-4"))
        path = Path(folder) / "filing.xlsx"
        build(catalogue.packages[case.package], case, catalogue, path)
        count = len(zipfile.ZipFile(path).namelist())

        command = [sys.executable, "-m", "jixiao.cli", "check", "--json", str(path)]
        process = median_ms(lambda: subprocess.run(command, capture_output=True, check=False), 7) / 1000
        print(f"{'jixiao check on one filing, whole process':55} {process:9.2f} s    ≤ 0.7 s")
        base = median_ms(lambda: unzip(path))
        filing = read(path, catalogue)
        reading = median_ms(lambda: read(path, catalogue))
        checking = median_ms(lambda: check(filing, catalogue))
        filings = [read(path, catalogue) for _ in range(100)]
        forms = catalogue.packages[case.package].forms
        package = catalogue.packages[case.package]
        batch = median_ms(lambda: check_frame(Frame(filings, forms), package, catalogue), 5) / 100
        print(f"{'unzip one filing with zipfile':55} {base:9.2f} ms   ({count} parts)")
        print(f"{'read it':55} {reading:9.2f} ms   {reading / base:.1f} x unzip")
        print(
            f"{'check it, alone':55} {checking:9.2f} ms   {(reading + checking) / base:.1f} x unzip with reading"
        )
        print(
            f"{'check it, in a batch of 100':55} {batch:9.2f} ms   {(reading + batch) / base:.1f} x unzip with reading (≤ 4)"
        )
        frame = indicator_rows()
        package = catalogue.packages["mof_project_2023"]
        start = time.perf_counter()
        found = check_frame(frame, package, catalogue)
        print(
            f"{'1,000,000 indicator rows scored and checked':55} {time.perf_counter() - start:9.2f} s    ≤ 8 s   ({len(found)} findings)"
        )
        start = time.perf_counter()
        build_issued(catalogue, Path(folder))
        print(f"{'build of all issued workbooks':55} {time.perf_counter() - start:9.2f} s    ≤ 3 s")


if __name__ == "__main__":
    main()
