"""Where the project's own files are: beside the package in the wheel, at the project's root in a checkout."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE if (PACKAGE / "workbook_templates").is_dir() else PACKAGE.parents[1]
TEMPLATES = ROOT / "workbook_templates"
ADDIN = ROOT / "addin"
DOCS = ROOT / "docs"
CASES = PACKAGE / "cases" if (PACKAGE / "cases").is_dir() else ROOT / "tests" / "cases"
