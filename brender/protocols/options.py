"""The options of telnet (RFC 855) that make a terminal of a connection: echo, no go-ahead, the size of the window.

How does this work?  We ask first for the size of the window, because that is the least: whoever answers at all is a
telnet program, and is then offered that we echo and that nobody waits for a go-ahead.  When it agrees to both, it sends
each key at once (`character_mode`).  Everything else is refused: DO is answered with WONT, WILL with DONT.  (The answer
matters: after Ctrl-C a telnet program shows nothing until its DO TIMING-MARK is answered.)
"""

IAC, DONT, DO, WONT, WILL = 255, 254, 253, 252, 251
ECHO, SGA, NAWS = 1, 3, 31  # suppress go-ahead; negotiate about window size
OURS = (ECHO, SGA)  # what we do, when we are let
REFUSE = {DO: WONT, WILL: DONT}
NARROWEST, WIDEST = 20, 1000  # columns that a window may have, whatever is said of it


class Options:
    def __init__(self) -> None:
        self.width: int | None = None  # columns of the window, once we were told
        self._offers = False  # whether we want it to be a terminal
        self._offered = False
        self._hides = False  # a password is typed in a line that we do not edit
        self._agreed: set[int] = set()  # of ours, what the other side wants
        self._asked: set[int] = set()  # of the other side's, what we have asked for

    @property
    def character_mode(self) -> bool:
        return self._agreed.issuperset(OURS)

    def ask(self) -> bytes:
        """What finds out whether there is a telnet program at all."""
        self._offers = True
        self._asked.add(NAWS)
        return bytes([IAC, DO, NAWS])

    def agree(self, columns: int) -> None:
        """Somebody else has made a terminal of it."""
        self._agreed.update(OURS)
        self.resize(columns)

    def resize(self, columns: int) -> None:
        self.width = min(max(columns, NARROWEST), WIDEST) if columns else None

    def hide(self) -> bytes:
        """A telnet program that shows what is typed is to show nothing: we say that we do."""
        self._hides = self._offered and not self.character_mode
        return bytes([IAC, WILL, ECHO]) if self._hides else b""

    def show(self) -> bytes:
        """And again it is to."""
        hid, self._hides = self._hides, False
        return bytes([IAC, WONT, ECHO]) if hid else b""

    def said(self, command: int, option: int) -> bytes:
        """The answer to DO, DONT, WILL or WONT."""
        return self._offer() + (self._about_ours(command, option) if option in OURS else self._about(command, option))

    def told(self, parameters: bytes) -> None:
        """A subnegotiation: the size of the window, in columns and lines of two bytes each."""
        if len(parameters) == 5 and parameters[0] == NAWS:
            self.resize(int.from_bytes(parameters[1:3]))

    def _offer(self) -> bytes:
        if not self._offers or self._offered:
            return b""
        self._offered = True
        return bytes([IAC, WILL, ECHO, IAC, WILL, SGA])

    def _about_ours(self, command: int, option: int) -> bytes:
        if command == DO and self._offered:
            self._agreed.add(option)
            return b""
        if command == DONT and self._offered:
            return self._withdraw(option)
        if command == WILL and option == SGA and self._offered:
            return self._once(DO, option)
        return self._refused(command, option)

    def _withdraw(self, option: int) -> bytes:
        """Without one of the two the other is of no use: it stays in lines, which the other side echoes."""
        reply = b"".join(bytes([IAC, WONT, each]) for each in OURS if each in self._agreed or each == option)
        self._agreed.clear()
        self._offers = False
        return reply

    def _about(self, command: int, option: int) -> bytes:
        if command == WILL and option == NAWS and self._offers:
            return self._once(DO, option)
        return self._refused(command, option)

    def _once(self, command: int, option: int) -> bytes:
        if option in self._asked:
            return b""
        self._asked.add(option)
        return bytes([IAC, command, option])

    @staticmethod
    def _refused(command: int, option: int) -> bytes:
        return bytes([IAC, REFUSE[command], option]) if command in REFUSE else b""
