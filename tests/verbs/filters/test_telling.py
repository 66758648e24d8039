"""What people are told: help, where a mistake is, and what a filter that chose nothing may have meant."""

from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.filters import BadFilter, nothing, pointing, usage
from tests.effort import effort
from tests.verbs.filters.farm import CLIENTS, FARM, JOBS, ORDERS, STEPS, client, read


def told(text: str) -> str:
    return nothing(text, read(text), CLIENTS, FARM)


class ChoosingNothing(SynchronousTestCase):
    def test_the_filter_and_the_size_of_the_farm_are_told(self) -> None:
        self.assertEqual(told("id=99"), "No client matches id=99 (4 clients in all).")
        self.assertEqual(told("busy disabled"), "No client matches busy disabled (4 clients in all).")
        self.assertEqual(
            nothing("offline", read("offline"), CLIENTS, FARM[:1]), "No client matches offline (1 client in all)."
        )

    def test_a_mistyped_word_or_value_is_recognised(self) -> None:
        for text, meant in {
            "onlin": "online",
            "atic": "attic",
            "busy and (rendr-01 or x)": "render-01",
            "pool=nigth": "night",
            "not enabled gpus='RTX 490'": '"RTX 4090"',
            "name=attic,atticc": "attic",
        }.items():
            self.assertEqual(told(text), f"No client matches {text} (4 clients in all). Did you mean {meant}?")

    def test_what_is_there_or_like_nothing_is_not_asked_about(self) -> None:
        for text in ("attic online", "xyzzy", "name=a?tic online", "name!=atic 99", "system=linux 99", "enabled 99"):
            self.assertEqual(told(text), f"No client matches {text} (4 clients in all).")

    def test_a_long_filter_is_cut(self) -> None:
        self.assertIn(f"No client matches {'x' * 60}... (4 clients", told("x" * 61))

    def test_an_empty_farm_has_a_sentence_of_its_own(self) -> None:
        self.assertEqual(nothing("all", read("all"), CLIENTS, []), "There are no clients yet.")
        self.assertEqual(nothing("all", read("all"), CLIENTS, [], empty="Start a worker."), "Start a worker.")

    def test_on_a_big_farm_only_what_looks_alike_is_looked_at_closely(self) -> None:
        farm = [client(number, f"render-{number:05}-studio") for number in range(2_000)]
        text = "rendr-01234-studio"
        self.assertTrue(nothing(text, read(text), CLIENTS, farm).endswith("Did you mean render-01234-studio?"))
        self.assertLess(effort(lambda: nothing(text, read(text), CLIENTS, farm)), 2_000 * 150)


class Pointing(SynchronousTestCase):
    def test_a_caret_is_under_the_place(self) -> None:
        with self.assertRaises(BadFilter) as caught:
            read("online and staus=x")
        self.assertEqual(pointing("online and staus=x", caught.exception.at), "online and staus=x\n           ^")

    def test_of_a_long_filter_the_part_around_the_place_is_shown(self) -> None:
        text = "".join(chr(ord("a") + number % 26) for number in range(1_000))
        for at in (0, 10, 500, 990, 1_000):
            line, caret = pointing(text, at).split("\n")
            self.assertLessEqual(len(caret), 80)
            self.assertLessEqual(len(line), 79)
            self.assertEqual((line + " ")[caret.index("^")], (text + " ")[at])

    def test_what_would_move_the_caret_is_a_space(self) -> None:
        self.assertEqual(pointing("a\n\tb\x1b[1m", 3), "a  b [1m\n   ^")


class Help(SynchronousTestCase):
    def test_it_fits_a_terminal(self) -> None:
        for language in (CLIENTS, JOBS, STEPS, ORDERS):
            for line in usage(language).splitlines():
                self.assertLess(len(line), 80, line)

    def test_it_names_every_attribute_word_and_operator(self) -> None:
        for language in (CLIENTS, JOBS, STEPS, ORDERS):
            text = usage(language)
            for word in (*language.asked, *language.aliases, *language.words, "all", "!~", ">="):
                self.assertIn(word, text)

    def test_it_says_what_words_mean(self) -> None:
        lines = usage(CLIENTS).splitlines()
        self.assertEqual(lines[:3], [
            "A filter is one word or several, and all of them must be true of a client:",
            "  all",
            "  enabled, disabled         what the administrator wants",
        ])  # fmt: skip
        self.assertIn("  memory_used, gpu_memory_used, disk_free, memory, keep_memory", lines)
        self.assertIn("                            memory, such as 32GB", lines)
        self.assertIn("  name, system, gpus, sleep_zone, pools or pool, tags or tag, takes, sleeps,", lines)
        self.assertIn("must be true of an order:", usage(ORDERS))
        self.assertNotIn("its id", usage(STEPS))
