"""Editing a line: a small terminal understands what the editor sends, and shows what the editor says it has."""

import re
from collections.abc import Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from twisted.trial.unittest import SynchronousTestCase

from brender.protocols.columns import columns
from brender.protocols.editing import BELL, LONGEST, Editor
from brender.protocols.keys import CONTROLS, SEQUENCES, Keys
from brender.verbs.typed.completing import Ways

NAMES = sorted({*CONTROLS.values(), *SEQUENCES.values()} - {"end of input", "tab", "interrupt", "clear"})
KEYS = st.lists(st.sampled_from([*NAMES, *"ab z", "é", "名", "✓"]), max_size=60)
PROMPT = "> "
SENT = re.compile(r"\x1b\[(\d*)([KD])|([\s\S])")


class Screen:
    """One line of a terminal: cells, and a cursor; a wide character has an empty cell behind it."""

    def __init__(self, shown: str = PROMPT) -> None:
        self.cells: list[str] = list(shown)
        self.cursor = len(self.cells)

    def show(self, sent: str) -> None:
        for number, command, character in SENT.findall(sent):
            if command == "K":
                del self.cells[self.cursor :]
            elif command == "D" or character == "\b":
                self.cursor -= int(number or 1)
            elif character == "\r":
                self.cursor = 0
            elif character == "\n":
                self.__init__("")  # type: ignore[misc]
            elif character != BELL:
                put = [character, *[""] * (cell_len(character) - 1)]
                self.cells[self.cursor : self.cursor + len(put)] = put
                self.cursor += len(put)

    @property
    def text(self) -> str:
        return "".join(self.cells).rstrip()


def nothing(text: str) -> Ways:
    return Ways(len(text), [])


def words(*known: str) -> Callable[[str], Ways]:
    def ways(text: str) -> Ways:
        start = text.rfind(" ") + 1
        return Ways(start, [word for word in known if word.startswith(text[start:])])

    return ways


class Editing(SynchronousTestCase):
    def setUp(self) -> None:
        self.editor = Editor(PROMPT, nothing)
        self.screen = Screen()

    def press(self, *keys: str) -> str:
        sent = "".join(map(self.editor.press, keys))
        self.screen.show(sent)
        return sent

    @given(KEYS)
    def test_the_screen_shows_the_line_and_the_cursor_stands_in_its_place(self, keys: list[str]) -> None:
        editor, screen = Editor(PROMPT, nothing), Screen()
        for key in keys:
            screen.show(editor.press(key))
            if editor.entered is not None:
                editor.entered = None
                screen.show(PROMPT)
            self.assertEqual(screen.text, f"{PROMPT}{editor.text}".rstrip())
            before = editor.text[: editor._cursor]
            self.assertEqual(screen.cursor, cell_len(PROMPT + before))

    @given(KEYS, st.integers(8, 30))
    def test_in_a_narrow_window_the_cursor_and_what_is_before_it_can_be_seen(self, keys: list[str], width: int) -> None:
        editor, screen = Editor(PROMPT, nothing, width), Screen()
        for key in [*"a line that is much too long for the window", *keys]:
            screen.show(editor.press(key))
            if editor.entered is not None:
                editor.entered = None
                screen.show(PROMPT)
            self.assertLess(len(screen.cells), width)
            self.assertLess(screen.cursor, width)
            if screen.cursor > len(PROMPT):
                last = editor.text[editor._cursor - 1]
                self.assertEqual("".join(screen.cells[: screen.cursor])[-1], last)

    def test_what_is_typed_at_the_end_is_just_echoed(self) -> None:
        self.assertEqual(self.press(*"jobs"), "jobs")
        self.assertEqual(self.press("backspace"), "\b \b")
        self.press(*"名")
        self.assertEqual(self.press("backspace"), "\b\b  \b\b")

    def test_keys_in_the_middle_change_the_middle(self) -> None:
        self.press(*"disable all", "word left", *"render-0", "delete", "delete", "delete", "word left", "home", "right")
        self.press("delete")
        self.assertEqual(self.screen.text, "> dsable render-0")
        self.press("end", "cut a word", *"attic", "left", "left", "cut to the end", "home", "paste")
        self.assertEqual(self.editor.text, "icdsable att")
        self.press("cut to the end")
        self.assertEqual(self.editor.text, "ic")
        self.press("cut to the beginning")
        self.assertEqual((self.editor.text, self.screen.text), ("", ">"))

    def test_at_either_end_there_is_a_bell(self) -> None:
        for key in ("backspace", "delete", "left", "right", "up", "down", "paste"):
            self.assertEqual(self.press(key), BELL)

    def test_the_history_goes_up_and_down_and_gives_back_what_was_being_typed(self) -> None:
        for line in ("jobs", "clients", "clients", "  "):
            self.press(*line, "enter")
            self.assertEqual(self.editor.entered, line)
            self.screen.show(PROMPT)
        self.press(*"new", "up")
        self.assertEqual(self.editor.text, "clients")
        self.press("up")
        self.assertEqual((self.editor.text, self.press("up")), ("jobs", BELL))
        self.press("down", "down")
        self.assertEqual((self.editor.text, self.screen.text), ("new", "> new"))

    def test_ctrl_c_takes_the_line_back_and_ctrl_d_leaves_an_empty_one(self) -> None:
        self.press(*"cancel all")
        self.assertEqual(self.press("interrupt"), "^C\r\n> ")
        self.assertEqual((self.editor.text, self.editor.entered), ("", None))
        self.press(*"ab", "home", "end of input")
        self.assertEqual((self.editor.text, self.editor.entered), ("b", None))
        self.press("end of input", "end of input")
        self.assertEqual(self.editor.entered, "quit")

    def test_a_line_has_an_end(self) -> None:
        for _ in range(LONGEST):
            self.editor.press("x")
        self.assertEqual((self.editor.press("x"), len(self.editor.text)), (BELL, LONGEST))


class Tab(SynchronousTestCase):
    def editor(self, *known: str) -> Editor:
        return Editor(PROMPT, words(*known))

    def typed(self, editor: Editor, text: str) -> str:
        return "".join(map(editor.press, text))

    def test_the_only_word_is_put_there_and_what_several_share(self) -> None:
        editor = self.editor("clients ", "client=", "jobs ")
        self.typed(editor, "j")
        self.assertEqual((editor.press("tab"), editor.text), ("\r> jobs \x1b[K", "jobs "))
        self.typed(editor, "cl")
        editor.press("tab")
        self.assertEqual(editor.text, "jobs client")

    def test_what_stands_behind_the_cursor_stays(self) -> None:
        editor = self.editor("clients ")
        self.typed(editor, "cl all")
        for _ in range(4):
            editor.press("left")
        editor.press("tab")
        self.assertEqual(editor.text, "clients  all")

    def test_a_second_tab_lists_and_any_other_key_forgets_the_first(self) -> None:
        editor = self.editor("pause ", "pools ")
        self.typed(editor, "p")
        self.assertEqual(editor.press("tab"), BELL)
        self.assertEqual(editor.press("tab"), "\r\npause  pools\r\n\r> p\x1b[K")
        editor.press("left")
        editor.press("right")
        self.assertEqual(editor.press("tab"), BELL)
        self.typed(editor, "x")
        self.assertEqual([editor.press("tab"), editor.press("tab")], [BELL, BELL])

    def test_columns_fit_the_width_and_have_an_end(self) -> None:
        known = [f"render-{number:03} " for number in range(250)]
        lines = columns(known, 50).split("\r\n")
        self.assertEqual(lines[0], "render-000  render-050  render-100  render-150")
        self.assertEqual((len(lines), lines[-1]), (51, "... and 50 more"))


class KeysFromBytes(SynchronousTestCase):
    SENT = "aé\x1b[A\x1bOH\x1b[1;5D\x1b[99~b\x1bb\t\x7f\x1b[3~\x01".encode()
    WANTED = ("a", "é", "up", "home", "word left", "b", "word left", "tab", "backspace", "delete", "home")

    @given(st.lists(st.integers(0, len(SENT))))
    def test_any_split_gives_the_same_keys(self, cuts: list[int]) -> None:
        keys, places = Keys(), [0, *sorted(cuts), len(self.SENT)]
        found = [key for begin, end in pairwise(places) for key in keys.of(self.SENT[begin:end])]
        self.assertEqual(tuple(found), self.WANTED)

    @given(st.binary())
    def test_any_bytes_give_keys_that_are_known_or_can_be_shown(self, data: bytes) -> None:
        for key in Keys().of(data):
            self.assertTrue(key in NAMES or key in ("end of input", "tab", "interrupt", "clear") or key.isprintable())
