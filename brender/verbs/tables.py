"""Plain text that fits a terminal: tables, and amounts as people say them.

How does this work?  `table` measures every cell in the columns of a terminal (a Chinese character
takes two, an accent none), and when the row is wider than allowed it narrows the widest of the columns
that may give way, until it fits; what is cut ends in `…`.  `visible` comes first: no text of
others reaches a terminal with a control character in it.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, split_graphemes

WIDTH = 80
GAP = "  "
LEAST = 6  # cells that a column which gives way keeps


@dataclass(frozen=True)
class Column:
    title: str
    right: bool = False  # numbers stand under each other by their last digit
    gives: bool = False  # may be cut when the row is too wide


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int = WIDTH) -> str:
    """Lines of at most `width` cells: the titles and the rows.  Empty columns are left out."""
    cells = [[visible(cell) for cell in row] for row in rows]
    used = [place for place in range(len(columns)) if not cells or any(row[place] for row in cells)]
    columns = [columns[place] for place in used]
    lines = [[column.title for column in columns], *([row[place] for place in used] for row in cells)]
    widths = fitted(columns, [max(cell_len(line[place]) for line in lines) for place in range(len(columns))], width)
    return "\n".join(row_of(line, columns, widths) for line in lines)


def row_of(line: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    cells = [padded(cell, size, column.right) for cell, column, size in zip(line, columns, widths, strict=True)]
    return (" " + GAP.join(cells)).rstrip()


def fitted(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    """The widths after the columns that give way have made room."""
    fit = list(widths)
    spare = width - 1 - len(GAP) * (len(fit) - 1)
    while sum(fit) > spare:
        may = [place for place, column in enumerate(columns) if column.gives and fit[place] > LEAST]
        may = may or [place for place in range(len(fit)) if fit[place] > 1]
        if not may:
            break
        fit[max(may, key=lambda place: fit[place])] -= 1
    return fit


JOINER = "\u200d"


def padded(text: str, width: int, right: bool = False) -> str:
    text = cut(text, width).rstrip(JOINER)  # at the end it would join the space
    space = " " * (width - cell_len(text))
    return space + text if right else text + space


def cut(text: str, width: int) -> str:
    """At most `width` cells of the text; what was longer ends in `…`."""
    if cell_len(text) <= width:
        return text
    end, room = 0, width - 1
    for _, stop, size in split_graphemes(text)[0]:
        if size > room:
            break
        end, room = stop, room - size
    return text[:end] + "…"


def visible(text: str) -> str:
    """The text with every control character as a sign that can be seen: ␛ for an escape, ␊ for a line end."""
    return text if text.isascii() and text.isprintable() else "".join(map(shown, text))


def shown(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if character != "\u200d" and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"\\u{code:04x}"  # turns the direction of writing, hides, or cannot be sent at all
    return character


def count(number: int, thing: str) -> str:
    """ "1 client", "2 clients", "1,000 tasks"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def duration(seconds: float) -> str:
    """ "0.4 s", "12 s", "5 min", "2 h", "3 d": the largest unit of which there is at least one and a half."""
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def age(seconds: float) -> str:
    """How long ago: as a duration, without tenths."""
    return f"{max(0, int(seconds))} s" if seconds < 10 else duration(seconds)


def amount(size: int) -> str:
    """ "32 GB", "900 MB": bytes in the units that people buy memory in."""
    for power, unit in ((40, "TB"), (30, "GB"), (20, "MB"), (10, "kB")):
        if size >= 1 << power:
            return f"{size / (1 << power):.0f} {unit}"
    return f"{size} B"


def percent(part: float) -> str:
    """ "97 %"; 100 % only when it is all."""
    return "99 %" if 99 <= part < 100 else f"{part:.0f} %"
