"""Webhooks against a real web server on loopback: one that takes everything, one that fails, one that never answers."""

import hmac
import json
from hashlib import sha256
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.farm import Farm
from brender.farm.views.things import client_view
from brender.verbs.following.watching import for_views
from brender.webhooks import BadHook
from brender.webhooks.hooks import LAST, MOST_WAITING, WAITS
from brender.webhooks.posting import SECONDS
from brender.webhooks.webhooks import tests_of as filters_of
from tests.webhooks.receiver import HANG, NOON, SECRET, Got, Hooks, Receiver, settings, until


class Thing(msgspec.Struct):
    """A view, as far as hooks look at it."""

    id: int
    progress: int = 0


def ids(got: list[Got]) -> list[int]:
    return [each.json["id"] for each in got]


class Delivering(TestCase):
    def setUp(self) -> None:
        self.receiver = Receiver(self)
        self.hooks = Hooks(self, settings(self.receiver.url))
        self.addCleanup(self.hooks.hooks.stop)

    async def taken(self, count: int) -> list[Got]:
        await until(lambda: self.hooks.results["delivered"] >= count)
        return self.receiver.got

    async def test_an_event_arrives_with_its_number_and_is_signed(self) -> None:
        self.hooks.publish(kind="job", data=[Thing(7, 50)])
        (got,) = await self.taken(1)
        self.assertEqual((got.json["id"], got.json["event"], got.json["data"]), (101, "job", {"id": 7, "progress": 50}))
        self.assertEqual(got.headers["Content-Type"], "application/json")
        self.assertEqual(got.headers["Brender-Event"], "job")
        self.assertEqual(got.headers["Brender-Delivery"], got.json["delivery"])
        signed = hmac.new(SECRET.encode(), f"{NOON:.0f}.".encode() + got.body, sha256).hexdigest()
        self.assertEqual(got.headers["Brender-Signature"], f"t={NOON:.0f},v1={signed}")

    async def test_events_arrive_in_order(self) -> None:
        self.hooks.publish(20)
        self.assertEqual(ids(await self.taken(20)), list(range(101, 121)))

    async def test_a_receiver_that_fails_is_tried_again_with_the_same_delivery_and_comes_back(self) -> None:
        self.receiver.answers = [500, 503]
        self.hooks.publish(2)
        await until(lambda: len(self.receiver.got) == 1)
        await self.hooks.wait_and_go_on()
        await until(lambda: len(self.receiver.got) == 2)
        await self.hooks.wait_and_go_on()
        first, second, third, other = await self.taken(2)
        self.assertEqual(first.body, second.body)
        self.assertEqual(first.body, third.body)
        self.assertEqual([each.headers["Brender-Try"] for each in (first, second, third, other)], ["1", "2", "3", "1"])
        moments = [each.headers["Brender-Signature"].partition(",")[0] for each in (first, second, third)]
        waited = [0.0, WAITS[0], WAITS[0] + WAITS[1]]
        self.assertEqual(moments, [f"t={NOON + seconds:.0f}" for seconds in waited])
        self.assertEqual(ids([third, other]), [101, 102])
        self.assertNotEqual(third.json["delivery"], other.json["delivery"])
        self.assertEqual(self.hooks.results, {"delivered": 2, "failed": 2, "dead": 0})

    async def test_one_that_never_answers_is_given_up_in_time(self) -> None:
        self.receiver.answers = [HANG]
        self.hooks.publish()
        await until(lambda: len(self.receiver.hanging) == 1)
        self.hooks.clock.advance(SECONDS)
        await until(lambda: self.hooks.results["failed"] == 1)
        await self.hooks.wait_and_go_on()
        self.assertEqual(ids(await self.taken(1)), [101, 101])

    async def test_one_that_is_not_there_gets_it_when_it_comes(self) -> None:
        port = self.receiver.number
        await self.receiver.close()
        self.hooks.publish()
        await until(lambda: self.hooks.results["failed"] == 1)
        back = Receiver(self, port)
        await self.hooks.wait_and_go_on()
        await until(lambda: self.hooks.results["delivered"] == 1)
        self.assertEqual(ids(back.got), [101])

    async def test_a_redirect_is_not_followed(self) -> None:
        self.receiver.answers = [307]
        self.hooks.publish()
        await until(lambda: self.hooks.results["failed"] == 1)
        self.assertEqual(len(self.receiver.got), 1)

    async def test_whatever_a_receiver_says_at_length_it_has_taken_the_event(self) -> None:
        self.receiver.answers = [200]
        self.hooks.publish(2)
        self.assertEqual(ids(await self.taken(2)), [101, 102])

    async def test_of_a_thing_that_changes_while_one_waits_only_the_newest_is_sent(self) -> None:
        self.receiver.answers = [HANG]
        self.hooks.publish()
        await until(lambda: len(self.receiver.hanging) == 1)
        for progress in range(50):
            self.hooks.publish(kind="job", data=[Thing(7, progress)])
        self.hooks.publish(kind="job", data=[Thing(8, 1)])
        self.hooks.publish(kind="job", data=[Thing(7, 50)])
        self.assertEqual(self.hooks.hooks.waiting, 2)
        self.receiver.hanging.pop().finish()
        data = [got.json["data"] for got in await self.taken(3)]
        self.assertEqual(data[1:], [{"id": 8, "progress": 1}, {"id": 7, "progress": 50}])

    async def test_one_that_is_far_too_slow_is_reset_and_memory_stays_bounded(self) -> None:
        self.receiver.answers = [HANG]
        self.hooks.publish()
        await until(lambda: len(self.receiver.hanging) == 1)
        self.hooks.publish(MOST_WAITING + 1)
        self.assertEqual(self.hooks.hooks.waiting, 1)
        self.hooks.publish()
        self.receiver.hanging.pop().finish()
        _, reset, last = await self.taken(3)
        self.assertEqual((reset.json["event"], reset.json["data"]), ("reset", {"last_event": 101 + MOST_WAITING + 1}))
        self.assertEqual((last.json["event"], last.json["id"]), ("farm", 101 + MOST_WAITING + 2))


class DeadLetters(TestCase):
    async def test_what_nobody_takes_is_kept_and_the_next_event_is_tried(self) -> None:
        receiver = Receiver(self)
        hooks = Hooks(self, settings(receiver.url))
        receiver.answers = [500] * (1 + len(WAITS))
        hooks.publish(2)
        for number in range(1, 1 + len(WAITS)):
            await until(lambda number=number: hooks.results["failed"] == number)  # type: ignore[misc]
            await hooks.wait_and_go_on()
        await until(lambda: hooks.results["delivered"] == 1)
        (letter,) = hooks.letters()
        self.assertEqual((letter["event"], letter["tries"], letter["reason"]), (101, 1 + len(WAITS), "it answered 500"))
        self.assertEqual(letter["body"], receiver.got[0].json)
        self.assertEqual(letter["hook"], "Webhook 1 (127.0.0.1)")
        self.assertEqual(ids(receiver.got)[-1], 102)
        self.assertEqual(hooks.results["dead"], 1)
        self.assertAlmostEqual(hooks.clock.seconds() - NOON, sum(WAITS))


class Stopping(TestCase):
    async def test_what_waits_when_the_server_stops_is_still_sent(self) -> None:
        receiver = Receiver(self)
        hooks = Hooks(self, settings(receiver.url))
        hooks.publish(5)
        await hooks.hooks.stop()
        self.assertEqual((ids(receiver.got), hooks.letters()), (list(range(101, 106)), []))
        hooks.publish()
        self.assertEqual((hooks.hooks.waiting, hooks.clock.getDelayedCalls()), (0, []))

    async def test_one_that_rests_after_a_failure_is_tried_a_last_time(self) -> None:
        receiver = Receiver(self)
        hooks = Hooks(self, settings(receiver.url))
        receiver.answers = [500, 500]
        hooks.publish(2)
        await until(lambda: hooks.results["failed"] == 1)
        await hooks.hooks.stop()
        self.assertEqual(ids(receiver.got), [101, 101, 102])
        self.assertEqual([letter["event"] for letter in hooks.letters()], [101])

    async def test_one_that_never_answers_holds_up_the_stop_for_a_moment_and_what_waits_is_kept(self) -> None:
        receiver, other = Receiver(self), Receiver(self)
        hooks = Hooks(self, settings(receiver.url), settings(other.url))
        receiver.answers = [HANG]
        hooks.publish(3)
        await until(lambda: len(receiver.hanging) == 1 and hooks.results["delivered"] == 3)
        stopping = Deferred.fromCoroutine(hooks.hooks.stop())
        self.assertFalse(stopping.called)
        hooks.clock.advance(LAST)
        await stopping
        self.assertEqual([letter["event"] for letter in hooks.letters()], [101, 102, 103])
        self.assertEqual({letter["reason"] for letter in hooks.letters()}, {"the server stopped"})
        self.assertEqual(ids(other.got), [101, 102, 103])  # who is slow holds up nobody else
        self.assertEqual(hooks.clock.getDelayedCalls(), [])


class Choosing(TestCase):
    def setUp(self) -> None:
        self.sent: list[Any] = []

    async def post(self, url: str, headers: Any, body: bytes) -> None:
        self.sent.append((url, json.loads(body)["event"], json.loads(body)["data"]))

    def hooks(self, **others: Any) -> Hooks:
        return Hooks(self, settings("http://a.example/", **others), post=self.post)

    def client(self, number: int, status: Status) -> Any:
        farm = Farm()
        client = RuntimeClient(number, Machine(key="key", name=f"render-{number:02}", slots=1), status)
        farm.admit(client)
        return client_view(client, farm)

    def test_jobs_and_the_farm_are_told_unless_other_kinds_are_named(self) -> None:
        usual, clients = self.hooks(), self.hooks(kinds=("client",))
        for hooks in (usual, clients):
            hooks.publish(kind="client", data=[Thing(1)])
            hooks.publish(kind="job", data=[Thing(1)])
            hooks.publish()
        self.assertEqual([kind for _, kind, _ in self.sent], ["job", "farm", "client"])

    def test_no_kinds_are_all_kinds(self) -> None:
        hooks = self.hooks(kinds=())
        for kind in ("job", "client"):
            hooks.publish(kind=kind, data=[Thing(1)])
        hooks.publish(kind="picture", data={"job": 1, "picture": 2})
        self.assertEqual([kind for _, kind, _ in self.sent], ["job", "client", "picture"])

    def test_a_filter_chooses_among_the_things_of_a_kind(self) -> None:
        hooks = self.hooks(kinds=("client", "farm"), filter="disabled render-0*")
        for number, status in ((1, Status.ENABLED), (2, Status.DISABLED), (33, Status.DISABLED), (4, Status.DISABLED)):
            hooks.publish(kind="client", data=[self.client(number, status)])
        hooks.publish()
        self.assertEqual([data.get("name", kind) for _, kind, data in self.sent], ["render-02", "render-04", "farm"])


class Settings(SynchronousTestCase):
    def wrong(self, **others: Any) -> str:
        matching = for_views(Farm(), lambda: NOON)
        return str(self.assertRaises(BadHook, filters_of, 2, settings("http://a.example/", **others), matching))

    def test_a_filter_that_cannot_be_is_told_before_the_server_starts(self) -> None:
        self.assertRegex(
            self.wrong(kinds=("client",), filter="colour=red"),
            '^The filter of webhook 2 cannot be used: No attribute "colour" on a client; .*',
        )
        self.assertEqual(
            self.wrong(kinds=("farm",), filter="online"),
            "The filter of webhook 2 chooses among jobs and clients, and it hears of neither.",
        )
