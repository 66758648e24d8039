"""From typed words to requests: which verb, which things, what is said besides."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.protocols.commands import OWN
from brender.verbs.items.item import Item
from brender.verbs.known import VERBS
from brender.verbs.performing import Request
from brender.verbs.said.words import BadWords, as_word, split
from brender.verbs.typed import understood
from brender.verbs.typed.completing import ways
from brender.verbs.typed.usage import usage

UTC = ZoneInfo("UTC")
ALL = {"limit": 1000}

UNDERSTOOD: dict[str, Request] = {
    "clients": Request("client", "read", values=ALL),
    "clients online pool=gpu": Request("client", "read", filter="online pool=gpu", values=ALL),
    "CLIENTS 3": Request("client", "read", filter="3", values=ALL),
    "jobs owner=ada sort=-priority": Request(
        "job", "read", filter="owner=ada", values={"limit": 40, "sort": "-priority"}
    ),
    "jobs sort=name limit=3 paused": Request("job", "read", filter="paused", values={"limit": 3, "sort": "name"}),
    "read client online": Request("client", "read", filter="online", values=ALL),
    "list jobs": Request("job", "read", values={"limit": 40}),
    "job 4": Request("job", "show", 4, values={"orders": 0}),
    "client 3": Request("client", "show", 3),
    "client render-0*": Request("client", "read", filter="render-0*", values=ALL),
    "job 4 orders=3": Request("job", "show", 4, values={"orders": 3}),
    "task 4 Render:2": Request("task", "show", "Render:2", job=4),
    "requeue task 4 Render:2": Request("task", "requeue", "Render:2", job=4),
    "requeue task 4 Render": Request("task", "requeue", filter="Render", job=4),
    "cancel tasks 4 frame=3-9": Request("task", "cancel", filter="frame=3-9", job=4),
    "cancel task 4 Render:2": Request("task", "cancel", "Render:2", job=4),
    "order 4 17": Request("order", "show", 17, job=4),
    "orders 4": Request("order", "read", values=ALL, job=4),
    "steps 4 stale=yes": Request("step", "read", filter="stale=yes", values=ALL, job=4),
    "enable all": Request("client", "enable", filter="all"),
    "disable 3": Request("client", "disable", 3),
    "disable client 3": Request("client", "disable", 3),
    "cancel 4": Request("job", "cancel", 4),
    "cancel 4,7-9": Request("job", "cancel", filter="4,7-9"),
    "cancel owner=ada state=queued": Request("job", "cancel", filter="owner=ada state=queued"),
    'pause "owner=ada or owner=bob"': Request("job", "pause", filter="owner=ada or owner=bob"),
    'cancel queued "owner=ada or priority<10"': Request("job", "cancel", filter="queued (owner=ada or priority<10)"),
    'enable "render 1"': Request("client", "enable", filter='"render 1"'),
    "why 4": Request("job", "why", 4),
    "why 4 12": Request("job", "why", 4, values={"frame": 12}),
    "why 4 -3 step=Comp": Request("job", "why", 4, values={"frame": -3, "step": "Comp"}),
    "why render-01": Request("client", "why", filter="render-01"),
    "why owner=ada": Request("job", "why", filter="owner=ada"),
    "why memory>=32GB": Request("client", "why", filter="memory>=32GB"),
    "why client 4": Request("client", "why", 4),
    "log 4 2": Request("job", "log", 4, values={"task": 2}),
    "retry 4": Request("job", "retry", 4),
    "retry 4 1-10,15": Request("job", "retry", 4, values={"frames": "1-10,15"}),
    "retry 4 Comp": Request("job", "retry", 4, values={"step": "Comp"}),
    "retry 4 step=Comp": Request("job", "retry", 4, values={"step": "Comp"}),
    "requeue 4 1-3 --with-dependents": Request("job", "requeue", 4, values={"frames": "1-3", "with_dependents": True}),
    "requeue state=failed tasks=3,4": Request("job", "requeue", filter="state=failed", values={"tasks": [3, 4]}),
    "forgive 4": Request("job", "forgive", 4),
    "forgive 4 render-0* online": Request("job", "forgive", 4, values={"clients": "render-0* online"}),
    "set job 4 priority=80 hours='20:00-06:00'": Request(
        "job", "update", 4, values={"priority": 80, "hours": "20:00-06:00"}
    ),
    "set jobs owner=ada priority=80": Request("job", "update", filter="owner=ada", values={"priority": 80}),
    "set client render-0* pools=lighting,gpu": Request(
        "client", "update", filter="render-0*", values={"pools": ["lighting", "gpu"]}
    ),
    "set client status=enabled status=disabled": Request(
        "client", "update", filter="status=enabled", values={"status": "disabled"}
    ),
    "set client online memory>=32GB keep-memory=4GB": Request(
        "client", "update", filter="online memory>=32GB", values={"keep_memory": 4 << 30}
    ),
    "update client 3 --most-tasks 2": Request("client", "update", 3, values={"most_tasks": 2}),
    "add 4 Frames=101-120": Request("job", "add", 4, values={"values": {"Frames": "101-120"}}),
    "create limit arnold count=3": Request("limit", "create", values={"name": "arnold", "count": 3}),
    "set limit arnold count=4": Request("limit", "update", filter="arnold", values={"count": 4}),
    "set setting zone Europe/Paris": Request("setting", "update", "zone", values={"value": "Europe/Paris"}),
    "delete limit arnold": Request("limit", "delete", filter="arnold"),
    "limit arnold": Request("limit", "show", "arnold"),
}

REFUSED = {
    "xyzzy": 'No command "xyzzy"',
    "clinets": "did you mean clients?",
    "update": "Say of what: update client, or update job",
    "set 4 priority=3": "Say of what: set client, or set job",
    "enable": "Say which clients: enable FILTER; all is every client.",
    "log": "Say which job: log ID [TASK].",
    "steps": "Say of which job: steps JOB [FILTER], such as steps 4.",
    "steps Comp": "Say of which job",
    "set job 4": "Say what is to be so: KEY=VALUE; there are ",
    "set job 4 priorty=3": 'No setting "priorty" of a job; did you mean priority?',
    "set job 4 state=active": '"state" of a job cannot be set.',
    "set job 4 --state=active": '"state" of a job cannot be set.',
    "set job id=4 state=active": '"state" of a job cannot be set.',
    "set user bo name=jo": '"name" of a user cannot be set; role and password can.',
    "create invitation left=3": '"left" of an invitation cannot be set; uses, valid_seconds and note can.',
    "set job 4 priority=high": 'priority: "high" is not a whole number.',
    "set job 4 priority=3 priority=4": "priority is given twice.",
    "set job 4 priority=3 high": '"high" is not KEY=VALUE',
    "pause 4 5": "Write several ids with commas between: pause 4,5.",
    "requeue 4 1 --with-dependants": "did you mean --with-dependents?",
    "enable all --now": 'No option "--now"; enable has none.',
    "set client all --pools": "--pools needs a value.",
    "retry 4 1-3 frames=4": "frames is given twice.",
    "log x": '"x" is not the id of a job',
    "log 4 x": 'task: "x" is not a whole number.',
    "enable name='x": "A quote is opened in that line and never closed.",
    "submit nothing.yaml": 'No built-in template "nothing.yaml"',
}


class Understanding(SynchronousTestCase):
    def test_what_is_typed_is_what_a_program_would_ask_for(self) -> None:
        for line, request in UNDERSTOOD.items():
            self.assertEqual(understood(split(line), VERBS, UTC).request, request, line)

    def test_what_cannot_be_understood_is_a_sentence(self) -> None:
        for line, sentence in REFUSED.items():
            with self.assertRaises(BadWords, msg=line) as caught:
                understood(split(line), VERBS, UTC, OWN)
            self.assertIn(sentence, str(caught.exception), line)

    def test_words_that_another_shell_has_split_mean_the_same(self) -> None:
        for words, wanted in {
            ("clients", "status=enabled and memory>=32GB"): "status=enabled and memory>=32GB",
            ("clients", "online", "memory>=32GB or idle"): "online (memory>=32GB or idle)",
            ("clients", "my machine"): '"my machine"',
        }.items():
            self.assertEqual(understood([as_word(word) for word in words], VERBS, UTC).filter, wanted)

    def test_the_usage_of_every_verb_begins_as_it_is_typed(self) -> None:
        for verb in VERBS.values():
            words = usage(verb).replace("[", "").replace("]", "").split()
            line = " ".join(words[: 2 if words[1:2] == [verb.item.name] else 1])
            job = " 4" if verb.item.of_job else ""
            try:
                found = understood(split(f"{line}{job} 4 key=value"), VERBS, UTC).verb
            except BadWords:
                continue  # it was the right verb, which takes no key
            self.assertEqual(found.item.name, verb.item.name, line)

    @given(st.text(), st.sampled_from([" ".join(key) for key in sorted(VERBS)] + ["jobs", "retry 4", "set job all"]))
    def test_any_line_is_understood_or_a_sentence(self, rest: str, begin: str) -> None:
        try:
            understood(split(f"{begin} {rest}"), VERBS, UTC)
        except BadWords as refused:
            self.assertTrue(str(refused).endswith((".", "?")), str(refused))


def values(item: Item, name: str) -> Iterable[str]:
    known: dict[tuple[str, str], list[str]] = {
        ("client", "name"): ["render-01", "render-02", "attic"],
        ("job", "id"): ["1", "2"],
        ("job", "owner"): ["ada", "bob"],
        ("pool", "name"): ["gpu", "lighting"],
    }
    return known.get((item.name, name), [])


COMPLETED: dict[str, tuple[str, list[str]]] = {
    "cli": ("", ["clients "]),
    "he": ("", ["help "]),
    "help dis": ("help ", ["disable "]),
    "enable sta": ("enable ", ["status="]),
    "enable status=": ("enable status=", ["enabled ", "disabled "]),
    "enable ren": ("enable ", ["render-01 ", "render-02 "]),
    "disable render-01,re": ("disable render-01,", ["render-01 ", "render-02 "]),
    "set c": ("set ", ["client "]),
    "set client all pools=g": ("set client all pools=", ["gpu"]),
    "set client all pools=gpu,l": ("set client all pools=gpu,", ["lighting"]),
    "set client all when": ("set client all ", ["when_used="]),
    "set job 4 order=b": ("set job 4 order=", ["backwards "]),
    "set job 4 preemptible=": ("set job 4 preemptible=", ["no ", "yes "]),
    "requeue 1 --w": ("requeue 1 ", ["--with-dependents "]),
    "jobs sort=-priori": ("jobs sort=-", ["priority"]),
    "jobs owner=a": ("jobs owner=", ["ada "]),
    "tasks ": ("tasks ", ["1 ", "2 "]),
    "cancel state=q": ("cancel state=", ["queued "]),
    'clients "status=en': ('clients "status=', ["enabled"]),
    "submit bl": ("submit ", ["blender "]),
    "submit blender --prior": ("submit blender ", ["--priority "]),
    "enable xyz": ("enable ", []),
    "xyzzy a": ("xyzzy ", []),
    'enable "a" \'b': ('enable "a" ', []),
}


class Completing(SynchronousTestCase):
    def ways(self, line: str) -> tuple[str, Any]:
        found = ways(line, VERBS, values, OWN)
        return line[: found.start], list(found.words)

    def test_each_word_of_a_line_is_completed_by_what_may_stand_there(self) -> None:
        for line, wanted in COMPLETED.items():
            self.assertEqual(self.ways(line), wanted, line)

    def test_of_several_items_each_can_be_said(self) -> None:
        begin, words = self.ways("why ")
        self.assertEqual(begin, "why ")
        self.assertLessEqual({"client ", "job ", "render-01 "}, set(words))

    @given(st.lists(st.sampled_from([*"ab =,'\"()<>~-1", "client", "set ", "name", "enable ", "pools", "\n"])))
    def test_any_text_has_ways_that_begin_within_it(self, parts: list[str]) -> None:
        line = "".join(parts)
        found = ways(line, VERBS, values, OWN)
        self.assertLessEqual(0, found.start)
        self.assertLessEqual(found.start, len(line))
