"""What a check found: findings, their fingerprints and explanations, and the status of a filing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as _field
from typing import Any, Literal

from jixiao.adjustments import adjusted
from jixiao.binding import UNIT_CODE
from jixiao.declarations import Catalogue, Rule, Severity
from jixiao.filing import MISSING, Filing
from jixiao.quantity import PLACEHOLDERS

Outcome = Literal["fail", "inconclusive", "rule_error"]
Status = Literal["未通过", "待说明", "通过"]

SEVERITY_NAMES: dict[Severity, str] = {"error": "强制性", "warning": "核实性", "info": "提示"}
_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


def reason(written: str) -> str:
    """What a person wrote as a reason or 说明, trimmed; "" when it says nothing: 无, 0, ——."""
    written = written.strip()
    return written if len(written) > 1 and written not in PLACEHOLDERS else ""


#: The same for a cell: whether a reason stands there.
NATIVE_REASON = (
    "AND(LEN(TRIM({cell}))>1,"
    + ",".join(f'TRIM({{cell}})<>"{mark}"' for mark in PLACEHOLDERS if len(mark) > 1)
    + ")"
)


def digest(*parts: object) -> str:
    """Twelve hexadecimal digits that stand for ``parts``."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:12]


@dataclass
class Finding:
    """One rule that did not hold, at one cell.

    ``stated``, ``expected``, ``difference`` and ``tolerance`` are written as people read them. ``fingerprint`` names
    the question (rule, unit, form, year, field or row, never an address), ``figures`` the values it is about: an
    explanation answers a finding as long as both are unchanged.
    """

    rule: Rule
    unit: str
    form: str
    sheet: str
    cell: str
    message: str
    outcome: Outcome = "fail"
    field: str = ""
    table: str = ""
    row: str = ""
    related: list[str] = _field(default_factory=list)
    rows: list[str] = _field(default_factory=list)
    stated: str = ""
    expected: str = ""
    difference: str = ""
    tolerance: str = ""
    fingerprint: str = ""
    figures: str = ""
    explanation: str | None = None
    filing: int = 0
    position: tuple[int, int, int] = (0, 0, 0)

    @property
    def severity(self) -> Severity:
        return self.rule.severity if self.outcome != "rule_error" else "info"

    @property
    def fix(self) -> str:
        return (
            self.rule.fix if self.outcome != "rule_error" else "无须修改填报内容；请更新程序或联系下发单位。"
        )

    @property
    def outstanding(self) -> bool:
        """Whether it still asks something of the person: an error always, a warning until it is explained."""
        return self.severity == "error" or (self.severity == "warning" and not self.explanation)

    def to_json(self) -> dict[str, Any]:
        """The finding as ``check --json`` prints it (DESIGN §8)."""
        return {
            "rule": self.rule.id,
            "severity": self.severity,
            "outcome": self.outcome,
            "sheet": self.sheet,
            "cell": self.cell,
            "related": self.related,
            "message": self.message,
            "stated": self.stated,
            "expected": self.expected,
            "difference": self.difference,
            "tolerance": self.tolerance,
            "fix": self.fix,
            "fingerprint": self.fingerprint,
            "explanation": self.explanation,
        }


def status(findings: Iterable[Finding]) -> Status:
    """未通过 while an error stands, 待说明 while a warning has no explanation, 通过 otherwise (DESIGN §7)."""
    open_ = {finding.severity for finding in findings if finding.outstanding}
    return "未通过" if "error" in open_ else "待说明" if open_ else "通过"


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """As a person works through them: what must be corrected first, then sheet by sheet from top to bottom."""
    return sorted(findings, key=lambda f: (_ORDER[f.severity], f.position, f.rule.id, f.field))


def seal(filing: Filing, catalogue: Catalogue, moment: str = "") -> str:
    """What 通过 is sealed with: a digest of all stated facts, of the rules that passed them and of when (DESIGN §7)."""
    return seal_under(filing, adjusted(catalogue, filing.adjustments).version, moment)


def seal_under(filing: Filing, version: str, moment: str = "") -> str:
    """The same for the rules of a given version, perhaps one that is no longer at hand.

    ``moment`` is the time of the check as the workbook shows it; "" where there is none, as in workbooks of before.

    Blank cells, the order of the sheets and their names say nothing about the unit and do not count; numbers count to
    12 significant digits, so that a recalculation by another program does not break a seal. The code of the unit
    counts where there is one: it says whose filing this is.
    """
    sheets = sorted(
        repr(
            (
                sheet.form,
                _stated(sheet.fields),
                sorted((code, [_stated(row) for row in rows]) for code, rows in sheet.tables.items()),
            )
        )
        for sheet in filing.sheets
    )
    code = (f"{UNIT_CODE} {filing.unit_code}",) if filing.unit_code else ()
    when = (moment,) if moment else ()
    return digest(version, filing.package, filing.unit, filing.year, *code, *sheets, *when)


def _stated(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted(
        (code, f"{value:.12g}" if isinstance(value, (int, float)) else str(value))
        for code, value in values.items()
        if value is not None and value is not MISSING and value != ""
    )
