"""The figures of a passage, each with its place, unit, precision and the words that say what it counts.

A figure is a claim only with a unit of `UNITS` behind it, or, without a unit, after a word such as 得分 or 预算数 that
asks for a number. Dates, 文号, telephone numbers, list numbers, ordinals, ranges and versions carry no such unit or are
taken out beforehand by `_TOKEN`. How a number itself is written is read by `jixiao.quantity` alone.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from jixiao.narrative.remark import Remark
from jixiao.quantity import COMPARATORS, PHRASES, REPLACEMENTS, amount, display, half_width, normalise

Kind = Literal["amount", "count", "rate", "period", "score", "number"]

DURATIONS: Final = ("个工作日", "工作日", "个小时", "小时", "分钟", "个月", "个年度", "天", "周", "年")
#: Measure words, longest first where one begins another.
COUNTS: Final = (
    *("人次", "户次", "家次", "批次", "台次", "件次", "辆次", "车次", "场次", "个次", "人份", "公里", "千米"),
    *("平方米", "立方米", "平方公里", "公斤", "千克", "㎡", "m²"),
    *"个件户家起项次人批例份条台名辆枪枚场期处间所套篇张本册块幅类种宗单只头株亩吨米组队支位把部座栋桩轮集则笔",
)
#: Units that clerks use for the same things: a 市场主体 is counted as 户 or 家, a case as 起 or 件.
FAMILIES: Final = {"家": "户", "件": "起", "家次": "户次", "名": "人"}
#: How many figures back a figure is looked for that another one belongs to.
NEARBY: Final = 40
#: Words that name a column of a budget table; one holds until its sentence names the next.
COLUMNS: Final = ("年初预算", "全年预算", "调整预算", "上年决算", "决算", "预算")
#: Words that say the same of their own figure alone.
OWN_COLUMNS: Final = (
    *("追加", "调增", "调减", "核减", "应报", "应收", "计划", "目标", "任务"),
    *("实际", "到位", "执行", "上年", "去年", "同期", "同比"),
)
#: What makes a figure a loose one, and how far the true figure may lie from it: below, above, or both.
LOOSE: Final = {
    **dict.fromkeys(("余", "多", "几"), "more"),
    **dict.fromkeys(("超过", "超", "逾", "突破", "大于", "多于", "高于", "以上"), "above"),
    **dict.fromkeys(("不到", "不足", "将近", "近", "低于", "少于", "以下", "以内"), "below"),
    **dict.fromkeys(("大约", "约", "左右", "上下"), "about"),
}
#: What parts sentences, and parts of them that stand by themselves; the most frequent ones first.
STOPS: Final = "\n。；！？"


def _initials(*words: Iterable[str]) -> str:
    """A lookahead for the first characters of words: most characters of a text begin none, and are passed quickly."""
    return f"(?=[{''.join(sorted({word[0] for each in words for word in each}))}])"


# Every character keeps its place, so that positions in the passage are positions here. The Chinese comma ends a
# clause; only the Western one may group digits.
_SAME_PLACE = {a: b for a, b in REPLACEMENTS if len(a) == len(b) == 1 and a not in "，—–"}
_SAME_PLACE |= dict.fromkeys("\t\r\u00a0\u3000", " ")
_REPLACED = re.compile(f"[{re.escape(''.join(_SAME_PLACE))}]")

_UNIT = "|".join((*DURATIONS, *COUNTS))
_ENDS = "。！？\n"
# What a token begins with is asked first: most characters begin none, and trying every kind at each of them is slow.
# Sentences without a digit hold no figure and nothing that tells about one: they are passed as one end.
_TOKEN = re.compile(
    r"(?=[。！？\n（(）)0-9A-Za-z第〔\[+-])(?:(?P<end>[。！？\n](?:[^。！？\n\d]*+[。！？\n])*+)|(?P<open>[（(])|(?P<close>[）)])"
    r"|(?P<year>(?:19|20)\d\d ?年(?!以)(?:度| ?\d{1,2} ?月(?:份|底|末| ?\d{1,2} ?日)?)?)"
    r"|(?P<skip>"
    r"[A-Za-z][A-Za-z0-9]*(?:[-./][A-Za-z0-9]+)*\d[A-Za-z0-9./-]*"  # ISO9001, V2.0, GB/T19001
    r"|第 ?\d+(?: ?[-、至] ?\d+)*"
    r"|[〔\[]\d{4}[〕\]] ?(?:第? ?\d+ ?号)?"
    r"|\d+ ?号|\d+(?:-\d+){2,}|\d{4}[./]\d{1,2}[./]\d{1,2}|\d+[:：]\d+"
    r"|\d{1,2}(?: ?[-~～—至到] ?\d{1,2})? ?月(?:份|底|末|中旬| ?\d{1,2} ?日)?|\d{1,2} ?日(?!均)"
    r"|\d[\d.,]{0,20}+ ?[-~～—至] ?\d[\d.,]{0,20}(?:[%‰]|[万亿]?(?:元|" + _UNIT + r"))?"  # a range
    r"|\d[\d.]{0,20}+[%‰] ?[-~～—至] ?\d[\d.]{0,20}[%‰]"
    r"|\d+/\d+|\d{1,2}[.．](?!\d)|\d{1,2}、(?=[^\d\s])"
    r")"
    r"|(?P<figure>(?P<sign>(?<![\d）)])[-+])?(?<![\d.])(?<!\d,)"
    r"(?P<digits>\d{1,3}+(?:,\d{3})++(?!,?\d)(?:\.\d++)?+(?![.,]\d)|\d++(?:\.\d++)?+(?![.,]\d))"
    r"(?: ?(?P<more>[余多几])?(?P<scale>[万亿])?(?P<more2>[余多])? ?"
    r"(?P<unit>元(?:/[\u4e00-\u9fff]{1,2})?|[%‰]|个?百分点|分(?![钟局公之管类支别析段级批工布])|"
    + _UNIT
    + r")"
    r"(?:[（(]次[）)])?"
    r"| ?[（(](?P<scale2>[万亿]?)(?P<unit2>元)[）)]|(?P<scale3>[万亿])(?![元\u4e00-\u9fff]))?"
    r"(?P<after>以上|以下|以内|左右|上下)?))"
)
_PARTS = ("figure", "sign", "digits", "unit", "unit2", "scale", "scale2", "scale3", "more", "more2", "after")
#: What the words and signs of a comparator end in.
_COMPARES = frozenset(old[-1] for old, new in (*REPLACEMENTS, *PHRASES) if new and new in COMPARATORS) | {
    *COMPARATORS
}
_BEFORE = re.compile(r"(?:大约|约|将近|近|(?<!不)超过|(?<!不)超|逾|突破|不到|不足|(?<!不)[大多高低少]于)$")
_ASKS = re.compile(r"(?:得分|评分|总分|分数|数|总额|金额|经费|支出|收入|率)(?:为|是|：|:|达|达到)$")
_CLAUSE = re.compile(r"[，,；;：:（）()。！？\n]")
_NOUN_ENDS = re.compile(r"[，,；;：:、（）()。！？\n]")
_CARRIED_COLUMN = re.compile(f"{_initials(COLUMNS)}(?:{'|'.join(COLUMNS)})")
_OWN_COLUMN = re.compile(f"{_initials(COLUMNS, OWN_COLUMNS)}(?<!反)(?:{'|'.join((*COLUMNS, *OWN_COLUMNS))})")
_COMPARED = re.compile(r"[较比](?:上年|去年|年初|全年)*(?:预算|决算)")
_BRACKETS = re.compile(r"[（(][^（）()]*[）)]")
_NEGATED = re.compile(r"未|不(?!低于|少于|超过|高于|到|足|断|良)|没有|(?<!三)无(?!证|照|偿)")
_STRIP = re.compile(r"[“”\"‘’《》\s]")
_HEAD = re.compile(
    r"^(?:其中|包括|截[至止][^，]*|全年|今年|本年度?|去年|目前|当前|同时|另外|还|就有|就|已|均|共计|共|累计|合计"
    r"|我[局县区市省]|全[县区市省]|[一二三四五六七八九十]是|(?:19|20)\d\d年度?|\d+[、.]|以来|先后|推动|完成了?"
    r"|安排|实有|有(?![效关])|对|在(?![用编职岗校])|与)+"
)
_TAIL = re.compile(
    r"(?=[大约将近超逾突不达共有合总为是了仅数≥≤<>=:：])(?:大约|约|将近|近|超过|超|逾|突破|不到|不足|达到|达|共计|共|有|合计|总计|(?<!行)为|是|了|仅|数|[≥≤<>=:：]"
    r"|不低于|不少于|不超过|不高于)+$"
)


@dataclass(slots=True)
class Claim:
    """One figure of a passage. What only few figures are asked for is worked out when it is asked for.

    Attributes:
        start, end: where the figure stands, its unit included.
        text: the figure as written.
        kind: amount (money), count, rate (percentage), period (days, months), score (分), number (no unit).
        value: in 元, in pieces, as a fraction of 1; 万 and 亿 are applied.
        unit: 元, 件, %, …; 万 and 亿 are in `scale`.
        scale: the power of ten of 万, 亿, % or ‰.
        decimals: places behind the point as written; 万 and 亿 do not count.
        loose: "", or more (余, 多), above (超, 以上), below (近, 不足), about (约, 左右).
        comparator: ≥ > = ≤ < in front of it, which makes it a target.
        label: the words of its clause before it, years and filler words included.
        lead, behind: its sentence before it, and what stands right behind it, as far as they are looked at.
        year: the last year named before it in its sentence, else None.
        gap: the text since the figure before it, or since its paragraph began.
        sentence, paragraph, depth: numbers of its sentence and line, and how many brackets are open there.
        previous: the figure before it in its sentence.
    """

    start: int
    end: int
    text: str
    kind: Kind
    value: float
    unit: str
    scale: int
    decimals: int
    loose: str = ""
    comparator: str = ""
    label: str = ""
    lead: str = ""
    behind: str = ""
    year: int | None = None
    gap: str = ""
    sentence: int = 0
    paragraph: int = 0
    depth: int = 0
    previous: Claim | None = field(default=None, repr=False, compare=False)

    def remark(
        self,
        kind: str,
        cause: str,
        expected: str = "",
        difference: str = "",
        related: Iterable[Claim] = (),
        about: str = "",
    ) -> Remark:
        """What this figure is asked about; ``related`` are the figures that it was worked out from."""
        others = tuple((claim.start, claim.end) for claim in related)
        return Remark(kind, self.start, self.end, cause, self.text, expected, difference, others, about)

    @property
    def own(self) -> str:
        """The noun that its label names: the label without years, columns and fillers."""
        return subject(self.label)

    @property
    def subject(self) -> str:
        """The noun it counts: its own, else what the figure before counts; a rate keeps its years and columns."""
        claim: Claim | None = self
        while claim:
            if called := _untailed(claim.label) if claim.kind == "rate" else claim.own:
                return called
            claim = claim.previous
        return ""

    @property
    def noun(self) -> str:
        """The words right behind the unit, as in 80家经营企业."""
        return _NOUN_ENDS.split(self.behind, 1)[0]

    @property
    def column(self) -> str:
        """The last word of `COLUMNS` before it in its sentence, or of `OWN_COLUMNS` in its label; else ""."""
        columns = _OWN_COLUMN.findall(self.label)
        if not columns and "算" in self.lead:
            columns = _CARRIED_COLUMN.findall(_COMPARED.sub("", self.lead))
        return columns[-1] if columns else ""

    @property
    def negated(self) -> bool:
        """Whether its label says 未, 不 or 没有."""
        return bool(_NEGATED.search(self.label))

    @property
    def family(self) -> str:
        """Figures of one family may be added and divided."""
        return FAMILIES.get(self.unit, self.unit)

    @property
    def exact(self) -> bool:
        """Whether the figure says what it counts to its last place: neither loose nor a target."""
        return not self.loose and not self.comparator

    @property
    def half(self) -> float:
        """Half of the last place as written; 0 for what is counted one by one."""
        if self.kind in ("count", "score") and not self.scale and not self.decimals:
            return 0.0
        return half_width(self.decimals - self.scale)

    @property
    def low(self) -> float:
        """The smallest value that the figure stands for."""
        if self.loose in ("below", "about"):
            return self.value - self._step
        return self.value if self.loose else self.value - self.half

    @property
    def high(self) -> float:
        """The greatest value that the figure stands for."""
        if self.loose == "above":
            return math.inf
        if self.loose in ("more", "about"):
            return self.value + self._step
        return self.value if self.loose else self.value + self.half

    @property
    def _step(self) -> float:
        # 300余 lies below 400, 77余 below 87: the place of the first digit.
        return float(10.0 ** math.floor(math.log10(self.value))) if self.value > 0 else 0.0

    def shown(self, value: float, decimals: int | None = None) -> str:
        """`value` written as this figure is: its unit, and its places unless `decimals` says how many."""
        places = self.decimals if decimals is None else decimals
        if self.kind == "rate" and self.unit == "%":
            return display(value, "rate", places + 2)
        scale = {4: "万", 8: "亿", -3: "‰"}.get(self.scale, "")
        unit = "" if self.unit == "‰" else self.unit
        return display(value / 10.0**self.scale, "money", places) + scale + unit


@dataclass(slots=True)
class Reading:
    """A passage with its claims in the order of the text."""

    text: str
    claims: list[Claim]
    years: list[tuple[int, int]] = field(default_factory=list)  # where a year is named, and which

    def between(self, first: Claim, second: Claim) -> str:
        """The text between two figures."""
        return self.text[first.end : second.start]

    def before(self, place: int, *, sentence: bool) -> list[Claim]:
        """The claims before number `place` in its sentence, or in its paragraph, nearest first."""
        here, found = self.claims[place], []
        for claim in reversed(self.claims[max(0, place - NEARBY) : place]):
            if claim.paragraph != here.paragraph or (sentence and claim.sentence != here.sentence):
                break
            found.append(claim)
        return found


def beginning(text: str, end: int, stops: str = STOPS, first: int = 0) -> int:
    """Where the sentence begins that ``end`` stands in, or what else is parted by ``stops``; not before ``first``."""
    for stop in stops:
        first = max(first, text.rfind(stop, first, end) + 1)
    return first


def claims(text: str) -> list[Claim]:
    """Every figure in `text` that claims something, in order.

    >>> [(c.text, c.kind, c.value, c.subject) for c in claims("2023年项目支出12.50万元，受理投诉40起，办结率约95%。")]
    [('12.50万元', 'amount', 125000.0, '项目支出'), ('40起', 'count', 40.0, '受理投诉'), ('95%', 'rate', 0.95, '办结率')]
    >>> claims("根据湘财绩〔2020〕7号，2023年12月31日前，1.拨打12315热线，第3名，2-3个")
    []
    """
    return read(text).claims


def read(text: str) -> Reading:
    """The passage with its claims."""
    plain = _REPLACED.sub(lambda mark: _SAME_PLACE[mark[0]], text)
    found: list[Claim] = []
    years: list[tuple[int, int]] = []
    sentence = paragraph = depth = 0
    starts = [0, 0]  # of the sentence, of the paragraph
    for token in _TOKEN.finditer(plain):
        match token.lastgroup:
            case "end":
                ends = token["end"]
                sentence, depth = sentence + sum(map(ends.count, _ENDS)), 0
                starts[0] = token.end()
                if "\n" in ends:
                    paragraph += ends.count("\n")
                    starts[1] = token.start() + ends.rindex("\n") + 1
            case "open":
                depth += 1
            case "close":
                depth = max(0, depth - 1)
            case "year":
                years.append((token.start(), int(token["year"][:4])))
            case "figure":
                last = found[-1] if found and found[-1].paragraph == paragraph else None
                claim = _claim(plain, token, last, starts[0])
                if claim is None:
                    continue
                claim.text = text[claim.start : claim.end]
                claim.sentence, claim.paragraph, claim.depth = sentence, paragraph, depth
                claim.gap = plain[max(starts[1], last.end if last else 0) : claim.start]
                if years and years[-1][0] >= starts[0]:
                    claim.year = years[-1][1]
                if last and last.sentence == sentence:
                    claim.previous = last
                found.append(claim)
    return Reading(plain, found, years)


def _claim(text: str, token: re.Match[str], last: Claim | None, sentence: int) -> Claim | None:
    start = token.start("figure")
    begin = max(sentence, last.end if last else 0, start - 80)
    gap = text[begin:start].rstrip()
    figure, sign, digits, unit, unit2, scale, scale2, scale3, more, more2, after = token.group(*_PARTS)
    unit = unit or unit2 or ""
    asked = _ASKS.search(gap) if not unit else None
    if not unit and not (asked and (scale3 or "." in digits or "分" in asked[0])):
        return None
    quantity = amount(digits, (scale or scale2 or scale3 or "") + unit)
    if quantity is None:
        return None
    size, name, exponent = quantity
    ahead = _BEFORE.search(gap[-4:])
    word = more or more2 or after or (ahead[0] if ahead else "")
    comparator = normalise(gap[-6:])[-1:] if not word and gap[-1:] in _COMPARES else ""
    name = name.split("/")[0]
    return Claim(
        start=start,
        end=token.end(),
        text=figure.strip(),
        kind=_kind(unit, bool(asked and "分" in asked[0])),
        value=-size if sign == "-" and size else size,
        unit=name + ("次" if "次" in figure and "次" not in name and name else ""),
        scale=exponent,
        decimals=len(digits.partition(".")[2]),
        loose=LOOSE.get(word, ""),
        comparator=comparator if comparator in COMPARATORS else "",
        label=_lead(gap, behind_figure=last is not None and begin == last.end),
        lead=text[max(sentence, start - 160) : start],
        behind=text[token.end() : token.end() + 30],
    )


def _kind(unit: str, score: bool) -> Kind:
    if unit.startswith("元"):
        return "amount"
    if unit in ("%", "‰") or unit.endswith("百分点"):
        return "rate"
    if unit in DURATIONS:
        return "period"
    if unit == "分" or score:
        return "score"
    return "count" if unit else "number"


def _lead(gap: str, *, behind_figure: bool) -> str:
    """The words of the last clause of `gap`; those before a colon or an opening bracket if nothing else is there."""
    if ")" in gap or "）" in gap:
        gap = _BRACKETS.sub("", gap).rstrip()
    pieces = [piece.strip() for piece in _CLAUSE.split(gap)]
    last = pieces[-1]
    if not last and len(pieces) > 1 and gap[-1:] in "：:（(":
        last = pieces[-2]
    if last.endswith("、"):
        return ""
    if len(pieces) == 1 and "、" in last and behind_figure:
        # What stands before the first 、 is the noun of the figure before: 7家企业、门店8家.
        last = last.partition("、")[2]
    return last.strip("、 ")


@functools.lru_cache(maxsize=1 << 12)
def subject(label: str) -> str:
    """The noun of a label: without quotation marks, years, column words and fillers.

    >>> subject("2023年“三公”经费预算数"), subject("全年共受理投诉"), subject("决算数为")
    ('三公经费', '受理投诉', '')
    """
    bare = _CARRIED_COLUMN.sub("", _TAIL.sub("", _headless(_STRIP.sub("", label)))).removeprefix("实际")
    return _TAIL.sub("", _headless(bare))


def _untailed(label: str) -> str:
    return _TAIL.sub("", _STRIP.sub("", label))


def _headless(label: str) -> str:
    head = _HEAD.match(label)
    return label[head.end() :] if head else label
