"""复核分 and 复核意见: what a reviewer typed into a summary, and what becomes of it when the next one is written.

They are found in 单位排名 by their heads, wherever the columns were moved to, and go back to the unit of the same code,
else of the same name, of the same package and year. What finds no unit is kept in a list of its own and comes from there
when the unit is back: nothing that was typed is ever dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jixiao.books.ooxml.parts import Parts, Unreadable
from jixiao.quantity import normalise
from jixiao.treasury.errors import DeskError
from jixiao.treasury.summary.figures import UnitLine
from jixiao.treasury.summary.streaming import Malformed, Row, Streamed

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
        workbook = Streamed(Parts.open(path, times=_TIMES))
        if RANKING not in workbook.sheets:
            raise _foreign(path)
        sheets = [name for name in (RANKING, KEPT) if name in workbook.sheets]
        return [review for name in sheets for review in _read(workbook.rows(name), path)]
    except Malformed as error:
        raise DeskError(
            f"原有的“{path.name}”已损坏，其中的复核分和复核意见无法带入，没有改动它",
            "请用 Excel 或 WPS 打开另存一份再试，或在 -o 后换一个文件名",
        ) from error
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


def _read(rows: Iterable[tuple[int, Row]], path: Path) -> list[Review]:
    columns: dict[str, int] = {}
    reviews = []
    for number, row in rows:
        if not columns:
            if number > _HEAD_ROWS:
                break
            heads = {_plain(value).strip(): column for column, value in row.items()}
            columns = heads if {NAME, POINTS, OPINION} <= heads.keys() else {}
            continue
        found = {head: row.get(columns.get(head, 0), "") for head in (CODE, NAME, BATCH, POINTS, OPINION)}
        typed = [
            value.strip("\n\r\t ") if isinstance(value, str) else value
            for value in (found[POINTS], found[OPINION])
        ]
        if typed != ["", ""]:
            reviews.append(Review(*(_plain(found[head]) for head in (CODE, NAME, BATCH)), *typed))
    if not columns:
        raise _foreign(path)
    return reviews


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
