"""Numbered events, who hears them, and views that are announced once they are written."""

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from brender.events import KEPT, MOST_THINGS, SHOW_EVERY, Announcer, Events
from brender.farm.interfaces import Event


def numbers(events: list[Event] | None) -> list[int] | None:
    return None if events is None else [event.number for event in events]


class TheRing(SynchronousTestCase):
    def setUp(self) -> None:
        self.events = Events(100)

    def publish(self, count: int = 1) -> None:
        for _ in range(count):
            self.events.publish("job", {"job": 1})

    def test_events_are_numbered_from_the_beginning_on(self) -> None:
        self.publish(3)
        self.assertEqual((self.events.last, numbers(self.events.since(100))), (103, [101, 102, 103]))

    def test_who_was_away_hears_what_it_missed(self) -> None:
        self.publish(5)
        self.assertEqual(numbers(self.events.since(103)), [104, 105])

    def test_who_has_heard_everything_missed_nothing(self) -> None:
        self.assertEqual(self.events.since(100), [])
        self.publish(2)
        self.assertEqual(self.events.since(102), [])

    def test_who_was_away_too_long_has_to_read_everything_again(self) -> None:
        self.publish(KEPT + 2)
        self.assertIsNone(self.events.since(101))
        self.assertEqual(len(self.events.since(102) or []), KEPT)

    def test_a_number_from_another_time_is_not_known(self) -> None:
        for number in (0, 99, 101, 10**15, -1):
            self.assertIsNone(self.events.since(number), str(number))
        self.publish(2)
        for number in (0, 99, 103, 10**15, -1):
            self.assertIsNone(self.events.since(number), str(number))


class Listeners(SynchronousTestCase):
    def setUp(self) -> None:
        self.events = Events(0)
        self.heard: list[Event] = []

    def test_each_hears_what_happens_from_now_on(self) -> None:
        self.events.publish("job", 1)
        self.events.subscribe(self.heard.append)
        self.events.publish("client", 2)
        self.assertEqual(self.heard, [Event(2, "client", 2)])

    def test_none_hears_anything_after_it_has_ended(self) -> None:
        end = self.events.subscribe(self.heard.append)
        end()
        end()
        self.events.publish("job", 1)
        self.assertEqual(self.heard, [])

    def test_one_function_may_listen_twice_and_end_once(self) -> None:
        self.events.subscribe(self.heard.append)
        self.events.subscribe(self.heard.append)()
        self.events.publish("job", 1)
        self.assertEqual(len(self.heard), 1)

    def test_one_may_end_while_it_is_told(self) -> None:
        def once(event: Event) -> None:
            self.heard.append(event)
            end()

        end = self.events.subscribe(once)
        self.events.subscribe(self.heard.append)
        self.events.publish("job", 1)
        self.events.publish("job", 2)
        self.assertEqual(numbers(self.heard), [1, 1, 2])

    def test_one_that_fails_is_written_to_the_log_and_hurts_nobody_else(self) -> None:
        def failing(event: Event) -> None:
            raise ZeroDivisionError

        self.events.subscribe(failing)
        self.events.subscribe(self.heard.append)
        self.events.publish("job", 1)
        self.assertEqual(numbers(self.heard), [1])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class Announcing(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.events = Events(0)
        self.now = {"job": 0}
        self.commits: list[Deferred[None]] = []

    def announcer(self, held: bool = False) -> Announcer:
        def written() -> Deferred[None]:
            if not held:
                return succeed(None)
            self.commits.append(Deferred())
            return self.commits[-1]

        return Announcer(self.events, self.clock, lambda kind, number: (number, self.now["job"]), written)

    def said(self) -> list[tuple[str, object]]:
        return [(event.kind, event.data) for event in self.events.since(0) or []]

    def test_what_changes_often_is_announced_once_as_it_is_then(self) -> None:
        announcer = self.announcer()
        for value in range(50):
            self.now["job"] = value
            announcer.show("job", 7)
        self.assertEqual(self.said(), [])
        self.clock.advance(SHOW_EVERY)
        self.assertEqual(self.said(), [("job", [(7, 49)])])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_all_of_a_kind_are_one_event_in_an_order_that_does_not_change(self) -> None:
        announcer = self.announcer()
        for kind, number in [("job", 9), ("client", 2), ("job", 1), ("client", 1)]:
            announcer.show(kind, number)
        self.clock.advance(SHOW_EVERY)
        self.assertEqual(self.said(), [("client", [(1, 0), (2, 0)]), ("job", [(1, 0), (9, 0)])])

    def test_a_thousand_things_are_one_event_and_more_are_several(self) -> None:
        announcer = self.announcer()
        for number in range(MOST_THINGS + 1):
            announcer.show("job", number)
        self.clock.advance(SHOW_EVERY)
        sizes = [len(data) for _, data in self.said()]  # type: ignore[arg-type]
        self.assertEqual(sizes, [MOST_THINGS, 1])

    def test_it_is_announced_again_when_it_has_changed_again(self) -> None:
        announcer = self.announcer()
        for value in (1, 2):
            self.now["job"] = value
            announcer.show("job", 7)
            self.clock.advance(SHOW_EVERY)
        self.assertEqual(self.said(), [("job", [(7, 1)]), ("job", [(7, 2)])])

    def test_nothing_is_announced_before_all_that_it_shows_is_written(self) -> None:
        announcer = self.announcer(held=True)
        self.now["job"] = 1
        announcer.show("job", 7)
        self.clock.advance(SHOW_EVERY)
        self.now["job"] = 2
        announcer.show("job", 7)
        self.clock.advance(60)
        self.assertEqual((self.said(), len(self.commits)), ([], 1))
        self.commits[0].callback(None)
        self.assertEqual(self.said(), [("job", [(7, 1)])])
        self.clock.advance(SHOW_EVERY)
        self.commits[1].callback(None)
        self.assertEqual(self.said(), [("job", [(7, 1)]), ("job", [(7, 2)])])

    def test_what_is_gone_is_told_and_nothing_shows_it_after(self) -> None:
        announcer = self.announcer(held=True)
        announcer.show("job", 7)
        announcer.show("job", 8)
        announcer.show("setting", "zone")
        self.clock.advance(SHOW_EVERY)
        announcer.show("job", 7)
        announcer.forget("job", 7)
        announcer.gone("job", [7])
        self.commits[0].callback(None)
        shown = [("job", [(8, 0)]), ("setting", [("zone", 0)])]
        self.assertEqual(self.said(), [("gone", {"kind": "job", "ids": [7]}), *shown])
        announcer.show("job", 7)  # it is back
        self.clock.advance(SHOW_EVERY)
        self.commits[1].callback(None)
        self.assertEqual(self.said()[3:], [("job", [(7, 0)])])

    def test_thousands_that_are_gone_are_several_events(self) -> None:
        self.announcer().gone("job", range(MOST_THINGS + 1, 0, -1))
        sizes = [(data["ids"][0], len(data["ids"])) for _, data in self.said()]  # type: ignore[index]
        self.assertEqual(sizes, [(1, MOST_THINGS), (MOST_THINGS + 1, 1)])

    def test_what_could_not_be_written_is_not_announced(self) -> None:
        announcer = self.announcer(held=True)
        announcer.show("job", 7)
        self.clock.advance(SHOW_EVERY)
        self.commits[0].errback(ValueError("The database cannot be used."))
        self.assertEqual((self.said(), len(self.flushLoggedErrors(ValueError))), ([], 1))

    def test_it_stops_when_it_is_told_to(self) -> None:
        announcer = self.announcer()
        announcer.show("job", 7)
        announcer.stop()
        announcer.show("job", 8)
        self.assertEqual((self.clock.getDelayedCalls(), self.said()), ([], []))
