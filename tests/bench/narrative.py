"""The narrative check of a long report, measured and printed. Run: python tests/bench/narrative.py [FILE…]

Without files the sentences of tests/narrative.yaml are repeated up to 12,000 characters: far more figures than any report
has. "rules" is all that the text rules cost in the check of a filing: reading, every kind of remark, the comparison with
the tables. Not a test: nothing is asserted, because a busy machine proves nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml
from timing import median_ms

from jixiao import resources
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.filing import Filing, Frame
from jixiao.narrative import read, remarks, repeated
from jixiao.narrative.claims import subject
from jixiao.predicates import PREDICATES
from jixiao.quantity import normalise, parse
from jixiao.scope import Calculation

REPORT, PACKAGE = "自评报告", "yueyanglou_2023"
SIZE = 12_000
CASES = Path(__file__).parents[1] / "narrative.yaml"


def cold() -> None:
    """Forget the numbers and labels read before: a report is checked once."""
    subject.cache_clear()
    parse.cache_clear()
    normalise.cache_clear()


def with_report(text: str) -> Filing:
    """A filled filing whose report says ``text``."""
    filing = read_case(resources.CASES / f"{PACKAGE}.yaml", load_catalogue())
    (report,) = filing.of(REPORT)
    report.tables = {"整体支出绩效情况": [{"段落": line} for line in text.splitlines()]}
    return filing


def rules(filing: Filing) -> int:
    """Ask every rule over text; how many places they object to."""
    catalogue = load_catalogue()
    calculation = Calculation(Frame([filing], catalogue.packages[PACKAGE].forms), catalogue)
    predicates = [
        PREDICATES[rule.predicate] for rule in catalogue.rules if rule.predicate.startswith("text_")
    ]
    frames = calculation.frame.forms.values()
    return sum(len(list(predicate(calculation, frame))) for predicate in predicates for frame in frames)


def main() -> None:
    cases = yaml.safe_load(CASES.read_text("utf-8"))
    sentences = [case["文字"] for part in ("读数", "问题") for case in cases[part]] + cases["放过"]
    texts = {"sentences of the tests": "\n".join(sentences * 20)[:SIZE]}
    texts |= {Path(name).name: Path(name).read_text("utf-8")[-SIZE:] for name in sys.argv[1:]}
    for name, text in texts.items():
        figures, filing = len(read(text).claims), with_report(text)
        print(
            f"{name}: {len(text)} characters, {figures} figures: "
            f"read {median_ms(lambda text=text: read(text), before=cold):.1f} ms, "
            f"remarks {median_ms(lambda text=text: remarks(text), before=cold):.1f} ms, "
            f"repeated {median_ms(lambda text=text: repeated([read(text)]), before=cold):.1f} ms, "
            f"rules {median_ms(lambda filing=filing: rules(filing), before=cold):.1f} ms ({rules(filing)} places)"
        )


if __name__ == "__main__":
    main()
