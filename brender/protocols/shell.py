"""The shell: a conversation with a person at telnet, and nothing about farms.

How does this work?  `telnet.Typing` makes lines, or keys, of whatever bytes arrive.  A line is answered with its text
and a prompt.  Where keys come, an `Editor` makes lines of them, echoes them, and completes them by Tab.  A verb that
fails is logged, costs its answer, and nothing else.
"""

# mypy: disable-error-code="no-untyped-call"

import re
from collections import deque
from collections.abc import Awaitable, Callable

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from brender.farm.interfaces import FarmService
from brender.farm.people.users import NotLoggedIn, TooOften, Who
from brender.farm.transitions import NotNow
from brender.protocols.caller import Caller
from brender.protocols.commands import HELP, OWN, Leave, LogInAs, answer, closed, greeting
from brender.protocols.conversation import Conversation, Later
from brender.protocols.editing import Editor
from brender.protocols.json_lines import answered
from brender.protocols.keys import Keys
from brender.protocols.telnet import CTRL_C, Typing, typed
from brender.verbs.doing.who import LogIn
from brender.verbs.known import VERBS
from brender.verbs.tables import WIDTH, visible
from brender.verbs.typed.completing import Ways, ways
from brender.verbs.typed.values_there import values_of

PROMPT = "> "
OVERWRITE = b"\r\0"  # so that the greeting covers what a program shows that does not know telnet

PASSWORD = "Password: "
SECRET = re.compile(r"(\w*(?:passw|secret|token)\w*=)(\"[^\"]*\"|\S+)", re.IGNORECASE)

Answering = Callable[[FarmService, str, float, int, Who], Awaitable[str]]


class Shell(Conversation):
    MAX_LENGTH = 16384  # a long submit, not a program

    def __init__(
        self,
        service: FarmService,
        now: Callable[[], float],
        answer: Answering = answer,
        later: Later | None = None,
    ) -> None:
        super().__init__(later)
        self.caller = Caller(service, "shell")
        self._asks = ""  # whose password is asked for
        self._service = service
        self._now = now
        self._answer = answer
        self._typing = Typing()
        self._keys = Keys()
        self._pressed: deque[str] = deque()  # keys that wait for an answer
        self._editor: Editor | None = None  # where keys come
        self._going = False  # keys are being pressed

    def greet(self, asks: bool) -> None:
        """The first words; and whether this is a terminal is asked of everybody who may be one."""
        if asks:
            self.transport.write(self._typing.options.ask() + OVERWRITE)
        self._say(self._greeting())

    def _greeting(self) -> str:
        if self.caller.looks:
            return greeting(self._service)
        return closed(self._service, HELP) if self.caller.is_known else closed(self._service)

    def connectionMade(self) -> None:
        super().connectionMade()
        self.caller.at(self.transport)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.caller.log_out()
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:
        heard = self._typing.read(data)
        if heard.reply:
            self.transport.write(heard.reply)
        self.hear(heard.lines)
        self._follow_terminal()
        self._pressed.extend(self._keys.of(heard.keys))
        self.go_on()

    def lineReceived(self, line: bytes) -> None:
        self.work(self._reply(typed(line)))

    async def _reply(self, line: str) -> None:
        try:
            text = await (self._password(line) if self._asks else self._said(line.removesuffix(CTRL_C)))
        except Leave:
            self.leave()
        except LogInAs as somebody:
            self._ask(str(somebody))
        except Exception as fault:
            self.log.failure("The shell could not answer {line!r}", line=SECRET.sub(r"\1***", line))
            self._say(f"That went wrong inside brender ({type(fault).__name__}); the log of the server tells how.")
        else:
            self._say(text, line.endswith(CTRL_C))

    async def _said(self, line: str) -> str:
        self.caller.speaks()
        if line.startswith("{"):  # as programs do, to try it out
            return (await answered(self._service, line.encode(), self._now(), caller=self.caller)).decode()
        return await self._answer(self._service, line, self._now(), self._width, self.caller.who)

    # --- logging in

    def _ask(self, name: str) -> None:
        """The next line is a password, and is not shown."""
        self._asks = name
        if self._editor:
            self._editor.ask(PASSWORD, hidden=True)
        self.transport.write(PASSWORD.encode() + self._typing.options.hide())

    async def _password(self, password: str) -> str:
        name, self._asks = self._asks, ""
        if self._editor:
            self._editor.ask(PROMPT)
        self.transport.write(self._typing.options.show())
        if not password or password.endswith(CTRL_C):
            return "Nobody has logged in."
        try:
            told = await self.caller.log_in(LogIn(name, password))
        except (NotLoggedIn, TooOften, NotNow) as refused:
            return str(refused)
        return f"You are {told['name']}, {told['role']}."

    def too_long(self) -> None:
        self._say(f"A line may have {self.MAX_LENGTH:,} bytes; that one had more and was dropped.")

    def _say(self, text: str, on_a_new_line: bool = False) -> None:
        lines = [visible(line) for line in text.split("\n")] if text or on_a_new_line else []
        self.transport.write("".join(f"{line}\r\n" for line in lines).encode() + PROMPT.encode())

    # --- a terminal

    def become_a_terminal(self, width: int) -> None:
        """It is one, without being asked; of so many columns."""
        self._typing.options.agree(width)
        self._follow_terminal()

    def resize(self, width: int) -> None:
        self._typing.options.resize(width)
        self._follow_terminal()

    @property
    def is_terminal(self) -> bool:
        return self._editor is not None

    @property
    def _width(self) -> int:
        return self._typing.options.width or WIDTH

    def _follow_terminal(self) -> None:
        """Begin, or end, to edit lines here; know how wide the window is."""
        wanted = self._typing.options.character_mode
        if wanted and self._editor is None:
            self._editor = Editor(PROMPT, self._ways)
            self._editor.begin(typed(self.clearLineBuffer()))
        elif not wanted:
            self._editor = None
        if self._editor:
            self._editor.width = self._width

    def _ways(self, text: str) -> Ways:
        values = values_of(self._service) if self.caller.looks else lambda item, name: ()
        return ways(text, VERBS, values, OWN)

    def go_on(self) -> None:
        """Press the keys that wait, up to the next line that is entered."""
        if self._going:
            return  # it is this that has made the answer
        self._going = True
        while self._pressed and self._editor and not (self.busy or self.full):
            shown = self._editor.press(self._pressed.popleft())
            self.transport.write(shown.encode())
            entered, self._editor.entered = self._editor.entered, None
            if entered is not None:
                self.work(self._reply(entered))
        self._going = False
