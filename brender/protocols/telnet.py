"""What telnet programs send besides text (RFC 854), taken out before there are lines or keys.

How does this work?  `Typing.read` is a machine with one state a byte, so its input may be cut anywhere.  It hears
lines, until the other side has agreed that we echo and that nobody waits for a go-ahead (`options`): from then on it
hears keys.  Keys that arrive as commands become the editing characters that `typed` applies.  Every way to end a line
(CR LF, CR NUL, CR, LF) becomes LF.
"""

from collections.abc import Callable
from typing import NamedTuple

from brender.protocols.options import DONT, IAC, WILL, Options

SB, SE = 250, 240
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
PRESSED = {**KEYS, INTERRUPT: b"\x03", END_OF_FILE: b"\x04"}  # where each key is heard by itself
MOST_PARAMETERS = 16  # bytes of a subnegotiation that anybody needs


class Heard(NamedTuple):
    lines: bytes  # text, with its lines ended by LF
    keys: bytes  # what was pressed since keys are heard
    reply: bytes  # what has to be sent back


class Typing:
    """Plain bytes out of what a telnet program sends."""

    def __init__(self) -> None:
        self.options = Options()
        self._state: Callable[[int], None] = self._text
        self._command_byte = 0  # DO, DONT, WILL or WONT, when its option is still to come
        self._parameters = bytearray()  # of a subnegotiation
        self._lines, self._keys, self._reply = bytearray(), bytearray(), bytearray()
        self._last = 0x0A  # the last byte of text

    def read(self, data: bytes) -> Heard:
        for byte in data:
            self._state(byte)
        heard = Heard(bytes(self._lines), bytes(self._keys), bytes(self._reply))
        self._last = heard.lines[-1] if heard.lines else self._last
        for buffer in (self._lines, self._keys, self._reply):
            buffer.clear()
        return heard

    @property
    def _plain(self) -> bytearray:
        return self._keys if self.options.character_mode else self._lines

    def _text(self, byte: int) -> None:
        if byte == IAC:
            self._state = self._command
        elif byte == 0x0D:
            self._plain.append(0x0A)
            self._state = self._after_return
        elif byte == 0x04 and not self.options.character_mode and (self._lines or [self._last])[-1] == 0x0A:
            self._lines += KEYS[END_OF_FILE]  # Ctrl-D at a prompt comes without a line end
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
            self._command_byte, self._state = byte, self._option
        elif byte == SB:
            self._parameters.clear()
            self._state = self._subnegotiation
        elif byte == ARE_YOU_THERE:
            self._reply += b"\r\n[brender is here]\r\n"
        else:
            self._plain.extend((PRESSED if self.options.character_mode else KEYS).get(byte, b""))

    def _option(self, option: int) -> None:
        self._state = self._text
        self._reply += self.options.said(self._command_byte, option)

    def _subnegotiation(self, byte: int) -> None:
        if byte == IAC:
            self._state = self._maybe_end
        elif len(self._parameters) < MOST_PARAMETERS:
            self._parameters.append(byte)

    def _maybe_end(self, byte: int) -> None:
        if byte == SE:
            self._state = self._text
            self.options.told(bytes(self._parameters))
            return
        self._state = self._subnegotiation
        if byte == IAC and len(self._parameters) < MOST_PARAMETERS:  # twice: the byte itself
            self._parameters.append(byte)


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
