"""Files as nobody should hand them in: seeded damage to real workbooks and documents, and bytes that are nothing.

Some damage is what disks, mail and other programs do, some is what a person does who wants the program to fall. Every
mutation is a function of its own, so that its name says what was done when something falls.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

#: What a number, an index, a reference or a date may be where somebody types or writes it.
NUMBERS = (
    *(
        "-1",
        "0",
        "-0",
        "1e308",
        "-1e308",
        "1e999",
        "-1e999",
        "NaN",
        "INF",
        "1.5.2",
        "٣٤",
        "１２",
        "",
        " ",
        "0x1F",
        "1_000",
    ),
    *(
        "9" * 400,
        "1" * 5000,
        "0." + "0" * 3000 + "1",
        "1e-400",
        "1e99999999999",
        "--3",
        "1,234.5",
        "2024-13-45",
        "#DIV/0!",
    ),
    *(
        "4294967295",
        "2147483648",
        "18446744073709551616",
        "45000.999999999",
        "-45000",
        "2958466",
        "1e15",
        "x",
    ),
)
#: Texts that readers of figures, dates, names and sentences may stumble over.
TEXTS = (
    *(
        "(" * 3000,
        "）" * 3000,
        "≥" * 500,
        "%" * 800,
        "1" * 9000,
        "万元" * 2000,
        "，" * 4000,
        "1." * 3000,
        "（1）" * 1500,
    ),
    *(
        "一、" * 2000,
        "2024年" * 1500,
        "-" * 5000,
        "9.9%" * 1500,
        "~" * 999,
        "1～2～3" * 800,
        "零〇一二三四五六七八九十百千万亿" * 200,
    ),
    *(
        "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
        "\u202e" * 99,
        "\u0300" * 2000,
        "a\u0000b",
    ),
    *(
        "_xD800_",
        "_xDC00__xD800_",
        "_x0000_",
        "_xFFFF_",
        "&#x41;&#65;&#0;",
        "{" * 500,
        "\\" * 300,
        "%s%n%d",
        "𝟙𝟚𝟛",
        "①②③",
    ),
    *(
        " " * 5000,
        "\n" * 3000,
        "\t",
        "TRUE",
        "=1+1",
        "null",
        "None",
        "1/0",
        "1e5",
        "１００％",
        "100%以上",
        "≥95%且≤3%",
        "优良中差" * 300,
    ),
)
ADDRESSES = (
    *(
        "A0",
        "XFD1048576",
        "XFE1",
        "ZZZZZZ99",
        "A99999999999999999999",
        "1A",
        "A",
        "1",
        "",
        "$A$1",
        "a1",
        "Ａ１",
        "A1:B2",
        "A-1",
    ),
    *("A1048577", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1", "A00001", "A١"),
)
REFERENCES = (
    *(
        "#REF!",
        "首页!#REF!",
        "没有这张表!$A$1",
        "首页!$A$1:$XFD$1048576",
        "首页!$A:$XFD",
        "首页!$1:$1048576",
        "首页!$C$9:$C$1048576",
    ),
    *(
        "[1]首页!$A$1",
        "OFFSET(首页!$A$1,0,0,9999,9999)",
        "首页!$A$1,首页!$B$2",
        '"' + "x" * 5000 + '"',
        '"未知套表"',
        "首页!$A$0",
        "",
    ),
    *(
        "首页!$B$5:$A$1",
        "'首页'!$ZZZ$1",
        "A1",
        "首页!A1:B2:C3",
        "=",
        "'" * 999,
        "{1,2;3,4}",
        "9" * 500,
        "TRUE",
        "审核结果!$A:$N",
    ),
)
#: Bytes of a part that is still changed, and places in it that are: the fuzzer itself must not run out of memory.
_LARGE, _MOST = 8 << 20, 3000
_TAG = re.compile(r"<[^<>]+>")
_FIRST_CHILD = re.compile(r"(<(?:worksheet|workbook|sst|styleSheet|w:document|Relationships|Types)\b[^<>]*>)")


@dataclass
class Package:
    """A zip file on its way to being damaged: its parts in order, of which a name may stand twice."""

    parts: list[tuple[str, bytes]] = field(default_factory=list)
    stored: bool = False

    @classmethod
    def of(cls, data: bytes) -> Package:
        return cls(list(_parts(data)))

    def place(self, rng: Random, *like: str) -> int:
        """Where a part stands whose name matches one of the patterns; any part if none does."""
        found = [k for k, (name, _) in enumerate(self.parts) if any(re.search(each, name) for each in like)]
        return rng.choice(found or range(len(self.parts)))

    def edit(self, place: int, change: Callable[[str], str]) -> None:
        """Change the text of a part; lone surrogates in it come out as the bytes that no UTF-8 has."""
        name, data = self.parts[place]
        if len(data) > _LARGE:  # a bomb already: what is made of it would go off here
            return
        self.parts[place] = (
            name,
            change(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogatepass"),
        )

    def bytes(self) -> bytes:
        """The zip file, written here: :mod:`zipfile` would refuse or mend some of it."""
        local, directory = io.BytesIO(), io.BytesIO()
        for name, data in self.parts:
            coded, place = name.encode("utf-8", "surrogatepass"), local.tell()
            packer = zlib.compressobj(1, zlib.DEFLATED, -15)
            packed = data if self.stored else packer.compress(data) + packer.flush()
            facts = struct.pack(
                "<5H3I2H",
                *(
                    20,
                    0x800,
                    0 if self.stored else 8,
                    0,
                    0x21,
                    zlib.crc32(data),
                    len(packed),
                    len(data),
                    len(coded),
                    0,
                ),
            )
            local.write(b"PK\x03\x04" + facts + coded + packed)
            directory.write(b"PK\x01\x02\x14\0" + facts + struct.pack("<3H2I", 0, 0, 0, 0, place) + coded)
        count, size, start = len(self.parts), directory.tell(), local.tell()
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, size, start, 0)
        return local.getvalue() + directory.getvalue() + end


@lru_cache(maxsize=16)
def _parts(data: bytes) -> tuple[tuple[str, bytes], ...]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return tuple((info.filename, archive.read(info)) for info in archive.infolist())


Raw = Callable[[bytes, Random], bytes]
Inside = Callable[[Package, Random], None]
RAW: dict[str, Raw] = {}
INSIDE: dict[str, Inside] = {}


def _raw(function: Raw) -> Raw:
    RAW[function.__name__] = function
    return function


def _inside(function: Inside) -> Inside:
    INSIDE[function.__name__] = function
    return function


def mutant(models: list[bytes], seed: int, number: int) -> tuple[bytes, str]:
    """A damaged file and what was done to it; the same for the same seed and number."""
    rng = Random(f"{seed}/{number}")
    data, done = rng.choice(models), []
    if rng.random() < 0.03:
        return nothing(rng), "nothing"
    if rng.random() < 0.75:
        package = Package.of(data)
        for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
            name = rng.choice(list(INSIDE))
            INSIDE[name](package, rng)
            done.append(name)
        data = package.bytes()
    if not done or rng.random() < 0.05:
        name = rng.choice(list(RAW))
        data = RAW[name](data, rng)
        done.append(name)
    return data, "+".join(done)


def nothing(rng: Random) -> bytes:
    """Bytes that were never a file of ours, some of which begin like one."""
    head = rng.choice(
        (
            b"",
            b"PK\x03\x04",
            b"PK\x05\x06" + bytes(18),
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"%PDF-1.7",
            b"<?xml ",
            b"PK",
        )
    )
    return head + rng.randbytes(rng.choice((0, 1, 22, 500, 70_000)))


# ------------------------------------------------------------------------------------------------------- the file itself


@_raw
def truncated(data: bytes, rng: Random) -> bytes:
    return data[: rng.randrange(len(data))]


@_raw
def beheaded(data: bytes, rng: Random) -> bytes:
    return data[rng.randrange(1, 2000) :]


@_raw
def flipped(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 3, 20, 500))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


@_raw
def flipped_in_the_directory(data: bytes, rng: Random) -> bytes:
    changed, start = bytearray(data), data.find(b"PK\x01\x02")
    for _ in range(rng.choice((1, 2, 8))):
        changed[rng.randrange(start, len(changed))] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(changed)


@_raw
def absurd_in_the_directory(data: bytes, rng: Random) -> bytes:
    """Sizes, offsets and counts that no file can have."""
    changed, start = bytearray(data), data.find(b"PK\x01\x02")
    place = rng.randrange(start, len(changed) - 4)
    changed[place : place + 4] = rng.choice(
        (b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\xff\xff\xff\x7f", b"\0\0\0\0")
    )
    return bytes(changed)


@_raw
def a_size_that_lies(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    place = rng.choice([match.start() for match in re.finditer(b"PK\x01\x02", data)])
    struct.pack_into(
        "<I", changed, place + 24, rng.choice((0, 1, 100, 63 << 20, 64 << 20, 0xFFFFFFFE, 0xFFFFFFFF))
    )
    return bytes(changed)


@_raw
def zeroed(data: bytes, rng: Random) -> bytes:
    start = rng.randrange(len(data))
    length = min(rng.choice((16, 512, 4096, 100_000)), len(data) - start)
    return data[:start] + bytes(length) + data[start + length :]


@_raw
def cut_out(data: bytes, rng: Random) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.choice((1, 40, 5000)) :]


@_raw
def doubled(data: bytes, rng: Random) -> bytes:
    return data + data if rng.random() < 0.5 else data + rng.randbytes(rng.choice((1, 30, 70_000)))


@_raw
def line_ends(data: bytes, rng: Random) -> bytes:
    """Sent as text by an old mail program."""
    return data.replace(b"\n", b"\r\n")


# -------------------------------------------------------------------------------------------------------------- parts


@_inside
def removed(package: Package, rng: Random) -> None:
    if len(package.parts) > 1:
        del package.parts[rng.randrange(len(package.parts))]


@_inside
def twice(package: Package, rng: Random) -> None:
    name, data = rng.choice(package.parts)
    package.parts.append((rng.choice((name, name.upper(), name.replace("/", "\\"))), data))


@_inside
def swapped(package: Package, rng: Random) -> None:
    one, two = rng.randrange(len(package.parts)), rng.randrange(len(package.parts))
    (name, data), (other, content) = package.parts[one], package.parts[two]
    package.parts[one], package.parts[two] = (name, content), (other, data)


@_inside
def shuffled(package: Package, rng: Random) -> None:
    rng.shuffle(package.parts)
    package.stored = rng.random() < 0.5


@_inside
def emptied(package: Package, rng: Random) -> None:
    place = rng.randrange(len(package.parts))
    package.parts[place] = (
        package.parts[place][0],
        rng.choice((b"", b" ", b"\xef\xbb\xbf", b"<", b"<a/>", b"\0" * 99)),
    )


@_inside
def noise(package: Package, rng: Random) -> None:
    place = rng.randrange(len(package.parts))
    package.parts[place] = package.parts[place][0], rng.randbytes(rng.choice((3, 800, 60_000)))


@_inside
def renamed(package: Package, rng: Random) -> None:
    place = rng.randrange(len(package.parts))
    name, data = package.parts[place]
    others = (
        name.swapcase(),
        f"../{name}",
        f"/{name}",
        "",
        "x" * 60_000,
        f"{name}\0",
        "..\\..\\越界.xml",
        "财政/工作表.xml",
        "C:\\x",
    )
    package.parts[place] = rng.choice(others), data


@_inside
def many(package: Package, rng: Random) -> None:
    package.parts += [(f"xl/more/{k}.xml", b"<x/>") for k in range(rng.choice((100, 5000, 66_000)))]


@_inside
def bomb(package: Package, rng: Random) -> None:
    """A few kilobytes that become tens of megabytes, in a part that is read or one that is not."""
    place = package.place(
        rng,
        "sheet[0-9]+.xml",
        "sharedStrings",
        "styles",
        "workbook.xml",
        "document.xml",
        "rels$",
        "Content_Types",
    )
    name, data = package.parts[place]
    size = rng.choice((15, 17, 50, 63, 65)) << 20
    filler = rng.choice(
        (
            b" ",
            b"<row/>",
            b"<a>",
            b"\0",
            b"<!-- -->",
            b'<c r="A1"><v>1</v></c>',
            b"<si><t>1</t></si>",
            b"&amp;",
        )
    )
    middle = data.rfind(b"</")
    package.parts[place] = name, data[:middle] + filler * (size // len(filler)) + data[middle:]


# ---------------------------------------------------------------------------------------------------------------- XML

_TEXTUAL = r"\.(xml|rels)$"


@_inside
def slice_lost(package: Package, rng: Random) -> None:
    def change(text: str) -> str:
        start = rng.randrange(len(text) + 1)
        return text[:start] + text[start + rng.choice((1, 2, 30, 3000)) :]

    package.edit(package.place(rng, _TEXTUAL), change)


@_inside
def tag_changed(package: Package, rng: Random) -> None:
    """A tag lost, twice, closed, opened, or another one from the same part in its place."""

    def change(text: str) -> str:
        tags = list(_TAG.finditer(text))
        if not tags:
            return text + "<"
        for tag in sorted(
            rng.sample(tags, min(len(tags), rng.choice((1, 2, 40)))), key=lambda each: -each.start()
        ):
            other = rng.choice(
                (
                    "",
                    tag[0] * 2,
                    rng.choice(tags)[0],
                    tag[0].replace("</", "<"),
                    tag[0].replace('"', "'"),
                    tag[0].upper(),
                )
            )
            text = text[: tag.start()] + other + text[tag.end() :]
        return text

    package.edit(package.place(rng, _TEXTUAL), change)


@_inside
def deep(package: Package, rng: Random) -> None:
    count, name = (
        rng.choice((300, 20_000, 400_000)),
        rng.choice(("x", "row", "is", "r", "w:tbl", "w:p", "w:sdt")),
    )
    closed = rng.random() < 0.7
    package.edit(
        package.place(rng, "sheet[0-9]+.xml", "workbook.xml$", "sharedStrings", "styles", "document.xml"),
        lambda text: _FIRST_CHILD.sub(
            lambda match: match[1] + f"<{name}>" * count + (f"</{name}>" * count if closed else ""),
            text,
            count=1,
        ),
    )


@_inside
def entities(package: Package, rng: Random) -> None:
    laughs = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 9))
    heads = (
        f'<!DOCTYPE x [<!ENTITY l0 "哈">{laughs}]>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://evil.example/x.dtd">',
        "",
    )
    inner = rng.choice(
        ("&l8;", "&e;", "&undefined;", "&#0;", "&#x110000;", "&#xD800;", "&", "&#99999999999;", "&amp;lt;")
    )

    def change(text: str) -> str:
        head, mark, rest = text.partition("?>")
        text = head + mark + rng.choice(heads) + rest
        place = text.find("</", rng.randrange(len(text) + 1))
        return text[:place] + inner + text[place:]

    package.edit(package.place(rng, _TEXTUAL), change)


@_inside
def insertions(package: Package, rng: Random) -> None:
    """What XML may hold anywhere and few programs write."""
    piece = rng.choice(
        (
            "<!-- <c r='A1'/> -->",
            "<![CDATA[<row r='1'>]]>",
            "<?php exit ?>",
            "]]>",
            "\0",
            "\x0b",
            "\ufffe",
            "\r",
            "<x:y/>",
            '<y xmlns="urn:z"/>',
            "<c/>",
        )
    )

    def change(text: str) -> str:
        for _ in range(rng.choice((1, 5, 300))):
            place = text.find("<", rng.randrange(len(text) + 1))
            text = text[:place] + piece + text[place:]
        return text

    package.edit(package.place(rng, _TEXTUAL), change)


@_inside
def encoding(package: Package, rng: Random) -> None:
    place = package.place(rng, _TEXTUAL)
    name, data = package.parts[place]
    text = data.decode("utf-8", "replace")
    said = rng.choice(
        ("UTF-8", "UTF-16", "GBK", "gb18030", "ISO-8859-1", "utf-7", "x-unknown", "idna", "cp037", "")
    )
    text = re.sub(r'encoding="[^"]*"', f'encoding="{said}"', text, count=1)
    coding = rng.choice(
        ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030", "utf-32", "latin-1", "utf-7")
    )
    package.parts[place] = name, text.encode(coding, "replace")


@_inside
def spelling(package: Package, rng: Random) -> None:
    """Legal and unusual: prefixes, single quotes, line ends in tags."""
    kind = rng.randrange(3)

    def change(text: str) -> str:
        if kind == 0:
            return re.sub(r'="([^"\']*)"', r"='\1'", text)
        if kind == 1:
            return re.sub(r"<([a-z][A-Za-z]*)([ />])", r"<\1\n\2", text)
        return re.sub(r"<(/?)([a-z][A-Za-z]*)(?=[ />])", r"<\1p:\2", text).replace("xmlns=", "xmlns:p=", 1)

    package.edit(package.place(rng, "sheet[0-9]+.xml", "workbook.xml$", "sharedStrings"), change)


@_inside
def namespaces(package: Package, rng: Random) -> None:
    package.edit(
        package.place(rng, _TEXTUAL),
        lambda text: re.sub(
            r'xmlns(:\w+)?="[^"]*"', rng.choice(("", 'xmlns="urn:x"', 'xmlns=""')), text, count=1
        ),
    )


# -------------------------------------------------------------------------------------------------------------- cells

_SHEETS = ("worksheets/sheet[0-9]+.xml", "document.xml")


def _some(pattern: str, give: Callable[[re.Match[str]], str], rng: Random) -> Callable[[str], str]:
    """Change some of what a pattern finds: one, a few or all."""
    share = rng.choice((0.003, 0.05, 1.0))
    return lambda text: re.sub(
        pattern, lambda match: give(match) if rng.random() < share else match[0], text, count=_MOST
    )


@_inside
def figures(package: Package, rng: Random) -> None:
    package.edit(
        package.place(rng, *_SHEETS),
        _some(r"<v>[^<]*</v>", lambda match: f"<v>{_safe(rng.choice(NUMBERS))}</v>", rng),
    )


@_inside
def kinds(package: Package, rng: Random) -> None:
    """Cells of one kind that say they are of another."""
    kind = rng.choice(("s", "b", "e", "d", "n", "str", "inlineStr", "x", "", "9" * 300))
    package.edit(
        package.place(rng, *_SHEETS),
        _some(r'(<c r="[^"]*"(?: s="[^"]*")?)(?: t="[^"]*")?', lambda match: f'{match[1]} t="{kind}"', rng),
    )


@_inside
def styles(package: Package, rng: Random) -> None:
    package.edit(
        package.place(rng, *_SHEETS), _some(r' s="[0-9]+"', lambda match: f' s="{rng.choice(NUMBERS)}"', rng)
    )


@_inside
def addresses(package: Package, rng: Random) -> None:
    package.edit(
        package.place(rng, *_SHEETS),
        _some(r'<(c|row) r="[^"]*"', lambda match: f'<{match[1]} r="{rng.choice(ADDRESSES)}"', rng),
    )


@_inside
def places_missing(package: Package, rng: Random) -> None:
    """Rows and cells that do not say where they stand, or all stand in one place."""
    other = rng.choice(("", ' r="A1"', ' r="1"', ' r=""'))
    package.edit(
        package.place(rng, *_SHEETS), _some(r'<(c|row) r="[^"]*"', lambda match: f"<{match[1]}{other}", rng)
    )


@_inside
def indices(package: Package, rng: Random) -> None:
    package.edit(
        package.place(rng, *_SHEETS),
        _some(r't="s"><v>[0-9]*</v>', lambda _: f't="s"><v>{rng.choice(NUMBERS)}</v>', rng),
    )


@_inside
def strings(package: Package, rng: Random) -> None:
    package.edit(
        package.place(rng, "sharedStrings", "document.xml"),
        _some(r"(<(?:w:)?t(?: [^<>]*)?>)[^<]*<", lambda match: f"{match[1]}{_safe(rng.choice(TEXTS))}<", rng),
    )


@_inside
def runs(package: Package, rng: Random) -> None:
    rich = "<r><rPr><b/></rPr><t>富</t></r><rPh sb='0' eb='1'><t>x</t></rPh>" * rng.choice((1, 100))
    package.edit(package.place(rng, "sharedStrings"), _some(r"<t(?: [^<>]*)?>[^<]*</t>", lambda _: rich, rng))


@_inside
def formulas(package: Package, rng: Random) -> None:
    inner = rng.choice(("1/0", "首页!A1" * 2000, "(" * 3000, "[99]首页!A1", "=", "&quot;", "SUM(A:A)"))
    kind = rng.choice(
        ("", ' t="shared" si="9999999"', ' t="array" ref="A1:XFD1048576"', ' t="dataTable" r1="A1"')
    )
    package.edit(
        package.place(rng, *_SHEETS), _some(r"<f[^<]*</f>|<f[^<>]*/>", lambda _: f"<f{kind}>{inner}</f>", rng)
    )


@_inside
def merges(package: Package, rng: Random) -> None:
    package.edit(
        package.place(rng, *_SHEETS),
        _some(
            r'<mergeCell ref="[^"]*"',
            lambda _: f'<mergeCell ref="{rng.choice(("A1:XFD1048576", *ADDRESSES))}"',
            rng,
        ),
    )


@_inside
def rows_added(package: Package, rng: Random) -> None:
    """Tens of thousands of rows that are empty or all the same, as a colour over a whole column leaves them."""
    count = rng.choice((1000, 30_000))
    cell = rng.choice(
        (
            '<c r="{}{}" s="1"/>',
            '<c r="{}{}"><v>1</v></c>',
            '<c r="{}{}" t="inlineStr"><is><t>甲</t></is></c>',
        )
    )
    rows = "".join(
        f'<row r="{k}">' + "".join(cell.format(letter, k) for letter in "ABCD") + "</row>"
        for k in range(500, 500 + count)
    )
    package.edit(
        package.place(rng, *_SHEETS), lambda text: text.replace("</sheetData>", rows + "</sheetData>")
    )


# ----------------------------------------------------------------------------------------- names, sheets, relations


@_inside
def names(package: Package, rng: Random) -> None:
    package.edit(
        package.place(rng, "workbook.xml$"),
        _some(
            r"(<definedName [^<>]*>)[^<]*<", lambda match: f"{match[1]}{_safe(rng.choice(REFERENCES))}<", rng
        ),
    )


@_inside
def names_stretched(package: Package, rng: Random) -> None:
    """A name over whole columns: somebody marked the column and not the cells."""
    package.edit(
        package.place(rng, "workbook.xml$"),
        _some(
            r"\$([A-Z]+)\$([0-9]+)(?::\$([A-Z]+)\$[0-9]+)?<",
            lambda m: f"${m[1]}${m[2]}:${rng.choice((m[3] or m[1], 'XFD'))}$1048576<",
            rng,
        ),
    )


@_inside
def names_moved(package: Package, rng: Random) -> None:
    def change(text: str) -> str:
        targets = re.findall(r"<definedName [^<>]*>([^<]*)<", text) or [""]
        return _some(r"(<definedName [^<>]*>)[^<]*<", lambda match: f"{match[1]}{rng.choice(targets)}<", rng)(
            text
        )

    package.edit(package.place(rng, "workbook.xml$"), change)


@_inside
def scopes(package: Package, rng: Random) -> None:
    package.edit(
        package.place(rng, "workbook.xml$"),
        _some(
            r' localSheetId="[0-9]+"',
            lambda _: rng.choice(("", f' localSheetId="{rng.choice(NUMBERS)}"')),
            rng,
        ),
    )


@_inside
def names_twice(package: Package, rng: Random) -> None:
    def change(text: str) -> str:
        found = re.findall(r"<definedName .*?</definedName>", text)
        return text.replace("</definedNames>", "".join(found) * rng.choice((1, 30)) + "</definedNames>")

    package.edit(package.place(rng, "workbook.xml$"), change)


@_inside
def tabs(package: Package, rng: Random) -> None:
    def change(text: str) -> str:
        found = re.findall(r"<sheet .*?/>", text) or ["<sheet/>"]
        one = rng.choice(found)
        other = rng.choice(
            (
                "",
                re.sub(
                    r'name="[^"]*"',
                    f'name="{_safe(rng.choice(("", "首页", "长" * 500, "a:b", "审核结果", chr(39) * 3)))}"',
                    one,
                ),
                re.sub(r'r:id="[^"]*"', f'r:id="{rng.choice(("", "rId1", "rId999", "x"))}"', one),
                one * rng.choice((2, 1000)),
                one.replace("<sheet ", '<sheet state="veryHidden" '),
            )
        )
        return text.replace(one, other, 1)

    package.edit(package.place(rng, "workbook.xml$"), change)


@_inside
def relations(package: Package, rng: Random) -> None:
    targets = (
        "",
        "/",
        "workbook.xml",
        "../../etc/passwd",
        "worksheets/",
        "%00",
        "%E4%BD",
        "http://evil.example/",
        "\\\\evil\\x",
        "x" * 5000,
        "worksheets/sheet2.xml",
        "../[Content_Types].xml",
        "styles.xml",
    )
    package.edit(
        package.place(rng, "rels$"),
        _some(
            r'(Target|Type|Id|TargetMode)="[^"]*"',
            lambda match: f'{match[1]}="{rng.choice(("External", *targets))}"',
            rng,
        ),
    )


@_inside
def formats(package: Package, rng: Random) -> None:
    codes = (
        "0" * 3000,
        "[" * 500,
        "&quot;",
        "yyyy" * 900,
        "[$-zh]0",
        ";" * 999,
        "",
        "@@@",
        "0.0E+0",
        "_(* #,##0_)",
        "\\",
        "[红色]0",
        "0%" * 400,
        "上午/下午 h:mm",
    )
    package.edit(
        package.place(rng, "styles.xml"),
        _some(
            r'numFmtId="([0-9]+)"( formatCode="[^"]*")?',
            lambda m: (
                f'numFmtId="{rng.choice((m[1], *NUMBERS))}"'
                + (f' formatCode="{rng.choice(codes)}"' if m[2] else "")
            ),
            rng,
        ),
    )


@_inside
def saved_when(package: Package, rng: Random) -> None:
    moments = (
        "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "2024-01-01T00:00:00+99:99",
        "昨天昨天昨天昨天",
        "1e999999999999",
    )
    package.edit(
        package.place(rng, "core.xml"),
        lambda text: re.sub(
            r"(<dcterms:modified[^<>]*>)[^<]*", lambda match: match[1] + rng.choice(moments), text
        ),
    )


def _safe(text: str) -> str:
    """Mostly well-formed, so that it reaches what reads the text."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
