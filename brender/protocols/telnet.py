"""What telnet programs send besides text (RFC 854), taken out before there are lines.

How does this work?  `Typing.read` is a machine with one state a byte, so its input may be cut anywhere.
Options are refused: DO is answered with WONT, WILL with DONT, which leaves a telnet program in its
plain mode, where it echoes and edits by itself.  (The answer matters: after Ctrl-C it shows nothing until its
DO TIMING-MARK is answered.)  Keys that arrive as commands become the editing characters that `typed`
applies.  Every way to end a line (CR LF, CR NUL, CR, LF) becomes LF.
"""

from collections.abc import Callable

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
BREAK, INTERRUPT, ERASE_CHARACTER, ERASE_LINE, END_OF_FILE = 243, 244, 247, 248, 236
ARE_YOU_THERE = 246

CTRL_C, CTRL_D = "\x03", "\x04"
KEYS = {
    BREAK: b"\x15",
    INTERRUPT: b"\x15\x03\n",
    ERASE_CHARACTER: b"\x7f",
    ERASE_LINE: b"\x15",
    END_OF_FILE: b"\x04\n",
    IAC: b"\xff",  # the byte itself
}
REFUSE = {DO: WONT, WILL: DONT}


class Typing:
    """Plain bytes out of what a telnet program sends."""

    def __init__(self) -> None:
        self._state: Callable[[int], None] = self._text
        self._option = 0  # DO, DONT, WILL or WONT, when its option is still to come
        self._plain = bytearray()
        self._last = 0x0A  # the last plain byte
        self._reply = bytearray()

    def read(self, data: bytes) -> tuple[bytes, bytes]:
        """The text in the bytes, lines ended by LF, and what has to be sent back."""
        for byte in data:
            self._state(byte)
        plain, reply = bytes(self._plain), bytes(self._reply)
        self._last = plain[-1] if plain else self._last
        self._plain.clear()
        self._reply.clear()
        return plain, reply

    def _text(self, byte: int) -> None:
        if byte == IAC:
            self._state = self._command
        elif byte == 0x0D:
            self._plain.append(0x0A)
            self._state = self._after_return
        elif byte == 0x04 and (self._plain or [self._last])[-1] == 0x0A:
            self._plain += KEYS[END_OF_FILE]  # Ctrl-D at a prompt comes without a line end
        else:
            self._plain.append(byte)

    def _after_return(self, byte: int) -> None:
        """The LF or NUL that belongs to a CR is no line of its own."""
        self._state = self._text
        if byte not in b"\n\0":
            self._text(byte)

    def _command(self, byte: int) -> None:
        self._state = self._text
        if WILL <= byte <= DONT:
            self._option, self._state = byte, self._refuse
        elif byte == SB:
            self._state = self._subnegotiation
        elif byte == ARE_YOU_THERE:
            self._reply += b"\r\n[brender is here]\r\n"
        else:
            self._plain += KEYS.get(byte, b"")

    def _refuse(self, option: int) -> None:
        self._state = self._text
        if self._option in REFUSE:
            self._reply += bytes([IAC, REFUSE[self._option], option])

    def _subnegotiation(self, byte: int) -> None:
        if byte == IAC:
            self._state = self._maybe_end

    def _maybe_end(self, byte: int) -> None:
        self._state = self._text if byte == SE else self._subnegotiation


def typed(line: bytes) -> str:
    """What the person meant: the line with its editing done; bad UTF-8 is shown as U+FFFD."""
    kept: list[str] = []
    for character in line.decode("utf-8", "replace"):
        if character in "\b\x7f":
            del kept[-1:]
        elif character == "\x15":
            kept.clear()
        elif character != "\0":
            kept.append(character)
    text = "".join(kept)
    return "quit" if text == CTRL_D else text
