"""What tasks print: in any encoding, in lines of any length, at any speed, read by a server that at times does not."""

from typing import Any, ClassVar

import psutil

from tests.line.harness import FarmTestCase, go_on, resident, stop, template

MB = 10**6
WORKER_MB, SERVER_MB = 300, 300  # with all their processes, and the pages that they share counted for each


class OutputTests(FarmTestCase):
    workers: ClassVar = {"alpha": 2}

    def log(self, script: str, **how: Any) -> str:
        return self.farm.log(self.farm.run(template(script, **how))["id"])

    def memory_while(self, job: int, *states: str, within: float = 60.0) -> tuple[float, float]:
        """The most megabytes of the worker and of the server until the job is in one of these states."""
        most = [0.0, 0.0]

        def over() -> bool:
            assert self.farm.server is not None
            most[0] = max(most[0], self.worker.memory / MB)
            most[1] = max(most[1], resident(psutil.Process(self.farm.server.pid)) / MB)
            return self.farm.job(job)["state"] in states

        self.until(over, f"job {job} does not end", within)
        return most[0], most[1]

    def assert_modest(self, memory: tuple[float, float]) -> None:
        self.assertLess(memory[0], WORKER_MB)
        self.assertLess(memory[1], SERVER_MB)

    def test_bytes_that_are_no_text_are_written_out_and_do_no_harm(self) -> None:
        log = self.log(r"""printf 'bad \xff\xfe bytes\n'; printf 'caf\xe9 latin\n'; printf '\xc4\xe3\xba\xc3 gbk\n'""")
        self.assertIn("\nbad \\xff\\xfe bytes\n", log)
        self.assertIn("\ncaf\\xe9 latin\n", log)
        self.assertIn("\\xc4\\xe3\\xba\\xc3 gbk\n", log)

    def test_they_decide_nothing_about_the_task(self) -> None:
        job = self.farm.submit(template(r"""printf 'bad \xff\xfe bytes\n'; exit 3"""))
        reason = self.farm.wait(job, "failed")["reason"]
        self.assertEqual(reason, "Exit code 3. Its last line: bad \\xff\\xfe bytes")
        self.assertIn("\nbad \\xff\\xfe bytes\n", self.farm.log(job))

    def test_a_character_in_two_halves_is_joined(self) -> None:
        self.assertIn("\nhalf é\n", self.log(r"""printf 'half \xc3'; sleep .3; printf '\xa9\n'"""))

    def test_utf_16_and_nul_bytes_do_no_harm(self) -> None:
        log = self.log(r"""printf 'a\0b\n'; printf 'h\0i\0\n\0\n\xff\xfeo\0h\0\n\0\n'; printf 'no end'""")
        self.assertIn("a\0b\n", log)
        self.assertIn("h\0i\0\n", log)
        self.assertIn("\\xff\\xfeo\0h\0\n", log)
        self.assertIn("no end\n", log)

    def test_carriage_returns_end_lines(self) -> None:
        self.assertIn("\n10 %\n20 %\nwindows\n", self.log(r"""printf '10 %%\r20 %%\rwindows\r\n'"""))

    def test_a_line_of_three_million_characters_is_kept_whole(self) -> None:
        log = self.log("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo after")
        longest = max(log.splitlines(), key=len)
        self.assertEqual((len(longest), set(longest)), (3_000_000, {"x"}))
        self.assertIn("\nafter\n", log)

    def test_a_million_short_lines_are_all_there(self) -> None:
        lines = [line for line in self.log("seq 1000000").splitlines() if line.isdigit()]
        self.assertEqual(len(lines), 1_000_000)
        self.assertEqual((lines[0], lines[-1]), ("1", "1000000"))

    def test_two_hundred_megabytes_are_cut_and_take_no_memory(self) -> None:
        job = self.farm.submit(template("yes | head -c 200M"))
        self.assert_modest(self.memory_while(job, "completed"))
        log = self.farm.log(job)
        self.assertLess(len(log), 70 * MB)
        self.assertIn("rest was not kept", log[-500:])

    def test_output_without_end_is_ended_by_a_time_limit(self) -> None:
        for endless in ("yes", "yes | tr -d '\\n'"):
            job = self.farm.submit(template(endless, timeout=1))
            self.assert_modest(self.memory_while(job, "failed"))
            self.assertIn("runtime limit reached", self.farm.job(job)["reason"])

    def test_progress_and_status_are_shown_and_what_is_no_number_is_not(self) -> None:
        wait = f"while [ ! -e {self.folder}/$1 ]; do sleep .05; done"
        job = self.farm.submit(
            template(
                f"say() {{ echo \"$1\"; set -- $2; {wait}; }}; say 'openjd_progress: 50.5' a; "
                "say 'openjd_progress: 101' b; say 'openjd_progress: nan' c; "
                "say 'openjd_progress: -1' d; say 'openjd_progress: abc' e; "
                "say 'openjd_progress: 100' f; say 'openjd_progress: 1e1' g; "
                'say "openjd_status: <b>$(printf %05000d 0)" h'
            )
        )
        shown = self.shown
        self.until(lambda: shown()[0] == 50.5, "no progress")
        for name in "abcde":
            (self.folder / name).touch()
        self.until(lambda: shown()[0] == 100.0, "100 is no progress")
        (self.folder / "f").touch()
        self.until(lambda: shown()[0] == 10.0, "1e1 is no progress")
        (self.folder / "g").touch()
        self.until(lambda: shown()[1], "no status")
        self.assertEqual(shown(), (10.0, "<b>" + "0" * 497))
        (self.folder / "h").touch()
        self.farm.wait(job)
        self.assertEqual(self.farm.log(job).count("ERROR: Progress must be"), 4)

    def shown(self) -> tuple[float | None, str]:
        running = self.farm.running("alpha")
        return (running[0]["percent"], running[0]["status"]) if running else (None, "")

    def test_every_try_has_its_log(self) -> None:
        job = self.farm.submit(template("echo this is try $BRENDER_ATTEMPT; [ $BRENDER_ATTEMPT = 3 ]"))
        orders = self.farm.wait(job)["orders"]
        self.assertEqual([order["attempt"] for order in orders], [1, 2, 3])
        for order in orders:
            log = self.farm.log(job, order=order["id"])
            self.assertEqual(log.count("this is try"), 1)
            self.assertIn(f"\nthis is try {order['attempt']}\n", log)

    def test_words_of_a_log_do_not_wait_for_the_end_of_the_task(self) -> None:
        job = self.farm.submit(template(f"echo early; while [ ! -e {self.folder}/go ]; do sleep .05; done"))
        self.until(lambda: "\nearly\n" in self.farm.log(job) if self.farm.running("alpha") else False, "no log yet")
        (self.folder / "go").touch()
        self.farm.wait(job)

    def test_warnings_reach_the_job(self) -> None:
        job = self.farm.run(template("for i in $(seq 200); do echo brender_warning: missing texture $i.png; done"))
        self.assertEqual(job["warnings"][0], "missing texture 1.png")
        self.assertEqual(len(job["warnings"]), 50)


class SlowServerTests(FarmTestCase):
    """The server is alive and does not read."""

    workers: ClassVar = {"alpha": 2}
    settings: ClassVar = {"heartbeat": 30.0}

    def test_memory_stays_bounded_and_all_goes_on_when_it_reads_again(self) -> None:
        job = self.farm.submit(template(f"echo $$ >> {self.folder}/pids; yes | head -c 60M; echo the end", tasks="1-2"))
        self.until(lambda: len(self.written("pids")) == 2, "they do not run")
        assert self.farm.server is not None
        server = psutil.Process(self.farm.server.pid)
        stop(server)
        try:
            full = self.until(self.stands_still, "the tasks are not held back")
        finally:
            go_on(server)
        self.assertLess(full or 0.0, WORKER_MB)
        self.farm.wait(job)
        self.assertEqual(self.farm.log(job).count("the end\n"), 2)

    def stands_still(self) -> float | None:
        """The worker's megabytes, once its tasks' `yes` wait for somebody to read."""
        tasks = [each for each in psutil.Process(self.worker.pid).children(recursive=True) if each.name() == "head"]
        before = [sum(each.cpu_times()[:2]) for each in tasks]
        psutil.cpu_percent(0.5)
        after = [sum(each.cpu_times()[:2]) for each in tasks if each.is_running()]
        return self.worker.memory / MB if tasks and before == after else None

    def test_a_time_limit_is_kept_meanwhile(self) -> None:
        job = self.farm.submit(template(f"echo $$ > {self.folder}/pid; yes", timeout=2))
        pid = self.pid_in("pid")
        assert self.farm.server is not None
        server = psutil.Process(self.farm.server.pid)
        stop(server)
        try:
            self.assert_gone(pid)
        finally:
            go_on(server)
        self.farm.wait(job, "failed")
