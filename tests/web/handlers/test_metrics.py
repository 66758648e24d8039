"""The farm in figures for Prometheus, read by prometheus-client's own parser, and the board that shows them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_metrics
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.farm.client import Machine, RuntimeClient
from brender.web.handlers.census import SLICE
from brender.web.handlers.delay import BOUNDS, EVERY, Delay
from tests.web.fakes import Reply, Web, request

BOARD = Path(__file__).resolve().parents[3] / "docs" / "deploy" / "grafana.json"
FAILING = "the renderer said no"


def samples(text: str, parse: Any = plain_metrics) -> dict[str, float]:
    """Each value by its name and labels, as Prometheus writes them."""
    found = {}
    for family in parse(text):
        for name, labels, value, *_ in family.samples:
            inside = ",".join(f'{key}="{each}"' for key, each in sorted(labels.items()))
            found[f"{name}{{{inside}}}" if inside else name] = value
    return found


class Scraping(TestCase):
    def setUp(self) -> None:
        self.web = Web(self, deliveries=SimpleNamespace(waiting=2, tries={"delivered": 5, "failed": 3}, dead_letters=1))

    def scrape(self) -> dict[str, float]:
        return samples(self.web.get("/metrics").body.decode())

    def test_it_is_prometheus_text_by_its_own_parser(self) -> None:
        reply = self.web.get("/metrics")
        kind = "text/plain; version=0.0.4; charset=utf-8"
        self.assertEqual((reply.status, reply.headers["content-type"]), (200, kind))
        self.assertEqual(samples(reply.body.decode())['brender_build_info{version="2.0"}'], 1)

    def test_it_is_open_metrics_for_those_who_ask(self) -> None:
        reply = self.web.get("/metrics", Accept="application/openmetrics-text; version=1.0.0,text/plain;q=0.5")
        self.assertTrue(reply.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0"))
        self.assertEqual(samples(reply.body.decode(), open_metrics)['brender_build_info{version="2.0"}'], 1)

    def test_every_name_keeps_to_the_conventions(self) -> None:
        for family in plain_metrics(self.web.get("/metrics").body.decode()):
            self.assertRegex(family.name, "^(brender|process)_[a-z_]+$")
            self.assertTrue(family.documentation.endswith("."), family.name)
            for sample in family.samples:
                self.assertEqual(sample.name.endswith("_total"), family.type == "counter", sample.name)

    async def test_clients_are_counted_by_their_states_and_not_by_their_names(self) -> None:
        farm = self.web.farm
        busy = await farm.client("render-01", slots=4)
        await farm.job(values={"Frames": "1"})
        farm.start(busy)
        farm.gone(await farm.client("render-02", slots=2))
        await farm.client("render-03", slots=8)
        found = self.scrape()
        self.assertEqual(found['brender_clients{activity="busy",connection="online",status="enabled"}'], 1)
        self.assertEqual(found['brender_clients{activity="idle",connection="online",status="enabled"}'], 1)
        self.assertEqual(found['brender_clients{activity="idle",connection="offline",status="enabled"}'], 1)
        self.assertEqual(found['brender_clients{activity="off",connection="offline",status="disabled"}'], 0)
        self.assertEqual((found["brender_slots"], found["brender_slots_used"]), (12, 4))
        self.assertNotIn("render-0", self.web.get("/metrics").body.decode())

    async def test_jobs_and_the_tasks_of_those_that_have_not_ended(self) -> None:
        farm = self.web.farm
        client = await farm.client("render-01")
        await farm.job(values={"Frames": "1-3"})
        farm.finish_all(client)
        await farm.job(values={"Frames": "1-5"})
        paused = await farm.job(values={"Frames": "1-7"})
        await farm.service.pause(paused.id)
        found = self.scrape()
        states = {state: found[f'brender_jobs{{state="{state}"}}'] for state in ("active", "paused", "completed")}
        self.assertEqual(states, {"active": 1, "paused": 1, "completed": 1})
        tasks = {state: found[f'brender_tasks{{state="{state}"}}'] for state in ("ready", "active", "completed")}
        self.assertEqual(sum(tasks.values()), 12)
        self.assertEqual(tasks["completed"], 0)  # of a job that has ended

    async def test_what_ends_is_counted_and_only_grows(self) -> None:
        farm = self.web.farm
        client = await farm.client("render-01")
        await farm.job(values={"Frames": "1-3"})
        farm.finish_all(client)
        farm.finish_all(client)
        job = await farm.job(values={"Frames": "1"}, tries=1)
        farm.finish_all(client, "failed", FAILING)
        canceled = await farm.job()
        await farm.service.cancel(canceled.id)
        before = self.scrape()
        wanted = {
            'brender_task_tries_total{result="completed"}': 3,
            'brender_task_tries_total{result="failed"}': 1,
            'brender_jobs_ended_total{state="completed"}': 1,
            'brender_jobs_ended_total{state="failed"}': 1,
            'brender_jobs_ended_total{state="canceled"}': 1,
            'brender_orders_ended_total{result="failed"}': 1,
        }
        self.assertEqual({name: before[name] for name in wanted}, wanted)
        self.assertGreaterEqual(before['brender_orders_ended_total{result="completed"}'], 1)
        await farm.service.again(job.id, lambda found: {0: [0]})
        after = self.scrape()
        smaller = [name for name in before if name.endswith("_total") and after[name] < before[name]]
        self.assertEqual((smaller, after['brender_jobs_ended_total{state="failed"}']), ([], 1))

    def test_the_way_into_the_database(self) -> None:
        figures = self.web.farm.store.figures
        figures.pending, figures.commits, figures.rows, figures.seconds, figures.tries_again = 7, 12, 340, 0.5, 2
        found = self.scrape()
        self.assertEqual(found["brender_database_pending_rows"], 7)
        self.assertEqual(found["brender_database_commit_seconds_count"], 12)
        self.assertEqual(found["brender_database_commit_seconds_sum"], 0.5)
        self.assertEqual((found["brender_database_rows_total"], found["brender_database_retries_total"]), (340, 2))
        self.assertEqual((found["brender_accepting"], found["brender_database_writable"]), (1, 1))

    def test_trouble_shows(self) -> None:
        figures = self.web.farm.store.figures
        figures.trouble = "The disk is full."
        self.web.farm.store.listener(figures.trouble)
        found = self.scrape()
        self.assertEqual((found["brender_accepting"], found["brender_database_writable"]), (0, 0))

    async def test_events_who_reads_them_and_webhooks(self) -> None:
        self.web.wire().send(request("GET", "/api/v1/events"))
        await self.web.farm.job()
        self.web.farm.clock.advance(0.2)
        found = self.scrape()
        self.assertEqual(found["brender_events_total"], 1)
        self.assertEqual(found['brender_event_readers{way="sse"}'], 1)
        self.assertEqual(found['brender_event_readers{way="websocket"}'], 0)
        self.assertEqual(found['brender_webhook_tries_total{result="failed"}'], 3)
        self.assertEqual(found["brender_webhook_waiting_events"], 2)
        self.assertEqual(found["brender_webhook_dead_letters_total"], 1)

    async def test_a_large_farm_has_as_many_series_as_a_small_one_and_is_counted_in_slices(self) -> None:
        series = self.scrape().keys()
        farm = self.web.farm
        for number in range(3 * SLICE):
            farm.service.farm.admit(RuntimeClient(number + 1, Machine(f"key {number}", f"client {number}", 4)))
        wire = self.web.wire()
        wire.send(request("GET", "/metrics"))
        self.assertEqual(wire.got(), b"")  # others have their turns before it is done
        farm.clock.pump([0] * 4)
        found = samples(wire.reply().body.decode())
        self.assertEqual(found['brender_clients{activity="idle",connection="offline",status="enabled"}'], 3 * SLICE)
        self.assertEqual(found.keys(), series)

    def test_two_sites_do_not_share_anything(self) -> None:
        other = Web(self)
        other.wire().send(request("GET", "/api/v1/events"))
        self.assertEqual(self.scrape()['brender_event_readers{way="sse"}'], 0)

    def test_a_page_of_another_name_gets_nothing(self) -> None:
        self.assertEqual(self.web.get("/metrics", Host="evil.example").status, 421)


class Lateness(SynchronousTestCase):
    def test_it_is_how_much_later_a_call_comes_than_it_was_due(self) -> None:
        clock = Clock()
        delay = Delay(clock)
        delay.start()
        for late in (0.0, 0.0, 0.03, 7.0):
            clock.advance(EVERY + late)
        counts = dict(delay.buckets)
        self.assertEqual((counts["0.001"], counts["0.025"], counts["0.05"], counts["2.5"]), (2, 2, 3, 3))
        self.assertEqual((counts["+Inf"], len(counts)), (4, len(BOUNDS) + 1))
        self.assertAlmostEqual(delay.seconds, 7.03)
        delay.stop()
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_one_that_was_never_started_can_be_stopped(self) -> None:
        Delay(Clock()).stop()


class Board(TestCase):
    """docs/deploy/grafana.json."""

    def expressions(self) -> Iterator[str]:
        for panel in json.loads(BOARD.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", ()):
                yield target["expr"]

    def exported(self) -> set[str]:
        web = Web(self, deliveries=SimpleNamespace(waiting=0, tries={"delivered": 0}, dead_letters=0))
        reply: Reply = web.get("/metrics")
        return {name.partition("{")[0] for name in samples(reply.body.decode())}

    def test_every_expression_names_metrics_that_there_are(self) -> None:
        known, found = self.exported(), list(self.expressions())
        self.assertGreater(len(found), 10)
        for expression in found:
            names = re.findall(r"\b(?:brender|process)_\w+", expression)
            self.assertTrue(names, expression)
            self.assertEqual([name for name in names if name not in known], [], expression)

    def test_what_the_farm_says_of_itself_is_on_it(self) -> None:
        shown = "\n".join(self.expressions())
        plain = {re.sub(r"_(sum|count|info)$", "", name) for name in self.exported() if name.startswith("brender_")}
        self.assertEqual([name for name in sorted(plain) if name not in shown], ["brender_build"])

    def test_panels_have_a_place_of_their_own(self) -> None:
        panels = json.loads(BOARD.read_text(encoding="utf-8"))["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken: set[tuple[int, int]] = set()
        for panel in panels:
            place = panel["gridPos"]
            squares = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
            self.assertFalse(squares & taken, panel["title"])
            self.assertLessEqual(place["x"] + place["w"], 24)
            taken |= squares
