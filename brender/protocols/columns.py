"""Words that a second Tab lists, beside each other; and what they all begin with."""

from collections.abc import Sequence

from rich.cells import cell_len

LISTED = 200  # words


def common(words: Sequence[str]) -> str:
    """What all of them begin with."""
    first, last = min(words), max(words)
    same = next((place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), None)
    return first[:same]


def columns(words: Sequence[str], width: int) -> str:
    """Words beside each other, down and then across, as many columns as fit."""
    shown = [word.rstrip() for word in words[:LISTED]]
    left_out = [f"... and {len(words) - LISTED:,} more"] if len(words) > LISTED else []
    size = max(map(cell_len, shown)) + 2
    across = max(1, (width - 1) // size)
    down = -(-len(shown) // across)
    rows = [shown[place::down] for place in range(down)]
    lines = ["".join(word + " " * (size - cell_len(word)) for word in row).rstrip() for row in rows]
    return "\r\n".join([*lines, *left_out])
