"""What a page asks of the events beyond kinds: some things, some attributes, at its own pace; and who shares what."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.verbs.following.narrower import MOST_IDS
from brender.web.following.audience import A_READER
from tests.web.fakes import Web, Wire, request
from tests.web.following.test_stream import events
from tests.web.following.test_websocket import Talk

CROWD = 125  # a quarter of a second between two times


class Asking(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)

    def follow(self, query: str) -> Wire:
        wire = self.web.wire()
        wire.send(request("GET", f"/api/v1/events?{query}"))
        return wire

    async def jobs(self, *names: str) -> list[int]:
        made = [(await self.web.farm.job(name=name)).id for name in names]
        self.web.farm.clock.advance(0.2)
        return made

    def publish(self, kind: str, data: Any) -> None:
        self.web.farm.service._events.publish(kind, data)

    def shows(self, *jobs: int) -> None:
        """All of them are announced at once."""
        service = self.web.farm.service
        self.publish("job", [service._view("job", number) for number in jobs])


class Narrower(Asking):
    async def test_only_these_things_and_what_is_newer(self) -> None:
        first, second, third = await self.jobs("a", "b", "c")
        wires = [self.follow(f"kind=job&ids={ids}") for ids in (f"{first},{third}", f"{second}-", f"{second}-{third}")]
        self.shows(first)
        self.shows(first, second, third)
        await self.jobs("d")
        heard = [[[view["name"] for view in data] for _, _, data in events(wire)] for wire in wires]
        self.assertEqual(heard, [[["a"], ["a", "c"]], [["b", "c"], ["d"]], [["b", "c"]]])

    async def test_only_these_attributes_and_the_id_always(self) -> None:
        (job,) = await self.jobs("a")
        wire = self.follow("kind=job&fields=state,name")
        self.shows(job)
        ((_, kind, data),) = events(wire)
        self.assertEqual((kind, data), ("job", [{"id": job, "name": "a", "state": "queued"}]))

    async def test_each_kind_shows_those_that_it_has(self) -> None:
        wire = self.follow("kind=job,client&fields=owner,slots")
        client = await self.web.farm.client("render-01", slots=8)
        (job,) = await self.jobs("a")
        heard = {kind: data for _, kind, data in events(wire)}
        self.assertEqual(heard, {"client": [{"id": client.id, "slots": 8}], "job": [{"id": job, "owner": ""}]})

    async def test_what_was_missed_is_narrowed_too(self) -> None:
        begin = self.web.farm.service.last_event
        first, second = await self.jobs("a", "b")
        wire = self.follow(f"kind=job&ids={second}&fields=name&since={begin}")
        self.assertEqual([data for _, _, data in events(wire)], [[{"id": second, "name": "b"}]])
        self.assertLess(first, second)

    async def test_a_filter_chooses_among_these_things(self) -> None:
        first, second = await self.jobs("a", "b")
        wire = self.follow(f"kind=job&ids={first},{second}&filter=name=b&fields=name")
        self.shows(first, second)
        self.assertEqual([data for _, _, data in events(wire)], [[{"id": second, "name": "b"}]])

    async def test_a_websocket_hears_the_same_and_keeps_to_it_when_it_asks_for_other_kinds(self) -> None:
        first, second = await self.jobs("a", "b")
        talk = Talk(self.web, f"?kind=client&ids={second}&fields=name")
        talk.say(kinds=["job"])
        self.shows(first, second)
        self.assertEqual([data for _, kind, data in talk.said() if kind == "job"], [[{"id": second, "name": "b"}]])

    def test_what_cannot_be_is_refused_with_its_place(self) -> None:
        for query, at in (
            ("ids=3,x", "ids"),
            ("ids=-3", "ids"),
            (f"ids=1-{MOST_IDS + 1}", "ids"),
            ("ids=3&kind=farm", "ids"),
            ("fields=nmae&kind=job", "fields"),
            ("fields=slots&kind=job", "fields"),
            ("fields=name&kind=gone", "fields"),
            ("every=fast", "every"),
            ("every=61", "every"),
            ("every=-1", "every"),
        ):
            reply = self.follow(query).reply()
            self.assertEqual((reply.status, reply.json["at"]), (400, at), query)
        self.assertEqual(len(self.web.site.streams), 0)


class Begin(Asking):
    async def test_every_answer_says_after_which_event_it_was_made(self) -> None:
        for path in ("/api/v1/jobs", "/api/v1/farm", "/api/v1/clients.json?draw=1"):
            self.assertEqual(self.web.get(path).headers["last-event-id"], str(self.web.farm.service.last_event), path)
        begin = self.web.get("/api/v1/jobs").headers["last-event-id"]
        (job,) = await self.jobs("a")
        heard = events(self.follow(f"kind=job&fields=name&since={begin}"))
        self.assertEqual([data for _, _, data in heard], [[{"id": job, "name": "a"}]])
        self.assertNotIn("last-event-id", self.web.get("/").headers)


class OwnPace(Asking):
    def pieces(self, wire: Wire) -> int:
        """How many writes it got."""
        return wire.got().count(b"\r\n", wire.got().index(b"\r\n\r\n") + 4) // 2

    async def test_the_first_is_told_at_once_and_then_only_the_newest_of_each(self) -> None:
        first, second = await self.jobs("a", "b")
        wire = self.follow("kind=job&fields=name&every=2")
        self.shows(first)
        self.web.farm.clock.advance(0)
        self.assertEqual(len(events(wire)), 1)
        for _ in range(5):
            self.shows(first, second)
            self.web.farm.clock.advance(0.2)
        self.assertEqual(len(events(wire)), 1)
        self.web.farm.clock.advance(1.1)
        (_, (number, _, data)) = events(wire)
        self.assertEqual((number, [view["name"] for view in data]), (self.web.farm.service.last_event, ["a", "b"]))

    async def test_all_that_has_gathered_is_one_write_in_its_order(self) -> None:
        (job,) = await self.jobs("a")
        wire = self.follow("every=2&kind=job,farm,gone")
        before = self.pieces(wire)
        self.publish("farm", {"state": "waiting"})
        self.shows(job)
        self.publish("farm", {"state": "working"})
        self.web.farm.clock.advance(0)
        self.assertEqual([kind for _, kind, _ in events(wire)], ["farm", "job", "farm"])
        self.assertEqual(self.pieces(wire), before + 1)

    async def test_what_is_gone_is_not_shown_after_that(self) -> None:
        first, second = await self.jobs("a", "b")
        wire = self.follow("every=2&kind=job&fields=name")
        self.shows(first)
        self.web.farm.clock.advance(0)
        self.shows(first, second)
        self.publish("gone", {"kind": "job", "ids": [first]})
        self.web.farm.clock.advance(2)
        (_, *rest) = events(wire)
        self.assertEqual(
            [(kind, data) for _, kind, data in rest],
            [("job", [{"id": second, "name": "b"}]), ("gone", {"kind": "job", "ids": [first]})],
        )

    async def test_the_more_look_on_the_less_often_each_is_told(self) -> None:
        (job,) = await self.jobs("a")
        wires = [self.follow("every=0.1&kind=job&fields=name") for _ in range(CROWD)]
        told = []
        for _ in range(20):
            self.shows(job)
            self.web.farm.clock.advance(0.05)
            told.append(len(events(wires[0])))
        self.assertEqual(told[-1], round(20 * 0.05 / (CROWD * A_READER)))

    def test_nothing_is_due_when_its_last_reader_has_gone(self) -> None:
        wire = self.follow("every=2&kind=farm")
        self.publish("farm", {})
        wire.close()
        self.assertEqual(self.web.farm.clock.getDelayedCalls(), [])


class Together(Asking):
    async def test_readers_who_ask_the_same_share_what_is_made_for_them(self) -> None:
        streams = self.web.site.streams
        wires = [self.follow("kind=job&every=0.1&fields=name") for _ in range(5)]
        self.follow("kind=job")
        self.assertEqual([len(each.readers) for each in streams._audiences.values()], [5, 1])
        (job,) = await self.jobs("a")
        self.assertEqual({str(events(wire)) for wire in wires}, {str(events(wires[0]))})
        self.assertEqual(events(wires[0])[0][2], [{"id": job, "name": "a"}])

    def test_who_asks_for_something_else_leaves_the_others(self) -> None:
        streams = self.web.site.streams
        talks = [Talk(self.web, "?kind=farm") for _ in range(2)]
        talks[0].say(kinds=["job"])
        self.assertEqual(sorted(len(each.readers) for each in streams._audiences.values()), [1, 1])
        talks[0].say(kinds=["jbo"])  # which cannot be
        self.assertEqual(sorted(len(each.readers) for each in streams._audiences.values()), [1, 1])
        talks[0].say(kinds=["farm"])
        self.assertEqual([len(each.readers) for each in streams._audiences.values()], [2])
