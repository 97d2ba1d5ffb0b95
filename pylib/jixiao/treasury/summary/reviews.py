"""复核分 and 复核意见: what a reviewer typed into a summary, and what becomes of it when the next one is written.

They are found in 单位排名 by their heads, wherever the columns were moved to, and go back to the unit of the same code,
else of the same name, of the same package and year. What finds no unit is kept in a list of its own and comes from there
when the unit is back: nothing that was typed is ever dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jixiao.books.ooxml.cells import Cell, Cells, Workbook, plain_text, split_a1
from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.quantity import normalise
from jixiao.treasury.errors import DeskError
from jixiao.treasury.summary.figures import UnitLine

RANKING, KEPT = "单位排名", "未对应的复核"
"""The sheets that hold reviews: of units, and of units that are gone."""
CODE, NAME, POINTS, OPINION, BATCH = "单位代码", "单位名称", "复核分", "复核意见", "套表年度"
_HEAD_ROWS = 20
#: A summary of a hundred thousand units may be so much larger than a filing.
_TIMES = 8


@dataclass(frozen=True)
class Review:
    """What a reviewer typed about a unit; ``batch`` is the package and year it was about."""

    code: str
    name: str
    batch: str
    points: float | str
    opinion: float | str


def read_reviews(path: Path) -> list[Review]:
    """The reviews in a summary that is there; none when there is no such file.

    Raises:
        DeskError: it is no summary of ours, or cannot be read, so that it must not be written over.
    """
    if not path.exists():
        return []
    try:
        workbook = Workbook(Parts.open(path, times=_TIMES))
        tabs = [tab for tab in workbook.sheets if tab.name in (RANKING, KEPT)]
        if not any(tab.name == RANKING for tab in tabs):
            raise _foreign(path)
        return [review for tab in tabs for review in _read(workbook.cells(tab), path)]
    except Unreadable as error:
        raise DeskError(
            f"原有的“{path.name}”不能读取（{error.cause}），其中的复核分和复核意见无法带入，没有改动它",
            error.remedy
            if "关闭" in error.remedy
            else "请用 Excel 或 WPS 打开另存一份再试，或在 -o 后换一个文件名",
        ) from error


def _foreign(path: Path) -> DeskError:
    return DeskError(
        f"“{path.name}”已经存在，又不是 jixiao 生成的汇总表（找不到带“{POINTS}”“{OPINION}”两列的“{RANKING}”表），没有改动它",
        "请在 -o 后换一个文件名；改过表名或表头的，请改回来",
    )


def _read(cells: Cells, path: Path) -> list[Review]:
    rows: dict[int, dict[int, Cell]] = {}
    for address, cell in cells.items():
        place = split_a1(address)
        if place is not None and (cell.value is not None or cell.formula is not None):
            rows.setdefault(place[0], {})[place[1]] = cell
    head, columns = _heads(rows)
    if not columns:
        raise _foreign(path)
    reviews = []
    for number in sorted(row for row in rows if row > head):

        def typed(name: str, row: Mapping[int, Cell] = rows[number]) -> float | str:
            return _content(row.get(columns.get(name, 0)))

        points, opinion = typed(POINTS), typed(OPINION)
        if points != "" or opinion != "":
            reviews.append(
                Review(_plain(typed(CODE)), _plain(typed(NAME)), _plain(typed(BATCH)), points, opinion)
            )
    return reviews


def _heads(rows: Mapping[int, Mapping[int, Cell]]) -> tuple[int, dict[str, int]]:
    """The head row, and the column of each head; none when there is no such row."""
    for number in sorted(rows)[:_HEAD_ROWS]:
        columns = {plain_text(cell.value).strip(): column for column, cell in rows[number].items()}
        if {NAME, POINTS, OPINION} <= columns.keys():
            return number, columns
    return 0, {}


def _content(cell: Cell | None) -> float | str:
    """What was typed; a formula counts as its result, or as its text while it has none."""
    if cell is None:
        return ""
    if cell.value is None:
        return f"={cell.formula}" if cell.formula else ""
    if isinstance(cell.value, float):
        return cell.value
    return plain_text(cell.value).strip("\n\r\t ")


def _plain(value: float | str) -> str:
    return f"{value:.15g}" if isinstance(value, float) else value


def matched(reviews: Iterable[Review], units: Sequence[UnitLine]) -> tuple[dict[int, Review], list[Review]]:
    """Give each unit its review.

    Returns:
        The review by number of filing, and the reviews that no unit takes.
    """
    codes: dict[tuple[str, str], list[int]] = {}
    names: dict[tuple[str, str], list[int]] = {}
    for unit in units:
        batch = unit.batch.key
        if unit.code:
            codes.setdefault((batch, normalise(unit.code)), []).append(unit.filing)
        names.setdefault((batch, normalise(unit.name)), []).append(unit.filing)
    taken: dict[int, Review] = {}
    left: list[Review] = []
    later: list[Review] = []
    for review in reviews:  # codes first: a name may have gone over to another unit
        if not _give(codes, (review.batch, normalise(review.code)) if review.code else None, review, taken):
            later.append(review)
    for review in later:
        if not _give(names, (review.batch, normalise(review.name)), review, taken):
            left.append(review)
    return taken, left


def _give(
    known: dict[tuple[str, str], list[int]],
    key: tuple[str, str] | None,
    review: Review,
    taken: dict[int, Review],
) -> bool:
    """Whether exactly one unit has this key and takes the review, or what its own leaves blank."""
    filings = known.get(key, []) if key else []
    if len(filings) != 1:
        return False
    before = taken.get(filings[0])
    if before is None:
        taken[filings[0]] = review
        return True
    if (before.points, before.opinion) == (review.points, review.opinion):
        return True
    points = before.points if before.points != "" else review.points
    opinion = before.opinion if before.opinion != "" else review.opinion
    if review.points not in ("", points) or review.opinion not in ("", opinion):
        return False
    taken[filings[0]] = replace(before, points=points, opinion=opinion)
    return True
