"""Keys out of bytes: characters, and the names of those that do something.

How does this work?  Bytes become characters (bad UTF-8 becomes U+FFFD), and these become keys: a control character or
an escape sequence has a name, like "left" or "word left"; any other character is itself.  The input may be cut
anywhere.  Sequences that mean nothing here are dropped.
"""

import codecs
from collections.abc import Iterator

ESCAPE = "\x1b"
LONGEST = 16  # characters of a sequence

CONTROLS = {
    "\x01": "home",
    "\x02": "left",
    "\x03": "interrupt",
    "\x04": "end of input",
    "\x05": "end",
    "\x06": "right",
    "\b": "backspace",
    "\t": "tab",
    "\n": "enter",
    "\x0b": "cut to the end",
    "\x0c": "clear",
    "\x0e": "down",
    "\x10": "up",
    "\x15": "cut to the beginning",
    "\x17": "cut a word",
    "\x19": "paste",
    "\x7f": "backspace",
}

SEQUENCES = {
    "[A": "up",
    "[B": "down",
    "[C": "right",
    "[D": "left",
    "[H": "home",
    "[F": "end",
    "[1~": "home",
    "[7~": "home",
    "[4~": "end",
    "[8~": "end",
    "[3~": "delete",
    "[1;5C": "word right",
    "[1;5D": "word left",
    "f": "word right",
    "b": "word left",
    "\x7f": "cut a word",
}
SEQUENCES |= {f"O{letter}": SEQUENCES[f"[{letter}"] for letter in "ABCDHF"}


class Keys:
    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._sequence: str | None = None  # what came after an escape, while more is to come

    def of(self, data: bytes) -> Iterator[str]:
        for character in self._decoder.decode(data):
            key = self._key(character)
            if key:
                yield key

    def _key(self, character: str) -> str:
        if self._sequence is not None:
            return self._escaped(character)
        if character == ESCAPE:
            self._sequence = ""
            return ""
        if character.isprintable():
            return character
        return CONTROLS.get(character, "")

    def _escaped(self, character: str) -> str:
        sequence = f"{self._sequence}{character}"
        if goes_on(sequence) and len(sequence) < LONGEST:
            self._sequence = sequence
            return ""
        self._sequence = None
        return SEQUENCES.get(sequence, "")


def goes_on(sequence: str) -> bool:
    """Whether an escape sequence is not yet whole."""
    if sequence[0] == "[":
        return len(sequence) == 1 or not "@" <= sequence[-1] <= "~"
    return sequence == "O"
