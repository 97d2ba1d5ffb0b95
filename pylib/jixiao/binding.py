"""What the names of a rule mean in a form, settled once for all filings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jixiao.declarations import Field, Form, Parameter, Rule
from jixiao.expression import Expression, Ref

#: Facts about the filing itself that an expression may name.
YEAR, UNIT = "填报年度", "填报单位"
#: A name of 首页 too, but of no rule.
UNIT_CODE = "单位代码"
#: What a rule that recomputes a cell compares.
STATED, CALCULATED = "stated", "calculated"


class BindingError(Exception):
    """A name that means nothing where it stands."""


@dataclass(frozen=True)
class Binding:
    """One rule applied to one form at one place: names given by the rule, and the cell it reports at.

    A rule over a column group (金额列) or over several recomputed cells makes one binding for each.
    """

    rule: Rule
    form: Form
    table: str | None
    names: Mapping[str, Ref]
    at: Ref
    related: tuple[Ref, ...]

    @staticmethod
    def all(
        rule: Rule, form: Form, forms: Mapping[str, Form], parameters: Mapping[str, Parameter]
    ) -> Iterator[Binding]:
        """Every binding of ``rule`` in ``form``.

        Raises:
            BindingError: a name in the rule means nothing there.
        """
        table = rule.for_each if rule.for_each in form.tables else None
        group = form.group(rule.for_each) if rule.for_each and table is None else None
        if rule.for_each and table is None and group is None and rule.for_each != "sheets":
            raise BindingError(f"for_each: “{rule.for_each}”既不是“{form.code}”的表，也不是列组、行组。")
        expansions: list[tuple[dict[str, Ref], str]] = [
            ({name: Ref(None, code) for name, code in member.items()}, rule.at) for member in group or [{}]
        ]
        if rule.recompute:
            expansions = [(names, code) for names, _ in expansions for code in rule.recompute]
        for names, at in expansions:
            target = names.get(at, _ref(at))
            given = {**names, STATED: target, CALCULATED: target} if rule.recompute else names
            binding = Binding(
                rule, form, table, given, target, tuple(names.get(code, _ref(code)) for code in rule.related)
            )
            binding._check(forms, parameters)
            yield binding

    def expressions(self) -> Iterator[Expression]:
        rule = self.rule
        return (e for e in (rule.when, rule.check, rule.stated, rule.expected, rule.among) if e is not None)

    def field(self, ref: Ref) -> Field | None:
        """The field behind a name of the rule, if it is one of this form."""
        ref = self.names.get(ref.name, ref) if ref.owner is None else ref
        if ref.owner is None and self.table and ref.name in self.form.tables[self.table].columns:
            return self.form.tables[self.table].columns[ref.name]
        return self.form.field(ref)

    def _check(self, forms: Mapping[str, Form], parameters: Mapping[str, Parameter]) -> None:
        rule = self.rule
        wanted = [ref for expression in self.expressions() for ref in expression.references]
        if not rule.predicate:  # a predicate names its places and figures
            wanted += [self.at, *map(_ref, rule.shown)]
        if rule.answered_by:
            wanted.append(Ref(None, rule.answered_by))
        for ref in [*wanted, *self.related]:
            if not (self.field(ref) or known(ref, forms, parameters)):
                raise BindingError(f"“{ref}”在“{self.form.code}”中没有意义，请检查写法。")


def known(ref: Ref, forms: Mapping[str, Form], parameters: Mapping[str, Parameter]) -> bool:
    """Whether a name that is none of the form's own means a cell of another form, a parameter or a fact."""
    if ref.owner:
        return ref.owner in forms and ref.name in forms[ref.owner].fields
    return ref.name in parameters or ref.name in (YEAR, UNIT)


def _ref(code: str) -> Ref:
    owner, _, name = code.rpartition(".")
    return Ref(owner or None, name)
