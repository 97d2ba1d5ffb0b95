"""审核 in a workbook that a treasury issued with 参数 of its own: the button asks what the command line asks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from desk import HENGSHAN, Desk
from jixiao import resources
from jixiao.adjustments import adjusted
from jixiao.books import live
from jixiao.books.build import build
from jixiao.books.live import LiveWorkbook
from jixiao.books.read import read
from jixiao.case import read_case
from jixiao.catalogue import load_catalogue
from jixiao.check import check
from jixiao.declarations import Adjustments, RuleChange
from jixiao.excel.actions.walk import listed

OWN = Adjustments(
    HENGSHAN,
    2023,
    "衡财绩〔2024〕3号",
    (("单项指标分值上限", 60.0),),
    (RuleChange("STR-001", None, "县里统一填写"), RuleChange("TXT-001", "info", "试点年度只作提示")),
)


def issued(path: Path) -> None:
    catalogue = load_catalogue()
    filing = read_case(resources.CASES / f"{HENGSHAN}.yaml", catalogue)
    filing.adjustments, filing.unit_code = OWN, "009001"
    build(catalogue.packages[HENGSHAN], filing, catalogue, path)


def test_the_instructions_of_a_cell_tell_the_rules_that_hold(desk: Callable[..., Desk]) -> None:
    opened = desk(HENGSHAN, ".xlsx", issued)
    sheet = LiveWorkbook(opened.book).read(load_catalogue()).of("项目支出绩效自评表")[0]
    opened.select(sheet.name, sheet.cell("年度指标值", "指标", 0))
    text = str(opened.press("guide"))
    assert "提示：指标值只有数字" in text and "核实性：指标值只有数字" not in text


def test_the_button_checks_with_what_was_issued(desk: Callable[..., Desk]) -> None:
    opened, catalogue = desk(HENGSHAN, ".xlsm", issued), load_catalogue()
    live_filing = LiveWorkbook(opened.book).read(catalogue)
    assert (live_filing.adjustments, live_filing.unit_code) == (OWN, "009001")
    assert opened.press("check").kind == "say"
    shown = listed(live.listing(LiveWorkbook(opened.book)))
    expected = check(read(opened.path, catalogue), catalogue)
    assert [each.fingerprint for each in shown] == [each.fingerprint for each in expected]
    rules = {finding.rule.id for finding in expected}
    assert "TXT-001" in rules and not rules & {"STR-001", "WGT-006"}
    assert opened.value("审核结果", "A2").endswith(f"规则版本 {adjusted(catalogue, OWN).version}")
