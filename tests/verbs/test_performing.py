"""One request from any face, against a real farm: the verb is found, the things are chosen, the verb runs."""

from collections.abc import Awaitable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from brender.farm.changes import Changes
from brender.farm.client import Status
from brender.farm.interfaces import NotFound
from brender.farm.submission.problems import Refused
from brender.farm.transitions import JobState, NotNow
from brender.verbs.filters import BadFilter
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, Result, perform
from brender.verbs.said.unfit import Unfit
from tests.fakes import FRAMES, SmallFarm


class PerformCase(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)

    async def do(self, item: str, action: str, **how: Any) -> Result:
        return await perform(VERBS, self.farm.service, Request(item, action, **how), self.farm.now())

    async def plain(self, item: str, action: str, **how: Any) -> Any:
        return (await self.do(item, action, **how)).plain()

    async def names(self, filter: Any, item: str = "client") -> list[str]:  # noqa: A002 (the name of the field)
        return [each["name"] for each in (await self.plain(item, "read", filter=filter))["data"]]

    def refusing(self, kind: type[Exception], item: str, action: str, **how: Any) -> Deferred[Any]:
        return self.assertFailure(Deferred.fromCoroutine(self.do(item, action, **how)), kind)


class Choosing(PerformCase):
    async def test_a_filter_is_a_text_or_an_object(self) -> None:
        for name in ("render-01", "render-02", "attic"):
            await self.farm.client(name)
        self.assertEqual(await self.names("render*"), ["render-01", "render-02"])
        self.assertEqual(await self.names({"name": "render-0*", "status": "enabled"}), ["render-01", "render-02"])
        self.assertEqual(await self.names("not name~render* or id=1"), ["render-01", "attic"])
        self.assertEqual(await self.names(None), ["render-01", "render-02", "attic"])

    async def test_what_changes_things_has_to_be_told_which(self) -> None:
        await self.farm.client("render-01")
        nothing: tuple[Any, ...] = (None, "", {})
        for wanted in nothing:
            wrong = await self.refusing(Unfit, "client", "disable", filter=wanted)
            self.assertEqual(str(wrong), "Say which clients, by an id or a filter; all are all.")
            self.assertEqual(wrong.at, "filter")
        self.assertEqual((await self.plain("client", "disable", filter="all"))["changed"], 1)

    async def test_an_id_and_a_filter_are_not_said_both(self) -> None:
        client = await self.farm.client("render-01")
        wrong = await self.refusing(Unfit, "client", "disable", id=client.id, filter="all")
        self.assertEqual(wrong.at, "id")
        self.assertIs(client.status, Status.ENABLED)

    async def test_what_is_not_there_is_told(self) -> None:
        for item, sentence in {"client": "There is no client 7.", "job": "There is no job 7."}.items():
            self.assertEqual(str(await self.refusing(NotFound, item, "show", id=7)), sentence)

    async def test_the_orders_of_a_job_are_asked_for_with_the_job(self) -> None:
        job = await self.farm.job()
        client = await self.farm.client("render-01")
        self.farm.finish(client)
        self.farm.store.commit()
        found = await self.plain("order", "read", job=job.id, filter="client=render-01")
        self.assertEqual({order["client"] for order in found["data"]}, {"render-01"})
        self.assertEqual([step["name"] for step in (await self.plain("step", "read", job=job.id))["data"]], ["Render"])
        self.assertEqual((await self.refusing(Unfit, "order", "read")).at, "job")
        self.assertEqual((await self.refusing(Unfit, "client", "read", job=job.id)).at, "job")


class Changing(PerformCase):
    async def test_many_are_changed_by_one_commit_and_each_says_whether_it_was(self) -> None:
        clients = [await self.farm.client(f"render-{number:02}") for number in range(20)]
        await self.do("client", "disable", id=clients[3].id)
        saved: list[int] = []
        save = self.farm.store.save

        def counting(changes: Changes) -> Awaitable[None]:
            saved.append(len(changes.clients))
            return save(changes)

        self.patch(self.farm.store, "save", counting)
        found = await self.plain("client", "disable", filter="render*")
        self.assertEqual((found["matched"], found["changed"]), (20, 19))
        self.assertEqual([each["name"] for each in found["data"] if not each["changed"]], ["render-03"])
        self.assertEqual({each["status"] for each in found["data"]}, {"disabled"})
        self.assertEqual(saved, [19])

    async def test_of_many_jobs_one_that_refuses_says_so_and_the_others_are_done(self) -> None:
        done = await self.farm.job()
        client = await self.farm.client("render-01")
        self.farm.finish_all(client)
        waits = [await self.farm.job() for _ in range(3)]
        found = await self.plain("job", "cancel", filter="all")
        self.assertEqual((found["matched"], found["changed"]), (4, 3))
        errors = {each["id"]: each.get("error") for each in found["data"]}
        self.assertEqual(errors.pop(done.id), f"Job {done.id} is completed and cannot be canceled.")
        self.assertEqual(set(errors.values()), {None})
        self.assertEqual({job.state for job in waits}, {JobState.CANCELED})
        self.assertEqual(
            str(await self.refusing(NotNow, "job", "cancel", id=done.id)), errors_of(found["data"])[done.id]
        )

    async def test_what_is_said_is_read_strictly(self) -> None:
        client = await self.farm.client("render-01")
        wrongs: Mapping[str, tuple[dict[str, Any], str, str]] = {
            "unknown": ({"pols": ["gpu"]}, "pols", 'There is no field "pols" here; did you mean pools?'),
            "not settable": ({"load": 3}, "load", '"load" of a client cannot be set.'),
            "wrong type": ({"pools": "gpu"}, "pools", "pools: write a list."),
            "wrong word": ({"status": "enabld"}, "status", "status: "),
            "nothing": ({}, "", "Nothing is to be changed; "),
        }
        for name, (values, at, sentence) in wrongs.items():
            wrong = await self.refusing(Unfit, "client", "update", id=client.id, values=values)
            self.assertIn(sentence, str(wrong), name)
            self.assertEqual(wrong.at, at, name)
        await self.refusing(Refused, "client", "update", id=client.id, values={"most_tasks": 0})
        self.assertEqual((client.settings.pools, client.status), ((), Status.ENABLED))

    async def test_a_verb_or_an_item_that_is_none_is_told_with_the_nearest(self) -> None:
        for item, action, sentence, code in (
            ("client", "updat", 'No action "updat" on a client; did you mean update?', "unknown-action"),
            ("clint", "update", 'No item "clint"; did you mean client?', "unknown-item"),
            ("client", "cancel", 'No action "cancel" on a client; ', "unknown-action"),
        ):
            wrong = await self.refusing(Unfit, item, action)
            self.assertIn(sentence, str(wrong))
            self.assertEqual(wrong.code, code)

    async def test_a_filter_that_cannot_be_read_changes_nothing(self) -> None:
        client = await self.farm.client("render-01")
        await self.refusing(BadFilter, "client", "disable", filter="(status=enabled")
        await self.refusing(BadFilter, "client", "disable", filter={"staus": "enabled"})
        self.assertIs(client.status, Status.ENABLED)

    async def test_a_job_is_handed_in_and_shown_as_it_is(self) -> None:
        made = await self.plain("job", "create", values={"template": FRAMES, "owner": "ada", "name": "shot"})
        self.assertEqual((made["name"], made["owner"], made["state"]), ("shot", "ada", "queued"))
        shown = await self.plain("job", "show", id=made["id"])
        self.assertEqual((shown["name"], shown["orders"]), ("shot", []))
        self.assertIn("steps", shown["template"])
        await self.refusing(Refused, "job", "create", values={"template": "no-such-template"})
        wrong = await self.refusing(
            Unfit, "job", "create", values={"template": FRAMES, "priority": 3, "settings": {"priority": 4}}
        )
        self.assertEqual(wrong.at, "priority")


def errors_of(data: list[dict[str, Any]]) -> dict[int, Any]:
    return {each["id"]: each.get("error") for each in data}


class Fields(PerformCase):
    async def test_only_what_was_asked_for_is_shown(self) -> None:
        await self.farm.client("render-01")
        found = await self.plain("client", "read", values={"fields": "name,pools", "limit": 5})
        self.assertEqual(found["data"], [{"name": "render-01", "pools": ()}])
        wrong = await self.refusing(Unfit, "client", "read", values={"fields": "nme"})
        self.assertEqual((str(wrong), wrong.at), ('A client has no attribute "nme"; did you mean name?', "fields"))

    async def test_settings_out_of_range_are_refused_for_all_and_where_a_filter_chooses_none(self) -> None:
        for item, values in (("job", {"priority": 101}), ("client", {"most_tasks": 0, "status": "enabled"})):
            await self.refusing(Refused, item, "update", filter="id=999", values=values)
            self.assertEqual((await self.do(item, "update", filter="id=999", values={"zone": "UTC"})).changed, 0)

    async def test_numbers_may_be_texts_where_they_come_from_an_address(self) -> None:
        await self.farm.client("render-01")
        found = await self.plain("client", "read", values={"limit": "1"}, texts=True)
        self.assertEqual(len(found["data"]), 1)
        wrong = await self.refusing(Unfit, "client", "read", values={"limit": "0"}, texts=True)
        self.assertEqual((str(wrong), wrong.at), ("limit: write a whole number that is at least 1.", "limit"))
        await self.refusing(Unfit, "client", "read", values={"limit": "1"})

    async def test_why_says_it_of_one_or_of_many(self) -> None:
        client = await self.farm.client("render-01")
        found = await self.plain("client", "why", id=client.id)
        self.assertEqual((found["id"], found["name"]), (client.id, "render-01"))
        self.assertIn("render-01", found["why"])
        self.assertEqual(len((await self.plain("client", "why", filter="all"))["data"]), 1)


class Checked(PerformCase):
    """What is said besides is looked at before anything is done, and where no thing is chosen."""

    WRONG: tuple[tuple[str, str, dict[str, Any], type[Exception], str], ...] = (
        ("job", "forgive", {"clients": "stat=online"}, Unfit, "clients: "),
        ("job", "forgive", {"clients": "(\u0018\u001f"}, Unfit, "clients: "),
        ("job", "forgive", {"clients": "nobody"}, NotFound, "nobody"),
        ("job", "forgive", {"clients": [9]}, NotFound, "There is no client 9."),
        ("job", "retry", {"frames": "1-x"}, Refused, ""),
        ("job", "retry", {"frames": "10-1"}, Refused, "10-1:-1"),
        ("job", "retry", {"frames": "1", "tasks": [0]}, Refused, "Say frames or tasks, not both."),
        ("job", "requeue", {"frames": "1-x"}, Refused, ""),
        ("job", "requeue", {"with_dependents": True}, Unfit, "Say what is to run again"),
        ("job", "update", {}, Unfit, "Nothing is to be changed"),
        ("job", "update", {"priority": 101}, Refused, "100"),
        ("job", "why", {"frame": 1, "task": 0}, Refused, "Ask about a frame or about a task, not both."),
        ("client", "update", {}, Unfit, "Nothing is to be changed"),
        ("client", "update", {"most_tasks": -1}, Refused, ""),
        ("limit", "update", {}, Unfit, "Nothing is to be changed"),
        ("limit", "update", {"count": 0}, Refused, ""),
    )

    async def test_a_value_that_can_be_of_no_thing_is_refused_whichever_are_chosen(self) -> None:
        await self.farm.client("render-01")
        await self.farm.service.set_farm({"limits": {"arnold": {"count": 4}}})
        for jobs in (0, 2):
            for _ in range(jobs):
                await self.farm.job(priority=50)
            for item, action, values, kind, sentence in self.WRONG:
                for wanted in ("name~nobody-has-this-name", "all"):
                    wrong = await self.refusing(kind, item, action, filter=wanted, values=values)
                    self.assertIn(sentence, str(wrong), f"{action} {item} {values}")
        self.assertEqual({job.settings.priority for job in self.farm.service.farm.jobs.values()}, {50})
        self.assertEqual(self.farm.service.farm.settings.limits["arnold"].count, 4)
