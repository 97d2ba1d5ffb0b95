"""The generated pages tell everything that is declared."""

from __future__ import annotations

from jixiao.catalogue import load_catalogue
from jixiao.docs import pages
from jixiao.expression import FUNCTIONS
from jixiao.measures import MEASURES

CATALOGUE = load_catalogue()
PAGES = pages(CATALOGUE)


def test_every_rule_has_its_section_with_message_remedy_and_source() -> None:
    sections = {section.split("\n", 1)[0]: section for section in PAGES["rules.md"].split("\n## ")[1:]}
    for rule in CATALOGUE.rules:
        section = sections[rule.id]
        for text in (rule.title, rule.message, rule.fix, str(rule.reference), rule.note):
            assert text in section, (rule.id, text)


def test_every_parameter_stands_with_value_and_source() -> None:
    for parameter in CATALOGUE.parameters.values():
        (line,) = [row for row in PAGES["rules.md"].splitlines() if row.startswith(f"| {parameter.code} |")]
        assert str(parameter.reference) in line
        assert all(f"{since} 起 {value:g}" in line for since, value in parameter.values)


def test_every_function_of_the_language_is_explained() -> None:
    page = PAGES["functions.md"]
    for name, measure in MEASURES.items():
        assert f"\n## {name}\n" in page and measure.source in page
    for function in FUNCTIONS.values():
        assert f"| `{function.usage}` | {function.doc} |" in page
