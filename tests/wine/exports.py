"""The names that a Windows DLL offers: its export table (Microsoft, PE Format), read by hand."""

from __future__ import annotations

import struct
from pathlib import Path

PE32_PLUS = 0x20B


def exports(dll: Path) -> set[str]:
    """Return the exported names."""
    data = dll.read_bytes()

    def numbers(form: str, at: int) -> tuple[int, ...]:
        return struct.unpack_from("<" + form, data, at)

    (head,) = numbers("I", 0x3C)
    assert data[head : head + 4] == b"PE\0\0", f"{dll.name} is no program"
    (sections,) = numbers("H", head + 6)
    (size,) = numbers("H", head + 20)
    optional = head + 24
    (magic,) = numbers("H", optional)
    (directory,) = numbers("I", optional + (112 if magic == PE32_PLUS else 96))

    def place(address: int) -> int:
        """Where in the file an address of the loaded DLL lies."""
        for number in range(sections):
            length, start, _, raw = numbers("IIII", optional + size + 40 * number + 8)
            if start <= address < start + length:
                return raw + address - start
        raise ValueError(address)

    count, _, names = numbers("III", place(directory) + 24)
    found = set()
    for (address,) in struct.iter_unpack("<I", data[place(names) :][: 4 * count]):
        start = place(address)
        found.add(data[start : data.index(b"\0", start)].decode("ascii"))
    return found
