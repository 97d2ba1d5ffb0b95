"""What came of an import, for the person: what was understood, what to look at again, and all that has no place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jixiao.atomic import replacing
from jixiao.filing import Filing
from jixiao.intake.blocks import Unread

#: What stands behind the name of the workbook in that of the list beside it.
SUFFIX = "-未识别.txt"
#: Lines of the list that are shown on the terminal too.
_SHOWN = 20


@dataclass
class Account:
    """Lines for the terminal, and the list of what was not understood."""

    understood: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def summary(self, filing: Filing, title: str, listing: Path | None) -> str:
        """The whole account in some lines of Chinese; ``listing`` is the file that holds the list."""
        lines = [
            f"按“{title}”（{filing.package}）读入：{filing.unit or '（没有找到单位名称）'} {filing.year} 年度。"
        ]
        lines += [f"  {line}" for line in self.understood]
        lines += [f"请核对——{line}" for line in self.remarks]
        if not self.unread:
            lines.append("文件里的内容都已读入。")
            return "\n".join(lines)
        lines.append(f"有 {len(self.unread)} 处内容没有读入：")
        lines += [f"  {_line(each)}" for each in self.unread[:_SHOWN]]
        if len(self.unread) > _SHOWN:
            lines.append(f"  ……还有 {len(self.unread) - _SHOWN} 处。")
        if listing is not None:
            lines.append(f"全部列在“{listing.name}”里，请对照补填；补完后可以删除这个文件。")
        return "\n".join(lines)

    def listing(self) -> str:
        """The text of the list: every place with its whole text."""
        lines = ["下列内容没有读入工作簿，请对照原文件补填到相应的栏目。", ""]
        for number, each in enumerate(self.unread, 1):
            lines += [f"{number}. {each.file} {each.place}：{each.reason}"]
            lines += [f"    {line}" for line in each.text.splitlines()]
        return "\n".join(lines) + "\n"

    def to_json(self, filing: Filing, output: Path) -> dict[str, Any]:
        """The account for scripts."""
        return {
            "file": str(output),
            "package": filing.package,
            "unit": filing.unit,
            "year": filing.year,
            "understood": self.understood,
            "remarks": self.remarks,
            "unread": [
                {"file": each.file, "place": each.place, "text": each.text, "reason": each.reason}
                for each in self.unread
            ],
        }


def listing_beside(workbook: Path) -> Path:
    """Where the list of what was not understood goes: beside the workbook."""
    return workbook.with_name(workbook.stem + SUFFIX)


def write_listing(account: Account, path: Path) -> None:
    """Write the list, complete or not at all; when everything was understood an old list is taken away.

    Raises:
        OSError: the folder cannot be written to.
    """
    if not account.unread:
        path.unlink(missing_ok=True)
        return
    with replacing(path) as temporary:
        temporary.write_text(account.listing(), "utf-8-sig", newline="\r\n")  # as Notepad likes it


def _line(each: Unread) -> str:
    text = " ".join(each.text.split())
    shown = f"“{text[:30]}{'…' if len(text) > 30 else ''}”，" if text else ""
    return f"{each.file} {each.place}：{shown}{each.reason}"
