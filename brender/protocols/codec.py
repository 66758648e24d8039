"""Lines of JSON and back, without a socket.

How does this work?  `Decoder.feed` takes bytes as they come and gives the messages that are whole; what
is left waits for more.  It knows one union of messages and one limit for a line.  Whatever is not a
message of that union raises `BadMessage` with a sentence for the other side; what stood before it in
the same bytes is given first (`messages` of the exception).  `encode` is the way back.
"""

from typing import Any, Generic, TypeVar

import msgspec

MOST_FROM_WORKER = 2**20  # bytes in a line: a log chunk, a small picture
MOST_FROM_SERVER = 2**27  # a template of 8 million characters with its values, each written as six bytes at worst

HANDSHAKE = b"\x16"  # with which TLS begins, and no JSON
MOST_SAID = 300  # characters of what is wrong with a line

Words = TypeVar("Words")
_encoder = msgspec.json.Encoder()


class BadMessage(Exception):
    """Not a message; the text says what was wrong.  `messages` came whole before it."""

    def __init__(self, reason: str, line: bytes = b"") -> None:
        super().__init__(reason)
        self.line = line  # as far as it is worth a second look
        self.messages: list[Any] = []


def said(error: Exception) -> str:
    """What was wrong, without the whole of what was sent."""
    text = str(error)
    return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID]}…"


def encode(message: msgspec.Struct) -> bytes:
    return _encoder.encode(message) + b"\n"


def length(line: bytes | bytearray) -> int:
    """Of a line in bytes: the line ends of Windows are no part of it."""
    return len(line) - line.endswith(b"\r")


class Decoder(Generic[Words]):
    def __init__(self, words: Any, most: int) -> None:
        self._decoder: msgspec.json.Decoder[Words] = msgspec.json.Decoder(words)
        self._most = most
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Words]:
        """The messages that are whole now.  Raises `BadMessage`; feed nothing after that."""
        self._rest += data
        if b"\n" not in data:  # a long line that comes in small pieces is looked at once
            self._check_length(self._rest)
            if self._rest[:1] == HANDSHAKE:
                raise BadMessage("This is TLS, and this port speaks plainly.")
            return []
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        messages: list[Words] = []
        try:
            messages.extend(self._read(line) for line in lines if line.strip())
            self._check_length(rest)
        except BadMessage as bad:
            bad.messages = messages
            raise
        return messages

    def _read(self, line: bytearray) -> Words:
        self._check_length(line)
        try:
            return self._decoder.decode(line)
        except msgspec.ValidationError as error:
            raise BadMessage(f"This is not a message of the protocol: {said(error)}.", bytes(line)) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadMessage(f"A line has to be one JSON object in UTF-8: {said(error)}.") from error
        except RecursionError:
            raise BadMessage("A line has to be one JSON object, not nested so deep.") from None

    def _check_length(self, line: bytearray) -> None:
        if length(line) > self._most:
            raise BadMessage(f"A line may have {self._most:,} bytes; this one has more.")
