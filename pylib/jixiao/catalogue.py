"""Forms, packages, parameters and rules as declared in workbook_templates; refuses what it does not know.

A declaration is read strictly: an unknown key, a duplicate id, an expression that calls ``open()`` or a help text
longer than Excel allows is a :class:`CatalogueError` that names the file, the line and the remedy.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jixiao import outline, resources
from jixiao.binding import Binding, BindingError, known
from jixiao.declarations import (
    TYPES,
    Catalogue,
    Field,
    Form,
    Matrix,
    Package,
    Parameter,
    Passage,
    Reference,
    Rule,
    Section,
    Table,
)
from jixiao.expression import Expression, ExpressionError, Ref, parse
from jixiao.predicates import PREDICATES
from jixiao.strict import Entry, Place, load
from jixiao.written import has_free_text

# --------------------------------------------------------------------------------------------------------- reading


def _reference(entry: Entry, default: Reference | None = None) -> Reference:
    if default and "reference" not in entry.data:
        return default
    inner = entry.entry("reference")
    result = Reference(
        inner.text("title"), inner.text("number", ""), inner.text("article", ""), inner.text("date", "")
    )
    return inner.done(result)


def _expression(source: object, place: Place) -> Expression:
    try:
        return parse(str(source), "表达式")
    except ExpressionError as error:
        raise place.error(str(error)) from None


def _optional(entry: Entry, key: str) -> Expression | None:
    source = entry.take(key, (str, int, float), None)
    return None if source is None else _expression(source, entry.place / key)


def _code(code: str, place: Place) -> str:
    """A code is an identifier that NFKC leaves alone: it serves as defined name and in expressions."""
    if not code.isidentifier() or unicodedata.normalize("NFKC", code) != code:
        raise place.error(f"“{code}”不能作代码：只能用汉字、字母、数字和下划线，且不以数字开头。")
    return code


def _fill(text: str, variables: Mapping[str, str]) -> str:
    """Replace the variables of a form ({三公标签}); {year} and the like stay for the workbook."""
    for name, value in variables.items():
        text = text.replace(f"{{{name}}}", value)
    return text


class _FormReader:
    """Reads one form as one package issues it: the form's file, with the package's differences laid over it."""

    def __init__(
        self, data: object, place: Place, changes: Entry | None, forms: Mapping[str, tuple[object, Place]]
    ) -> None:
        self.entry = Entry(data, place)
        self.changes = changes or Entry({"form": place.file.stem}, place)
        self.forms = forms
        self.variables = {
            **{key: str(value) for key, value, _ in self.entry.items("variables")},
            **{key: str(value) for key, value, _ in self.changes.items("variables")},
        }
        self.printed = dict(self.changes.take("printed", dict, {}))
        self.defaults = dict(self.changes.take("defaults", dict, {}))
        self.sections = {name: Entry(value, where) for name, value, where in self.changes.items("sections")}
        self.numbered = self.changes.text("numbered", "")

    def read(self) -> Form:
        entry, changes = self.entry, self.changes
        self.source = _reference(entry)
        fields: dict[str, Field] = {}
        matrices: dict[str, Matrix] = {}
        for name, data, place in entry.items("fields"):
            fields[name] = self._field(_code(name, place), data, place)
        for name, data, place in entry.items("matrices"):
            matrices[name] = self._matrix(_code(name, place), Entry(data, place), fields)
        tables = {
            name: self._table(_code(name, place), Entry(data, place))
            for name, data, place in entry.items("tables")
        }
        sentences = {
            name: outline.sentence(name, clauses, place, self._filled)
            for name, clauses, place in entry.items("sentences")
        }
        passages = self._passages(tables)
        omit = frozenset(changes.names("omit"))
        layout = self._layout(passages, omit)
        form = Form(
            code=_code(entry.text("form"), entry.place),
            many=entry.take("many", bool, False),
            named_by=entry.text("named_by", ""),
            compared=entry.names("compared"),
            aide=entry.take("aide", bool, False),
            reference=self.source,
            orientation=entry.text("orientation", "portrait"),
            widths=tuple(float(w) for w in entry.take("widths", list)),
            fields=fields,
            matrices=matrices,
            tables=tables,
            layout=layout,
            variables=self.variables,
            title=changes.text("title", ""),
            sheet=changes.text("sheet", ""),
            another=changes.text("another", ""),
            omit=omit,
            sentences=sentences,
            passages=passages,
        )
        changes.take("form")
        entry.done(None)
        changes.done(None)
        self._differences_known(form)
        drawn = self._drawn(form)
        self._apart(form)
        named = {cell["sentence"] for row in layout for cell in row["cells"] if "sentence" in cell}
        outline.sentences_known(sentences, named, entry.place / "sentences")
        if form.named_by and form.named_by not in form.fields:
            raise (entry.place / "named_by").error(f"没有数据项“{form.named_by}”，请检查写法。")
        self._years_known(form)
        # What a package does not print is no field, no table and no section of its form.
        unprinted = {row["table"] for row in layout if "table" in row and row.get("part") in form.omit}
        left_out = {
            cell["field"]
            for row in layout
            if row.get("part") in form.omit
            for cell in row["cells"]
            if "field" in cell
        } | {code for name in unprinted for code in tables[name].total_fields}
        return replace(
            form,
            layout=tuple(row for row in layout if row.get("part") not in form.omit),
            fields={code: fields[code] for code in drawn if code not in left_out},
            tables={code: table for code, table in tables.items() if code not in unprinted},
            passages={code: each for code, each in passages.items() if code not in form.omit},
        )

    def _filled(self, text: str) -> str:
        return _fill(text, self.variables)

    def _passages(self, tables: dict[str, Table]) -> dict[str, Passage]:
        """The sections of a report, whose paragraphs become ``tables``."""
        passages = {}
        for code, data, place in self.entry.items("passages"):
            _code(code, place)
            passages[code], table = outline.passage(code, Entry(data, place), self._filled)
            if table is not None:
                tables[code] = self._table(code, Entry(table, place))
        return passages

    def _differences_known(self, form: Form) -> None:
        """A difference that meets nothing in the form is a slip of the pen."""
        parts = {row["part"] for row in form.layout if "part" in row}
        sections = {section.name for table in form.tables.values() for section in table.sections}
        for key, names, met in (
            ("omit", form.omit, parts),
            ("defaults", self.defaults, ()),  # those that met a cell have been taken out
            ("sections", self.sections, sections),
            ("printed", self.printed, form.tables),
        ):
            if unknown := sorted(set(names).difference(met)):
                raise (self.changes.place / key).error(
                    f"“{form.code}”没有“{'、'.join(unknown)}”，请检查 {key} 的拼写。"
                )

    def _years_known(self, form: Form) -> None:
        """What is compared with last year's filing, or taken from it, is a figure of the same form."""
        for code in form.compared:
            if code not in form.fields or form.fields[code].textual:
                raise (self.entry.place / "compared").error(f"“{code}”不是本表的数字数据项，请检查写法。")
        for columns in (form.fields, *(table.columns for table in form.tables.values())):
            for field in columns.values():
                if field.carries and (field.textual or field.carries not in columns):
                    raise self.entry.place.error(
                        f"“{field.code}”的 carries 写的“{field.carries}”在本表没有，或这一项不是数字。"
                    )
        for table in form.tables.values():
            if unknown := set(table.last_year.values()) - set(table.columns):
                raise (self.entry.place / "tables" / table.code).error(
                    f"last_year 中的“{'、'.join(sorted(unknown))}”不是这张表的列。"
                )

    def _field(self, code: str, data: object, place: Place, **given: Any) -> Field:
        entry = Entry(data, place)
        kind = entry.text("type")
        if kind not in TYPES:
            raise (place / "type").error(f"没有“{kind}”这种类型，可用的有：{'、'.join(TYPES)}。")
        linked = entry.text("linked", "")
        default = self.defaults.pop(code, entry.take("default", (str, int, float), None))
        result = Field(
            code=code,
            label=_fill(entry.text("label", code), self.variables),
            type=kind,
            help=entry.text("help", limit="help"),
            source=_reference(entry, self.source),
            unit=entry.text("unit", TYPES[kind][1]),
            expression=given.pop("expression", None) or _optional(entry, "calculated"),
            linked=Ref(*linked.split(".")) if linked else None,
            default=default,
            long=entry.take("long", bool, False),
            optional=entry.take("optional", bool, False),
            kept=entry.take("kept", bool, False),
            carries=entry.text("carries", ""),
            also=entry.names("also"),
            **given,
        )
        entry.take("cols", int, 1)
        return entry.done(result)

    def _matrix(self, code: str, entry: Entry, fields: dict[str, Field]) -> Matrix:
        columns = {name: (data, place) for name, data, place in entry.items("columns")}
        rows = {name: Entry(data, place) for name, data, place in entry.items("rows")}
        groups = {name: tuple(members) for name, members, _ in entry.items("groups")}
        row_groups = {name: tuple(members) for name, members, _ in entry.items("row_groups")}
        labels = {
            name: _fill(Entry(data, place).text("label", name), self.variables)
            for name, (data, place) in columns.items()
        }
        matrix = Matrix(
            code,
            entry.text("key"),
            {name: row.text("label", name) for name, row in rows.items()},
            labels,
            groups,
            row_groups,
            entry.text("total", "") or None,
        )

        def cell(row: str, column: str, place: Place) -> str:
            if row not in rows:
                raise place.error(f"{code}没有“{row}”这一行，请检查拼写。")
            if column not in columns:
                raise (place / column).error(f"“{column}”既不是 {code} 的列，也不是列组。")
            return matrix.cell(row, column)

        for _, members, place in entry.items("groups"):
            for column in members:
                cell(next(iter(rows)), column, place)
        for _, members, place in entry.items("row_groups"):
            for row in members:
                cell(row, next(iter(columns)), place)
        expressions: dict[str, Expression] = {}
        for line, sources, place in entry.items("calculated"):
            for name, source, where in Entry(sources, place).entries():
                for row, column in product(row_groups.get(line, (line,)), groups.get(name, (name,))):
                    # Over a column group the names of rows mean their cells in that column, and the other way round.
                    cells: dict[str, Ref] = {}
                    if name in groups:
                        cells |= {other: Ref(None, matrix.cell(other, column)) for other in rows}
                    if line in row_groups:
                        cells |= {other: Ref(None, matrix.cell(row, other)) for other in columns}
                    expressions[cell(row, column, place)] = _expression(source, where).renamed(cells)
        defaults = {
            cell(row, column, place): value
            for row, values, place in entry.items("defaults")
            for column, value, _ in Entry(values, place).entries()
        }
        for row, row_entry in rows.items():
            row_help = row_entry.text("help", "", limit="help")
            row_also = row_entry.names("also")
            for column, (data, place) in columns.items():
                code_ = matrix.cell(row, column)
                base = dict(data) if isinstance(data, dict) else {}
                base["label"] = matrix.rows[row] if row != matrix.total else column
                if (
                    base.get("carries") in columns
                ):  # the column of the same row; what is none is refused later
                    base["carries"] = matrix.cell(row, base["carries"])
                base["help"] = "".join(filter(None, (row_help, base.get("help", ""))))
                # A row is called by its name in its amounts; a column with names of its own (预算执行率), in the total.
                own = base.pop("also", [])
                base["also"] = list(
                    row_also if base.get("type") == "money" else own if row == matrix.total else []
                )
                if code_ in defaults:
                    base["default"] = defaults[code_]
                fields[_code(code_, place)] = self._field(
                    code_, base, place, line=(code, row, column), expression=expressions.get(code_)
                )
            row_entry.done(None)
        return entry.done(matrix)

    def _table(self, code: str, entry: Entry) -> Table:
        like = entry.text("like", "")
        if like:
            entry.done(None)
            data, place = self.forms[like]
            assert isinstance(data, dict)
            return self._table(code, Entry(data["tables"][code], place / "tables" / code))
        columns: dict[str, Field] = {}
        widths: dict[str, int] = {}
        for name, data, place in entry.items("columns"):
            columns[name] = self._field(_code(name, place), data, place, table=code)
            widths[name] = data.get("cols", 1) if isinstance(data, dict) else 1
        sections = []
        for name, data, place in entry.items("sections"):
            inner = Entry(data, place)
            parts = {str(k): int(str(v)) for k, v, _ in inner.items("二级指标")}
            if name in self.sections:
                parts |= {str(k): int(v) for k, v in self.sections[name].data.items()}
            sections.append(
                inner.done(Section(name, inner.text("分值"), {k: v for k, v in parts.items() if v}))
            )
        total = dict(entry.take("total", dict, {}))
        totals = dict(total.pop("fields", {}))
        table = Table(
            code=code,
            label=entry.text("label", ""),
            columns=columns,
            widths=widths,
            sections=tuple(sections),
            section=entry.text("section", ""),
            subsection=entry.text("subsection", ""),
            placeholder=entry.text("placeholder", ""),
            placeholder_column=entry.text("placeholder_column", ""),
            numbered=self.numbered,
            total=total,
            proposals={name: _expression(source, where) for name, source, where in entry.items("proposals")},
            listed=entry.text("listed", ""),
            printed=tuple(str(text) for text in self.printed.get(code, entry.take("printed", list, []))),
            last_year=dict(entry.take("last_year", dict, {})),
            paragraphs=entry.text("paragraphs", ""),
            issued_rows=entry.take("rows", int, 0),
            names=entry.text("names", ""),
            totals=totals,
        )
        entry.take("printed", list, [])
        self._plain_known(table, entry.place)
        return entry.done(table)

    @staticmethod
    def _plain_known(table: Table, place: Place) -> None:
        """A plain table has rows, a column that names them, and totals under its own columns."""
        if table.plain and table.issued_rows < 1:
            raise (place / "rows").error(f"表“{table.code}”没有写印几行，请加 rows，例如 rows: 5。")
        if table.plain and table.names not in table.columns:
            raise (place / "names").error(
                f"表“{table.code}”的 names 应写各行名称所在的列，可写：{'、'.join(table.columns)}。"
            )
        if unknown := sorted(set(table.totals) - set(table.columns)):
            raise (place / "total").error(f"合计行中的“{'、'.join(unknown)}”不是表“{table.code}”的列。")

    def _layout(
        self, passages: Mapping[str, Passage], omitted: frozenset[str]
    ) -> tuple[Mapping[str, Any], ...]:
        """The drawing with its sections written out, and each cell over as many rows as it then spans.

        In the file ``rows`` counts rows as they are written there: a table is one of them, however long, the sections
        named in a row are one together, and what the package omits is none.
        """
        written = self.entry.take("layout", list)
        drawn = [[self._row(each) for each in self._sections(row, passages)] for row in written]
        kept = [sum(row.get("part") not in omitted for row in rows) for rows in drawn]
        for k, rows in enumerate(drawn):
            for cell in (cell for row in rows for cell in row["cells"] if "rows" in cell):
                if k + cell["rows"] > len(drawn):
                    raise (self.entry.place / "layout").error(
                        f"单元格“{cell.get('text', '')}”的 rows 超出了最后一行。"
                    )
                cell["rows"] = max(1, sum(kept[k : k + cell["rows"]]))
        return tuple(row for rows in drawn for row in rows)

    def _sections(self, row: object, passages: Mapping[str, Passage]) -> list[object]:
        """The rows that one written row stands for: sections are several, and labels at their left span them all."""
        if not isinstance(row, dict) or "passages" not in row:
            return [row]
        place = self.entry.place / "passages"
        if row["passages"] is True:
            return list(outline.drawn(passages, place))
        if unknown := [str(code) for code in row["passages"] if code not in passages]:
            raise place.error(f"没有章节“{'、'.join(unknown)}”，请检查版式中的写法。")
        named = {code: passages[code] for code in row["passages"]}
        rest = {key: value for key, value in row.items() if key not in ("passages", "cells")}
        labels = [{"rows": 1, **cell} for cell in row.get("cells", [])]
        return [{**rest, **outline.edge(labels)}, *outline.drawn(named, place, boxed=True)]

    def _row(self, row: object) -> Mapping[str, Any]:
        """One drawn row in its full spelling: {cells: [...], part, table, height, repeat, outside, break}."""
        data = {"cells": row} if isinstance(row, list) else dict(row) if isinstance(row, dict) else {}
        unknown = set(data) - {"cells", "part", "table", "height", "repeat", "outside", "break"}
        if not data or unknown:
            raise (self.entry.place / "layout").error(
                f"不认识的行写法：{'、'.join(sorted(map(str, unknown))) or row}。"
            )
        cells = [
            {"text": cell}
            if isinstance(cell, str)
            else {**cell, **({"text": str(cell["text"])} if "text" in cell else {})}
            for cell in data.get("cells", [])
        ]
        for cell in cells:
            unknown = set(cell) - {
                "text",
                "field",
                "head",
                "heads",
                "line",
                "sentence",
                "wide",
                "cols",
                "rows",
                "style",
            }
            if unknown:
                raise (self.entry.place / "layout").error(
                    f"单元格里有不认识的键“{'、'.join(sorted(unknown))}”。"
                )
            if "text" in cell:
                cell["text"] = _fill(cell["text"], self.variables)
        return MappingProxyType({**data, "cells": tuple(cells)})

    def _drawn(self, form: Form) -> list[str]:
        """The fields in the order in which a reader meets them; each is drawn once, and all that is drawn is declared."""
        drawn: list[str] = []
        for row in form.layout:
            if row.get("table") and row["table"] not in form.tables:
                raise self.entry.place.error(f"版式中的表“{row['table']}”没有声明。")
            for cell in row["cells"]:
                if "line" in cell:
                    code, _, name = cell["line"].partition(".")
                    matrix = form.matrices.get(code)
                    if matrix is None or name not in matrix.rows:
                        raise self.entry.place.error(f"版式中的“{cell['line']}”没有声明。")
                    drawn += [matrix.cell(name, column) for column in matrix.columns]
                elif "field" in cell:
                    drawn.append(cell["field"])
            drawn += form.tables[row["table"]].total_fields if "table" in row else ()
        tables = [row["table"] for row in form.layout if "table" in row]
        if wrong := sorted(code for code in form.tables if tables.count(code) != 1):
            raise self.entry.place.error(f"表“{'、'.join(wrong)}”在版式里应当正好画一次。")
        for code in drawn:
            if code not in form.fields or drawn.count(code) > 1:
                raise self.entry.place.error(f"版式中的“{code}”没有声明，或画了两次。")
        if missing := set(form.fields) - set(drawn):
            raise self.entry.place.error(f"数据项“{'、'.join(sorted(missing))}”没有画在版式里。")
        return drawn

    def _apart(self, form: Form) -> None:
        """The rows before and behind a table belong to its name: no table may share them with rows that people delete."""
        rows = [row for row in form.layout if row.get("part") not in form.omit]
        for above, row in zip([None, *rows], [*rows, None], strict=True):
            before = form.tables[above["table"]] if above and "table" in above else None
            table = form.tables[row["table"]] if row and "table" in row else None
            open_end = before is not None and not before.total
            if table is not None and (table.paragraphs or table.listed) and (above is None or open_end):
                raise self.entry.place.error(f"表“{table.code}”上面应当有一行标题或数据项。")
            if row is None and before is not None and open_end:
                raise self.entry.place.error(f"表“{before.code}”下面应当还有一行，空白的也可以。")


def _package(entry: Entry, forms: Mapping[str, tuple[object, Place]]) -> Package:
    issued: dict[str, Form] = {}
    if entry.text("package") != entry.place.file.stem:
        raise (entry.place / "package").error(f"package 应与文件名“{entry.place.file.stem}”相同。")
    for index, data in enumerate(entry.take("forms", list)):
        changes = Entry(data, entry.place / "forms" / index)
        code = changes.text("form")
        if code not in forms:
            raise changes.place.error(f"没有表样“{code}”，可用的有：{'、'.join(forms)}。")
        form_data, place = forms[code]
        issued[code] = _FormReader(form_data, place, changes, forms).read()
    package = entry.done(
        Package(
            code=entry.text("package"),
            title=entry.text("title"),
            authority=entry.text("authority"),
            reference=_reference(entry),
            year=entry.take("year", int),
            projects=entry.names("projects"),
            forms=issued,
        )
    )
    listing = [t.label or t.code for form in issued.values() for t in form.tables.values() if t.listed]
    if package.project_form is None and (idle := [*package.projects, *listing]):
        raise entry.place.error(f"套表里没有每个项目一张的表，列不出“{'、'.join(idle)}”。")
    return package


def _parameters(file: Path) -> Iterable[Parameter]:
    for code, data, place in Entry(load(file), Place(file)).entries():
        entry = Entry(data, place)
        values = [Entry(item, place / "values" / i) for i, item in enumerate(entry.take("values", list))]
        dated = sorted(
            item.done((item.take("since", dt.date), float(item.take("value", (int, float)))))
            for item in values
        )
        most = entry.take("most", (int, float), None)
        parameter = Parameter(
            _code(code, place),
            entry.text("title"),
            entry.text("unit"),
            _reference(entry),
            tuple(dated),
            float(entry.take("least", (int, float), 0)),
            None if most is None else float(most),
        )
        for _, value in parameter.values:
            if value < parameter.least or (parameter.most is not None and value > parameter.most):
                raise (place / "values").error(f"“{code}”的值 {value:g} 不在 least 与 most 之间。")
        yield entry.done(parameter)


def _rules(file: Path) -> Iterable[tuple[Rule, Place]]:
    for index, data in enumerate(load(file) or []):
        place = Place(file, (index,))
        entry = Entry(data, place)
        severity = entry.text("severity")
        if severity not in ("error", "warning", "info"):
            raise (place / "severity").error(f"severity 只能是 error、warning、info，不能是“{severity}”。")
        arithmetic = entry.text("arithmetic", "interval")
        if arithmetic not in ("exact", "interval"):
            raise (place / "arithmetic").error("arithmetic 只能是 exact 或 interval。")
        shown_as = entry.text("shown_as", "")
        if shown_as and shown_as not in TYPES:
            raise (place / "shown_as").error(f"shown_as 只能是{'、'.join(TYPES)}之一。")
        report = entry.text("report", "row")
        if report not in ("row", "table", "filing"):
            raise (place / "report").error("report 只能是 row、table 或 filing。")
        recompute = entry.names("recompute")
        check = _optional(entry, "check")
        stated, expected = (check.sides if check else None) or (None, None)
        tolerance = entry.take("max_tolerance", (int, float), None)
        rule = Rule(
            id=entry.text("id"),
            title=entry.text("title", limit="title"),
            severity=severity,  # type: ignore[arg-type]
            forms=entry.names("form") or entry.names("forms"),
            message=entry.text("message"),
            fix=entry.text("fix", limit="error"),
            reference=_reference(entry),
            since=entry.take("since", int),
            for_each=entry.text("for_each", ""),
            when=_optional(entry, "when"),
            check=check,
            predicate=entry.text("predicate", ""),
            recompute=recompute,
            exact=arithmetic == "exact",
            max_tolerance=None if tolerance is None else float(tolerance),
            at=entry.text("at", ""),
            among=_optional(entry, "among"),
            related=entry.names("related"),
            stated=_optional(entry, "stated") or stated,
            expected=_optional(entry, "expected") or expected,
            shown_as=shown_as,
            report=report,  # type: ignore[arg-type]
            yields_to=entry.names("yields_to"),
            answered_by=entry.text("answered_by", ""),
            note=entry.text("note", ""),
            file=file.name,
        )
        entry.take("form", (str, list), None)
        entry.take("forms", (str, list), None)
        if not re.fullmatch(r"[A-Z]{3}-\d{3}", rule.id):
            raise (place / "id").error(f"规则编号“{rule.id}”应为三个大写字母、短横、三位数字，例如 FND-002。")
        if not rule.forms:
            raise place.error(f"规则 {rule.id} 缺少 form（适用的表）。")
        if (rule.check is None) == (not rule.predicate):
            raise place.error(f"规则 {rule.id} 要么写 check，要么写 predicate，二者取一。")
        if rule.predicate and rule.predicate not in PREDICATES:
            raise (place / "predicate").error(
                f"没有“{rule.predicate}”这项检查，可用的有：{'、'.join(PREDICATES)}。"
            )
        yield entry.done(rule), place


def _check_form(
    form: Form, file: Path, forms: Mapping[str, Form], parameters: Mapping[str, Parameter]
) -> None:
    """Every name in a calculated cell must mean something."""
    columns = [column for table in form.tables.values() for column in table.columns.values()]
    for field in (*form.fields.values(), *columns):
        row = form.tables[field.table].columns if field.table else {}
        references = field.expression.references if field.expression else ()
        for ref in (*references, *([field.linked] if field.linked else ())):
            own = form.field(ref) or (ref.owner is None and ref.name in row)
            if not (own or known(ref, forms, parameters)):
                if field.line:
                    path: tuple[str, ...] = ("matrices", field.line[0], "calculated", field.line[1])
                else:
                    path = ("tables", field.table, "columns") if field.table else ("fields",)
                raise Place(file, (*path, field.code)).error(
                    f"“{field.title}”的算式中，“{ref}”没有意义，请检查写法。"
                )
    for sentence in form.sentences.values():
        outline.figures_known(sentence, forms, Place(file, ("sentences", sentence.code)))


def _forms_of(rule: Rule, forms: Mapping[str, Form]) -> tuple[str, ...]:
    """The forms that a rule is for, where it names a kind: 全部, 正文 (every report), 长文字 (every form with free text)."""
    kinds: Mapping[str, list[str]] = {
        "全部": list(forms),
        "正文": [code for code, form in forms.items() if form.passages],
        "长文字": [code for code, form in forms.items() if has_free_text(form)],
    }
    return tuple(dict.fromkeys(code for named in rule.forms for code in kinds.get(named, [named])))


def _check_rule(
    rule: Rule, place: Place, forms: Mapping[str, Form], parameters: Mapping[str, Parameter]
) -> None:
    """Every name in a rule must mean something in every form the rule is for."""
    for code in rule.forms:
        if code not in forms:
            raise place.error(f"规则 {rule.id} 适用的表“{code}”不存在，可用的有：{'、'.join(forms)}。")
        try:
            tuple(Binding.all(rule, forms[code], forms, parameters))
        except BindingError as error:
            raise place.error(f"规则 {rule.id}：{error}") from None


@functools.lru_cache(maxsize=4)
def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read all declarations below ``folder`` (default: the project's own workbook_templates).

    Raises:
        CatalogueError: an unknown key, a duplicate id, a forbidden expression, a text that Excel would drop.
    """
    root = folder or resources.TEMPLATES
    read = {
        kind: sorted((root / kind).glob("*.yaml")) for kind in ("forms", "packages", "parameters", "rules")
    }
    drawings = {file.stem: (load(file), Place(file)) for file in read["forms"]}
    forms = {
        code: _FormReader(data, place, None, drawings).read() for code, (data, place) in drawings.items()
    }
    packages = {file.stem: _package(Entry(load(file), Place(file)), drawings) for file in read["packages"]}
    parameters = {parameter.code: parameter for file in read["parameters"] for parameter in _parameters(file)}
    for code, form in forms.items():
        _check_form(form, drawings[code][1].file, forms, parameters)
    for file, package in zip(read["packages"], packages.values(), strict=True):
        for form in package.forms.values():  # what a package omits, no cell of it may need
            _check_form(form, file, {**forms, **package.forms}, parameters)
    rules: dict[str, Rule] = {}
    places: dict[str, Place] = {}
    for file in read["rules"]:
        for rule, place in _rules(file):
            rule = replace(rule, forms=_forms_of(rule, forms))
            if rule.id in rules:
                raise place.error(
                    f"规则编号 {rule.id} 与 {rules[rule.id].file} 中的重复，请换一个没有用过的编号。"
                )
            _check_rule(rule, place, forms, parameters)
            rules[rule.id], places[rule.id] = rule, place
    for rule in rules.values():
        if unknown := set(rule.yields_to) - set(rules):
            raise (places[rule.id] / "yields_to").error(
                f"规则 {rule.id} 让位的规则“{'、'.join(sorted(unknown))}”不存在。"
            )
    digest = hashlib.sha256(b"".join(file.read_bytes() for kind in read for file in read[kind]))
    return Catalogue(
        forms, packages, parameters, tuple(rules[key] for key in sorted(rules)), digest.hexdigest()[:12]
    )
