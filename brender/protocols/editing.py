"""A line as a person edits it: cursor, history, Tab.

How does this work?  `Editor.press` takes one key, changes the line and gives what the terminal has to be sent.  What
is typed at the end is just echoed; after anything else the line is drawn anew, as much of it as the window shows.  A
line that is entered is in `entered`.  What Tab can put there is asked of a function; a second Tab lists it.
"""

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len

from brender.protocols.columns import columns, common
from brender.verbs.tables import WIDTH
from brender.verbs.typed.completing import Ways

BELL = "\a"
CLEAR_TO_END, CLEAR_SCREEN = "\x1b[K", "\x1b[H\x1b[2J"
REMEMBERED = 500  # lines
LONGEST = 16_384  # characters of a line


Completing = Callable[[str], Ways]


class Editor:
    def __init__(self, prompt: str, complete: Completing, width: int = WIDTH) -> None:
        self.width = width
        self.entered: str | None = None
        self._prompt = prompt
        self._complete = complete
        self._text: list[str] = []
        self._cursor = 0
        self._cut = ""
        self._history: list[str] = []
        self._place = 0  # in the history; its length is the line that is being typed
        self._kept = ""  # that line, while another one is shown
        self._begin = 0  # the first character that the window shows
        self._tabbed = False  # the last key was a Tab that could not decide
        self._hidden = False  # a password is being typed

    @property
    def text(self) -> str:
        return "".join(self._text)

    def begin(self, text: str = "") -> None:
        """A new line, of which so much is there already."""
        self._text = list(text)
        self._cursor = len(self._text)
        self._place, self._begin, self.entered = len(self._history), 0, None

    def ask(self, prompt: str, *, hidden: bool = False) -> None:
        """What the next lines begin with, and whether they are shown, and remembered."""
        self._prompt, self._hidden = prompt, hidden
        self.begin()

    def press(self, key: str) -> str:
        """What to send for it."""
        if self._hidden:
            return self._press_hidden(key)
        tabbed, self._tabbed = self._tabbed, False
        if key == "tab":
            return self._tab(tabbed)
        action = self.ACTIONS.get(key)
        if action:
            return action(self)
        return self._insert(key) if len(key) == 1 else ""

    def _press_hidden(self, key: str) -> str:
        """The same, and nothing of what is typed."""
        if key in ("enter", "interrupt", "end of input"):
            entered = self.text if key == "enter" else ""
            self.begin()
            self.entered = entered
            return "\r\n"
        if key == "backspace":
            self._text[-1:] = []
        elif key == "cut to the beginning":
            self._text.clear()
        elif len(key) == 1 and len(self._text) < LONGEST:
            self._text.append(key)
        self._cursor = len(self._text)
        return ""

    # --- keys

    def _insert(self, text: str) -> str:
        if len(self._text) + len(text) > LONGEST:
            return BELL
        at_end = self._cursor == len(self._text)
        self._text[self._cursor : self._cursor] = text
        self._cursor += len(text)
        return text if at_end and self._fits() else self.drawn()

    def _enter(self) -> str:
        line = self.text
        if line.strip() and line not in self._history[-1:]:
            self._history = [*self._history, line][-REMEMBERED:]
        at_end = self._end()
        self.begin()
        self.entered = line
        return f"{at_end}\r\n"

    def _interrupt(self) -> str:
        at_end = self._end()
        self.begin()
        return f"{at_end}^C\r\n{self._prompt}"

    def _end_of_input(self) -> str:
        if self._text:
            return self._delete()
        self.entered = "quit"
        return ""

    def _backspace(self) -> str:
        if self._cursor == 0:
            return BELL
        at_end, gone = self._cursor == len(self._text), self._text[self._cursor - 1]
        simple = at_end and self._fits()
        self._remove(self._cursor - 1, self._cursor)
        back = "\b" * cell_len(gone)
        return f"{back}{' ' * cell_len(gone)}{back}" if simple and back else self.drawn()

    def _delete(self) -> str:
        if self._cursor == len(self._text):
            return BELL
        self._remove(self._cursor, self._cursor + 1)
        return self.drawn()

    def _left(self) -> str:
        return self._move(self._cursor - 1) if self._cursor else BELL

    def _right(self) -> str:
        return self._move(self._cursor + 1) if self._cursor < len(self._text) else BELL

    def _home(self) -> str:
        return self._move(0)

    def _end(self) -> str:
        return self._move(len(self._text)) if self._cursor < len(self._text) else ""

    def _word_left(self) -> str:
        return self._move(self._word_begin())

    def _word_right(self) -> str:
        place, size = self._cursor, len(self._text)
        while place < size and self._text[place] == " ":
            place += 1
        while place < size and self._text[place] != " ":
            place += 1
        return self._move(place)

    def _cut_end(self) -> str:
        return self._cut_out(self._cursor, len(self._text))

    def _cut_begin(self) -> str:
        return self._cut_out(0, self._cursor)

    def _cut_word(self) -> str:
        return self._cut_out(self._word_begin(), self._cursor)

    def _paste(self) -> str:
        return self._insert(self._cut) if self._cut else BELL

    def _clear(self) -> str:
        return CLEAR_SCREEN + self.drawn()

    def _up(self) -> str:
        return self._recall(self._place - 1)

    def _down(self) -> str:
        return self._recall(self._place + 1)

    # --- what keys are made of

    def _move(self, place: int) -> str:
        self._cursor = place
        return self.drawn() if self._text else ""

    def _remove(self, begin: int, end: int) -> None:
        del self._text[begin:end]
        self._cursor = begin

    def _cut_out(self, begin: int, end: int) -> str:
        self._cut = "".join(self._text[begin:end]) or self._cut
        self._remove(begin, end)
        return self.drawn()

    def _word_begin(self) -> int:
        place = self._cursor
        while place and self._text[place - 1] == " ":
            place -= 1
        while place and self._text[place - 1] != " ":
            place -= 1
        return place

    def _recall(self, place: int) -> str:
        """A line of the history, or the one that was being typed."""
        if not 0 <= place <= len(self._history):
            return BELL
        if self._place == len(self._history):
            self._kept = self.text
        self._place = place
        self._text = list(self._kept if place == len(self._history) else self._history[place])
        self._cursor = len(self._text)
        return self.drawn()

    # --- Tab

    def _tab(self, again: bool) -> str:
        ways = self._complete("".join(self._text[: self._cursor]))
        if not ways.words:
            return BELL
        found = common(ways.words)
        if len(ways.words) == 1 or len(found) > self._cursor - ways.start:
            self._remove(ways.start, self._cursor)
            return self._replaced(found)
        self._tabbed = True
        return f"\r\n{columns(ways.words, self.width)}\r\n{self.drawn()}" if again else BELL

    def _replaced(self, text: str) -> str:
        self._text[self._cursor : self._cursor] = text
        self._cursor += len(text)
        return self.drawn()

    # --- drawing

    def drawn(self) -> str:
        """The prompt and the line, as much of it as fits, and the cursor in its place."""
        self._scroll()
        shown, size = "", 0
        for character in self._text[self._begin : self._begin + self._most]:
            size += cell_len(character)
            if size > self._room:
                break
            shown += character
        back = cell_len(shown) - cell_len("".join(self._text[self._begin : self._cursor]))
        return f"\r{self._prompt}{shown}{CLEAR_TO_END}" + (f"\x1b[{back}D" if back > 0 else "")

    @property
    def _room(self) -> int:
        return max(4, self.width - len(self._prompt) - 1)

    @property
    def _most(self) -> int:
        """Characters of a line that are shown at most; some take no cell."""
        return 4 * self._room

    def _fits(self) -> bool:
        """The whole line is in the window."""
        return self._begin == 0 and self._has_room(0, len(self._text))

    def _has_room(self, begin: int, end: int) -> bool:
        """Whether so much of the line fits; however long it is, only a little is looked at."""
        return end - begin <= self._most and cell_len("".join(self._text[begin:end])) <= self._room

    def _scroll(self) -> None:
        """Have the window show the cursor, with something before it."""
        if self._has_room(0, len(self._text)):
            self._begin = 0
        elif self._cursor <= self._begin or not self._has_room(self._begin, self._cursor):
            self._begin = self._cursor
            size = cell_len("".join(self._text[max(0, self._cursor - 1) : self._cursor]))
            while self._begin and size <= self._room // 2 and self._cursor - self._begin < self._most // 2:
                self._begin -= 1
                size += cell_len("".join(self._text[max(0, self._begin - 1) : self._begin]))

    ACTIONS: ClassVar[dict[str, Callable[["Editor"], str]]] = {
        "enter": _enter,
        "interrupt": _interrupt,
        "end of input": _end_of_input,
        "backspace": _backspace,
        "delete": _delete,
        "left": _left,
        "right": _right,
        "home": _home,
        "end": _end,
        "word left": _word_left,
        "word right": _word_right,
        "cut to the end": _cut_end,
        "cut to the beginning": _cut_begin,
        "cut a word": _cut_word,
        "paste": _paste,
        "clear": _clear,
        "up": _up,
        "down": _down,
    }
