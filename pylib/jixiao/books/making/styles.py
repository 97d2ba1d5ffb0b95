"""Cell styles: layers of workbook_templates/styles.yaml laid over each other, each combination one format."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook

from jixiao import resources
from jixiao.strict import Entry, Place, load

Layer = Mapping[str, Any]


class Styles:
    """The declared layers.

    Raises:
        CatalogueError: styles.yaml is missing, is not YAML or holds an unknown key.
    """

    def __init__(self, file: Path) -> None:
        entry = Entry(load(file), Place(file))
        self.base: Layer = entry.take("base", dict)
        self.roles: Mapping[str, Layer] = entry.take("roles", dict)
        self.types: Mapping[str, Layer] = entry.take("types", dict)
        self.styles: Mapping[str, Layer] = entry.take("styles", dict)
        self.marks: Mapping[str, Layer] = entry.take("marks", dict)
        self.page: Mapping[str, float] = entry.take("page", dict)
        entry.done(None)

    def layered(self, role: str, types: tuple[str, ...], style: str, **extra: Any) -> dict[str, Any]:
        """The properties of one cell: base, role, types, named style, then what the place asks for."""
        layers = [self.base, self.roles[role], *(self.types[name] for name in types)]
        if style:
            layers.append(self.styles[style])
        merged: dict[str, Any] = {}
        for layer in layers:
            merged |= layer
        return merged | extra


@functools.lru_cache(maxsize=2)
def load_styles(file: Path | None = None) -> Styles:
    """The styles of the project, read once."""
    return Styles(file or resources.TEMPLATES / "styles.yaml")


class Palette:
    """The formats of one workbook, made when first used and shared by equal cells."""

    def __init__(self, workbook: Workbook, styles: Styles) -> None:
        self.workbook, self.styles = workbook, styles
        self._formats: dict[tuple[tuple[str, Any], ...], Format] = {}

    def __call__(self, role: str = "locked", *types: str, style: str = "", **extra: Any) -> Format:
        return self._made(self.styles.layered(role, types, style, **extra))

    def mark(self, name: str) -> Format:
        """The format of a conditional format."""
        return self._made(dict(self.styles.marks[name]))

    def plain(self, **properties: Any) -> Format:
        """A format outside the layers."""
        return self._made(properties)

    def _made(self, properties: dict[str, Any]) -> Format:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format(properties)
        return self._formats[key]
