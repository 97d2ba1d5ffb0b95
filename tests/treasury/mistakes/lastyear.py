"""Last year's figures of a filing, made to fit it by what is declared, and the mistakes that show only beside them."""

from __future__ import annotations

import re
from typing import Any

from jixiao import lastyear
from jixiao.declarations import Catalogue, Form, Package, Table
from jixiao.filing import Filing, Frame, Sheet
from jixiao.scope import Calculation
from treasury.mistakes.spots import FORMS, Spot, mistake

_NUMBER = re.compile(r"\d+")
#: A change that asks for no reason, and one that does.
_LITTLE, _MUCH = 0.8, 0.4
_TELLING = 3
_CARRYING = tuple(code for code, form in FORMS.items() if any(each.carries for each in form.fields.values()))
_COMPARED = tuple(code for code, form in FORMS.items() if form.compared and code not in _CARRYING)
_WITH_TARGETS = tuple(
    code for code, form in FORMS.items() if any(table.last_year for table in form.tables.values())
)


def before(filing: Filing, package: Package, catalogue: Catalogue) -> Filing:
    """Last year's filing, as far as it is compared with this one: what this one repeats of it, amounts that moved a
    little, and other targets and results."""
    calculation = Calculation(Frame([filing], package.forms), catalogue)
    sheets = []
    for form in package.forms.values():
        for place, sheet in enumerate(filing.of(form.code)):
            then = Sheet(form.code, sheet.name, _fields(form, sheet))
            for code in form.compared:
                now = float(calculation.value(form.code, None, code)[place])
                if now > 0:
                    then.fields.setdefault(code, round(now * _LITTLE, 2))
            rows = {code: _rows(table, sheet.tables.get(code, [])) for code, table in form.tables.items()}
            then.tables = {code: found for code, found in rows.items() if found}
            if then.fields or then.tables:
                sheets.append(then)
    return Filing(filing.package, filing.unit, filing.year - 1, sheets)


def _fields(form: Form, sheet: Sheet) -> dict[str, Any]:
    fields = {
        field.carries: sheet.fields[code]
        for code, field in form.fields.items()
        if field.carries and isinstance(sheet.fields.get(code), float)
    }
    name = sheet.fields.get(form.named_by)
    return {**({form.named_by: name} if name else {}), **fields}


def _rows(table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    quantities = {*table.last_year.values(), *_targets(table)}
    carried = {code: column.carries for code, column in table.columns.items() if column.carries}
    if not (quantities or carried):
        return []
    return [
        {
            **{code: row[code] for code in table.name_columns if row.get(code)},
            **{code: _NUMBER.sub(_other, str(row[code]), count=1) for code in quantities if row.get(code)},
            **{then: row[code] for code, then in carried.items() if isinstance(row.get(code), float)},
        }
        for row in rows
    ]


def _targets(table: Table) -> list[str]:
    return [code for code, column in table.columns.items() if column.kept and column.type == "quantity"]


def _other(number: re.Match[str]) -> str:
    return str(int(number[0]) * 9 // 10 + 1 if int(number[0]) > 12 else int(number[0]) + 1)


def _then(at: Spot) -> Sheet:
    """The same sheet of last year."""
    found = lastyear.same_sheet(at.filing.previous, at.form, at.sheet)
    at.hold(found is not None)
    assert found is not None
    return found


@mistake(*_CARRYING, last_year=True, LYR_001=1)
def last_year_told_otherwise(at: Spot) -> None:
    fields = _then(at).fields
    codes = {field.carries for field in at.form.fields.values() if field.carries}
    code = at.rng.choice(sorted(code for code in codes if code in fields))
    fields[code] = round(fields[code] + 0.5, 2)


def _repeated(at: Spot, table: Table, column: str) -> None:
    """Last year's quantities of a column are this year's."""
    rows, then = at.sheet.tables[table.code], _then(at).tables[table.code]
    quantities = [str(row.get(column) or "") for row in rows]
    telling = [each for each in quantities if _NUMBER.search(each) and not re.search("[%天月]", each)]
    at.hold(len(telling) >= _TELLING)
    for row, quantity in zip(then, quantities, strict=True):
        if quantity:
            row[column] = quantity


def _table(at: Spot) -> Table:
    return next(
        table for table in at.form.tables.values() if table.last_year and table.code in at.sheet.tables
    )


@mistake(*_WITH_TARGETS, last_year=True, LYR_002=1)
def targets_of_last_year(at: Spot) -> None:
    at.hold(bool(at.sheet.tables[_table(at).code]))
    _repeated(at, _table(at), _targets(_table(at))[0])


@mistake(*_WITH_TARGETS, last_year=True, LYR_003=1)
def results_of_last_year(at: Spot) -> None:
    at.hold(bool(at.sheet.tables[_table(at).code]))
    _repeated(at, _table(at), next(iter(_table(at).last_year.values())))


@mistake(*_COMPARED, last_year=True, LYR_004=1)
def spending_jumped(at: Spot) -> None:
    fields = _then(at).fields
    codes = [code for code in at.form.compared if code in fields]
    at.hold(bool(codes))
    code = at.rng.choice(codes)
    fields[code] = round(fields[code] / _LITTLE * _MUCH, 2)
    at.hold(fields[code] > 1)
