"""Whether bytes are a JPEG, and how large its picture is, without decoding it.

How does this work?  A JPEG is a row of segments: two bytes that say what it is, two for its length, and what it says.
`size_of` goes from one to the next until one begins a frame, which has the height and the width.  It reads nothing else
and believes nothing: what does not begin and end as a JPEG does, or has a picture larger than any that is
made for people to look at, is none.
"""

LARGEST = 4096  # pixels of a side
BEGIN, END = b"\xff\xd8\xff", b"\xff\xd9"
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # segments that begin a frame; the others are tables
SCAN = 0xDA  # the pixels begin, and no frame did before them


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height; None when it is no JPEG that can be shown."""
    if not (data.startswith(BEGIN) and data.endswith(END)):
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        if kind in FRAMES:
            height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            return (width, height) if 0 < width <= LARGEST and 0 < height <= LARGEST else None
        if kind == SCAN or length < 2:
            return None
        at += 2 + length
    return None
