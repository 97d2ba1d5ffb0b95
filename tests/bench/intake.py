"""How long an import takes, measured and printed. Run: python tests/bench/intake.py [FILE…]

Without files a report of some 30 pages is made: a real filing as Word prints it, its sections filled up with text. Not a
test: nothing is asserted, because a busy machine proves nothing.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from timing import median_ms

from jixiao import resources
from jixiao.books.build import build
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.intake.assembling import import_documents
from jixiao.intake.opening import read_document
from jixiao.word.report import export

#: Characters of text: a page of a report has some 700.
SIZE = 21_000
LINE = "全年受理投诉举报1661起，办结1632起，办结率98%，为群众挽回经济损失78.58万元，比上年增加12.3%。"


def long_report(path: Path) -> None:
    """Write the report of 岳阳楼区 with as much text as 30 pages hold."""
    catalogue = load_catalogue()
    filing = read_case(resources.CASES / "yueyanglou_2023.yaml", catalogue)
    sections = [rows for sheet in filing.sheets if sheet.form == "自评报告" for rows in sheet.tables.values()]
    for k in range(SIZE // (3 * len(LINE))):
        sections[k % len(sections)].append({"段落": f"{k}、{LINE * 3}"})
    export(filing, catalogue, path)


def main() -> None:
    catalogue = load_catalogue()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "导入.xlsx"
        paths = [Path(name) for name in sys.argv[1:]] or [Path(folder) / "报告.docx"]
        if not sys.argv[1:]:
            long_report(paths[0])
        for path in paths:
            imported = import_documents([path], catalogue)
            package = catalogue.packages[imported.filing.package]
            read = median_ms(lambda path=path: read_document(path))
            whole = median_ms(lambda path=path: import_documents([path], catalogue))
            built = median_ms(
                lambda package=package, imported=imported: build(package, imported.filing, catalogue, target),
                3,
            )
            print(
                f"{path.name}: {path.stat().st_size >> 10} KB, {len(read_document(path).blocks)} blocks: "
                f"read {read:.0f} ms, read and recognised {whole:.0f} ms, workbook written {built:.0f} ms more"
            )


if __name__ == "__main__":
    main()
