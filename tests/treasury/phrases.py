"""Sentences with figures, as reports and long cells hold them: each can be said right, or wrong in one way.

The rule that must find the wrong one is worked out from docs/文字核对.md; the right one says the same with figures that
agree. Nothing that is counted here is called like a cell of a form or like an indicator, so sentences meet no other
figures.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from random import Random

Phrase = Callable[[Random, bool], str]
#: Rule -> the sentence that it finds when it is said wrong.
PHRASES: dict[str, Phrase] = {}
#: Those that only a report is asked about: in a table other rules look at the same words.
OF_REPORTS = ("TXT-022", "TXT-024", "TXT-025")


def _phrase(rule: str) -> Callable[[Phrase], Phrase]:
    def register(phrase: Phrase) -> Phrase:
        PHRASES[rule] = phrase
        return phrase

    return register


def percent(part: int, whole: int, places: int, rounding: str = ROUND_HALF_UP) -> str:
    """part / whole as people write it, rounded half up."""
    return f"{(Decimal(100 * part) / whole).quantize(Decimal(1).scaleb(-places), rounding)}%"


def _yuan(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}万元"


@_phrase("TXT-013")
def sums(rng: Random, wrong: bool) -> str:
    parts = [rng.randint(800, 9_000) for _ in range(3)]
    total = sum(parts) - wrong * rng.randint(30, 700)
    goods, works, services = map(_yuan, parts)
    return f"全年采购付款{_yuan(total)}，其中货物{goods}、工程{works}、服务{services}。"


@_phrase("TXT-014")
def nearly_sums(rng: Random, wrong: bool) -> str:
    material, labour = rng.randint(4_000, 9_000), rng.randint(4_000, 9_000)
    total = material + labour + wrong * rng.randint(20, 60)
    return f"全年设施维护付款{_yuan(total)}，其中材料费{_yuan(material)}、人工费{_yuan(labour)}。"


@_phrase("TXT-015")
def part_of(rng: Random, wrong: bool) -> str:
    total = rng.randint(2_000, 6_000)
    part = total * rng.randint(3, 5) if wrong else total * rng.randint(3, 8) // 10
    return f"年内清理往来款{_yuan(total)}，其中收回三年以上挂账{_yuan(part)}。"


@_phrase("TXT-016")
def carried_over(rng: Random, wrong: bool) -> str:
    office, work, left = (rng.randint(2_000, 9_000) for _ in range(3))
    listed = f"，其中日常办公{_yuan(office)}、专门工作{_yuan(work)}"
    if wrong:
        return f"全年总支出{_yuan(office + work + left)}{listed}、年末结转{_yuan(left)}。"
    return f"全年总支出{_yuan(office + work)}{listed}。"


@_phrase("TXT-017")
def rate(rng: Random, wrong: bool) -> str:
    received = rng.randint(400, 4_000)
    settled = received * rng.randint(900, 960) // 1000
    shown = percent(settled, received, 0)
    if wrong:
        shown = f"{int(shown[:-1]) + rng.randint(2, 3)}%"
    return f"全年收到来信来访{received}起，办结{settled}起，办结率{shown}。"


@_phrase("TXT-018")
def cut_off(rng: Random, wrong: bool) -> str:
    while True:
        registered, firms = rng.randint(1_200, 2_500), rng.randint(300, 1_100)
        cut, rounded = percent(firms, registered, 2, ROUND_DOWN), percent(firms, registered, 2)
        if cut != rounded:
            return f"登记办事主体{registered}户，其中企业{firms}户，占比{cut if wrong else rounded}。"


@_phrase("TXT-019")
def nothing_divided(rng: Random, wrong: bool) -> str:
    shown = "为100%" if wrong else "不适用"
    return f"设备租赁预算控制率{shown}。年初预算安排设备租赁0万元，实际支付0万元。"


@_phrase("TXT-020")
def adjusted(rng: Random, wrong: bool) -> str:
    begin, more, less = rng.randint(20_000, 60_000), rng.randint(3_000, 6_000), rng.randint(500, 2_000)
    end = begin + more - less + wrong * rng.choice((-1, 1)) * rng.randint(50, 400)
    return f"绿化养护预算由{_yuan(begin)}调增{_yuan(more)}、调减{_yuan(less)}到{_yuan(end)}。"


@_phrase("TXT-021")
def grown(rng: Random, wrong: bool) -> str:
    before = rng.randint(200, 900)
    now = before * rng.randint(105, 140) // 100
    shown = percent(now - before, before, 0)
    if wrong:
        shown = f"{int(shown[:-1]) + rng.randint(2, 9)}%"
    return f"有效备案由上年的{before}件增长到{now}件，增长{shown}。"


@_phrase("TXT-022")
def counted_twice(rng: Random, wrong: bool) -> str:
    places = rng.randint(20, 90)
    again = places + wrong * rng.randint(2, 9)
    return f"全县共有文化活动场所{places}处。全县{again}处文化活动场所全部检查到位。"


@_phrase("TXT-023")
def unit_of_money(rng: Random, wrong: bool) -> str:
    training, printing, post = (rng.randint(300, 5_000) for _ in range(3))
    unit = "元" if wrong else "万元"
    posted = f"{post // 100}.{rng.randint(1, 99):02}{unit}"
    return f"业务培训支出{_yuan(training)}，资料印刷支出{_yuan(printing)}，邮寄支出{posted}。"


@_phrase("TXT-024")
def part_of_the_year(rng: Random, wrong: bool) -> str:
    when = rng.choice(("1-11月份", "截至11月底", "前三季度")) if wrong else "全年"
    return f"{when}，接待群众{rng.randint(900, 9_000)}人次。"


@_phrase("TXT-025")
def left_over(rng: Random, wrong: bool) -> str:
    mark = rng.choice(("XX", "×××", "[bookmark: _GoBack]")) if wrong else ""
    return f"本部分由{mark}单位办公室汇总，各股室提供资料。"
