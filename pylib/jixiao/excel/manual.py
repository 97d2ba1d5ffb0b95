"""The pages that people read, as web pages: who double-clicks a .md file gets an editor, or nothing at all."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from pathlib import Path

from jixiao import resources

MANUAL, INSTALLING = "使用手册", "安装"
PAGES = (MANUAL, INSTALLING, "rules", "functions")
"""Pages of docs/ that link to each other, without their ending."""
_LATIN = "\u1fff"

_PAGE = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ max-width: 46em; margin: 2em auto; padding: 0 1.2em; color: #222;
       font: 16px/1.75 "Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", sans-serif }}
h1, h2, h3 {{ line-height: 1.4; color: #2f5d8a }}
h2 {{ margin-top: 2em; border-bottom: 1px solid #c9d6e3; padding-bottom: .2em }}
table {{ border-collapse: collapse; margin: 1em 0; font-size: 15px }}
th, td {{ border: 1px solid #c9d6e3; padding: .3em .7em; text-align: left; vertical-align: top }}
th {{ background: #eef3f8 }}
code {{ background: #f3f3f0; padding: .1em .3em; font-size: 14px }}
pre {{ background: #f3f3f0; padding: .7em 1em; white-space: pre-wrap; overflow-wrap: anywhere }}
pre code {{ padding: 0 }}
a {{ color: #1f5fa8 }}
@media print {{ body {{ max-width: none; margin: 0 }} }}
</style>
{body}
</html>
"""


def write(folder: Path) -> Path:
    """Write all pages into ``folder``; returns the manual.

    Raises:
        OSError: they cannot be written, or the program came without its docs/.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        text = (resources.DOCS / f"{name}.md").read_text("utf-8")
        (folder / f"{name}.html").write_text(page(text), "utf-8")
    return folder / f"{MANUAL}.html"


def page(text: str) -> str:
    """A web page that needs nothing else, from a page of docs/.

    Headings can be linked to as on GitHub. Links to our other pages lead to their web pages; what lies elsewhere in
    the project is not there on a clerk's computer, so such links become plain text.
    """
    # Imported here: no button but 帮助 needs it.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(text)
    title = ""
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", anchor(inline.content))
            title = title or inline.content
    for token in tokens:
        children = token.children or []
        for child in children:
            if child.type == "link_open":
                child.attrSet("href", _target(str(child.attrGet("href"))))
        for before, child in pairwise(children):
            # A line break in the source is a space in a page, which Chinese does not want.
            if child.type == "softbreak" and before.content[-1:] > _LATIN:
                child.type, child.content = "text", ""
    body = parser.renderer.render(tokens, parser.options, {})
    return _PAGE.format(title=html.escape(title), body=re.sub(r'<a href="">(.*?)</a>', r"\1", body))


def anchor(heading: str) -> str:
    """The name by which a heading is linked to: letters, digits and hyphens of its text."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _target(link: str) -> str:
    from urllib.parse import quote, unquote

    path, mark, place = unquote(link).partition("#")
    if not path or "://" in path:
        return link
    name = path.removesuffix(".md")
    return f"{quote(name)}.html{mark}{quote(place)}" if name in PAGES else ""
