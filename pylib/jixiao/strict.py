"""Strict reading of YAML: every key is taken or refused, and an error names the file and the line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

T = TypeVar("T")

#: Excel's own limits; longer texts are dropped or make the file invalid.
LIMITS = MappingProxyType({"help": 255, "error": 225, "title": 32})


class CatalogueError(Exception):
    """A declaration that cannot be used. ``str()`` is one Chinese line: 文件、行、原因、办法."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML's safe loader that also refuses a key written twice in one mapping."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()  # looked at before merging, because a key may override a merged one
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(problem=f"“{key.value}”写了两次", problem_mark=key.start_mark)
                seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def load(file: Path) -> Any:
    """The content of one YAML file.

    Raises:
        CatalogueError: the file is missing, is not UTF-8 or is not YAML.
    """
    try:
        return yaml.load(file.read_bytes(), _Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CatalogueError(
            f"{file.name} 第 {line} 行：YAML 写法有误（{error.problem}），请检查缩进、冒号和引号。"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise CatalogueError(f"{file.name}：不是 UTF-8 编码的 YAML 文件，请用 UTF-8 另存。") from None
    except OSError as error:
        raise CatalogueError(f"{file.name}：读不到文件（{error.strerror}），请检查路径。") from None


@dataclass(frozen=True)
class Place:
    """A path of keys inside a file; its line is looked up only when something is wrong there."""

    file: Path
    path: tuple[str | int, ...] = ()

    def __truediv__(self, key: str | int) -> Place:
        return Place(self.file, (*self.path, key))

    def error(self, cause: str) -> CatalogueError:
        return CatalogueError(f"{self.file.name} 第 {self._line()} 行：{cause}")

    def _line(self) -> int:
        node = yaml.compose(self.file.read_text("utf-8"), yaml.SafeLoader)
        line = 1
        for key in self.path:
            if isinstance(node, yaml.MappingNode):
                pair = next(((k, v) for k, v in node.value if k.value == str(key)), None)
                if pair is None:
                    break
                line, node = pair[0].start_mark.line + 1, pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
                node = node.value[key]
                line = node.start_mark.line + 1
        return line


class Entry:
    """One mapping of a YAML file; keys are taken out of it, and :meth:`done` refuses what nobody took."""

    def __init__(self, data: object, place: Place) -> None:
        if not isinstance(data, dict):
            raise place.error(f"这里应当写成“键: 值”，现在是 {data!r}。")
        self.data: dict[Any, Any] = data
        self.place = place
        self._left = set(data)

    def take(self, key: str, kind: type | tuple[type, ...] = str, default: Any = ...) -> Any:
        """The value of ``key``, which must be of ``kind``; without a default the key is required."""
        self._left.discard(key)
        value = self.data.get(key, default)
        if value is ...:
            raise self.place.error(f"缺少“{key}”。")
        # Python's True is an int: yes is no year.
        fits = isinstance(value, kind) and (kind in (bool, object) or not isinstance(value, bool))
        if value is not default and not fits:
            raise (self.place / key).error(f"“{key}”的内容类型不对：{value!r}。")
        return value

    def text(self, key: str, default: Any = ..., limit: str = "") -> str:
        value = str(self.take(key, (str, int, float, dt.date), default))
        if limit and len(value) > LIMITS[limit]:
            raise (self.place / key).error(
                f"“{key}”共 {len(value)} 字，超过 Excel 的上限 {LIMITS[limit]} 字，请缩短。"
            )
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names; one name may be written without brackets."""
        value = self.take(key, (list, str), [])
        return (value,) if isinstance(value, str) else tuple(str(item) for item in value)

    def entry(self, key: str) -> Entry:
        return Entry(self.take(key, object), self.place / key)

    def items(self, key: str) -> Iterator[tuple[str, Any, Place]]:
        """The members of the mapping under ``key`` (none when it is absent), each with its place."""
        for name, value in self.take(key, dict, {}).items():
            yield str(name), value, self.place / key / str(name)

    def entries(self) -> Iterator[tuple[str, Any, Place]]:
        """All members of this mapping."""
        for name, value in self.data.items():
            self._left.discard(name)
            yield str(name), value, self.place / str(name)

    def done(self, result: T) -> T:
        """Pass ``result`` through; refuse keys that nobody took."""
        if self._left:
            key = sorted(map(str, self._left))[0]
            known = "、".join(str(k) for k in self.data if k not in self._left)
            raise (self.place / key).error(f"不认识的键“{key}”（已认识的有：{known}），请检查拼写。")
        return result
