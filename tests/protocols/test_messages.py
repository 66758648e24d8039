"""The messages, and the page that tells others about them: docs/protocol.md."""

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import Blender, Machine
from brender.farm.estimating.estimates import LONGEST_RUN
from brender.farm.failures.failing import CAUSES
from brender.farm.farm import MOST_WORDS
from brender.farm.settings import Rule
from brender.farm.submission.sentences import EXTENSIONS
from brender.protocols import messages as say
from brender.protocols.codec import MOST_FROM_SERVER, MOST_FROM_WORKER
from brender.protocols.worker import GREETING_WITHIN, SILENT_BEATS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
UNIONS: dict[str, Any] = {"worker": say.FromWorker, "server": say.FromServer}


def name_of(message: type[msgspec.Struct]) -> str:
    return str(message.__struct_config__.tag)


class TheMessages(SynchronousTestCase):
    def test_every_message_is_said_by_one_side(self) -> None:
        declared = {each for each in vars(say).values() if isinstance(each, type) and issubclass(each, say.Message)}
        said = [message for union in UNIONS.values() for message in get_args(union)]
        self.assertEqual(set(said), declared - {say.Message})
        self.assertEqual(len(said), len(set(said)))

    def test_their_names_are_those_of_the_structs_in_small_letters(self) -> None:
        for union in UNIONS.values():
            for message in get_args(union):
                self.assertEqual(name_of(message), message.__name__.lower())

    def test_a_version_can_be_read_of_a_greeting_of_any_other_version(self) -> None:
        for line, version in (
            (b'{"type":"hello","version":7,"machines":[]}', 7),
            (b'{"version":3}', 3),
            (b'{"type":"hello"}', say.VERSION),
            (b'{"version":"x"}', say.VERSION),
            (b"junk", say.VERSION),
            (b"", say.VERSION),
        ):
            self.assertEqual(say.version_of(line), version, line)


class ThePage(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = PAGE.read_text(encoding="utf-8")

    def sections(self) -> dict[str, str]:
        """Heading -> what stands under it."""
        parts = re.split(r"(?m)^#{2,3} (.+)$", self.text)
        return {heading.strip("`"): body for heading, body in zip(parts[1::2], parts[2::2], strict=True)}

    def test_every_message_has_a_section_with_each_of_its_fields(self) -> None:
        sections = self.sections()
        for union in UNIONS.values():
            for message in get_args(union):
                listed = re.findall(r"(?m)^\| `(\w+)` \|", sections[name_of(message)])
                self.assertEqual(listed, list(message.__struct_fields__), name_of(message))

    def test_so_have_the_things_inside_them(self) -> None:
        sections = self.sections()
        for thing in (Machine, Blender, say.Limits, Rule):
            listed = re.findall(r"(?m)^\| `(\w+)` \|", sections[thing.__name__.lower()])
            self.assertEqual(listed, list(thing.__struct_fields__))

    def test_no_section_tells_of_a_message_that_is_not_there(self) -> None:
        told = set(re.findall(r"(?m)^### `(\w+)`$", self.text))
        self.assertEqual(told, {name_of(message) for union in UNIONS.values() for message in get_args(union)})

    def test_each_section_has_an_example_of_its_message(self) -> None:
        sections = self.sections()
        for side, union in UNIONS.items():
            for message in get_args(union):
                examples = re.findall(r"(?ms)^```json\n(.*?)^```", sections[name_of(message)])
                self.assertTrue(examples, name_of(message))
                for example in examples:
                    self.assertIsInstance(self.decoded(example.strip(), side), message)

    def test_what_is_said_in_one_minute_can_be_said(self) -> None:
        (conversation,) = re.findall(r"(?ms)^```text\n(.*?)^```", self.text)
        lines = conversation.splitlines()
        self.assertGreater(len(lines), 8)
        for line in lines:
            side, _, example = line.partition("> ")
            self.decoded(example, side)

    def test_an_example_writes_nothing_that_its_message_does_not_have(self) -> None:
        for example in re.findall(r'(?m)^(?:\w+> )?(\{"type".*\})$', self.text):
            fields = msgspec.json.decode(example)
            message = next(
                each for union in UNIONS.values() for each in get_args(union) if name_of(each) == fields["type"]
            )
            self.assertEqual(set(fields) - {"type"} - set(message.__struct_fields__), set(), example)

    def test_defaults_are_told(self) -> None:
        sections = self.sections()
        things = [message for union in UNIONS.values() for message in get_args(union)]
        for thing in [*things, Machine, say.Limits]:
            section = sections[thing.__name__.lower()]
            optional = set(thing.__struct_fields__[len(thing.__struct_fields__) - len(thing.__struct_defaults__) :])
            told = set(re.findall(r"(?m)^\| `(\w+)` \|[^|]*default", section))
            self.assertEqual(told, optional, thing.__name__)

    def test_every_cause_of_a_failure_is_told(self) -> None:
        told = set(re.findall(r'(?m)^\| (?:"(\w+)"|empty) \|', self.sections()["result"]))
        self.assertEqual(told, set(get_args(say.Cause)))
        self.assertEqual(told, set(CAUSES))

    def test_its_numbers_are_those_of_the_program(self) -> None:
        for said in (
            f"version {say.VERSION}.",
            f"at most {MOST_FROM_WORKER:,} bytes",
            f"at most {MOST_FROM_SERVER:,}.",
            f"within {GREETING_WITHIN:.0f} seconds",
            f"for {['no', 'one', 'two', 'three'][SILENT_BEATS]} heartbeats",
            f"keeps {MOST_WORDS:,} characters",
            f"at most {LONGEST_RUN} |",
            *EXTENSIONS,
        ):
            self.assertIn(said, self.text)

    def decoded(self, line: str, side: str) -> Any:
        return msgspec.json.decode(line, type=UNIONS[side])
