"""Sessions that run as another account: who that may be, what it can reach, and that everything else is as before.

The account is `nobody`, which every machine has; real sessions become it where these tests run as root.
"""

import os
import pwd
import signal
import stat
import sys
from pathlib import Path
from typing import Any, ClassVar
from unittest import SkipTest

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from brender.worker import processes
from brender.worker.disk.lodging import quarter_in
from brender.worker.session import accounts, words
from brender.worker.session.accounts import STRANGER, Account, NoAccount, account_for, closed, tried
from tests.line.harness import until
from tests.worker.nest import Nest, Talk, job, there

NOBODY = "nobody"


def able() -> None:
    """Skips the test where nobody can become somebody else."""
    if sys.platform != "linux" or (missing := accounts.lacking()):
        raise SkipTest(f"To run tasks as another account takes root; here is no {', '.join(missing)}.")


class Choosing(SynchronousTestCase):
    def refused(self, run_as: str, owner: str = "") -> str:
        with self.assertRaises(NoAccount) as caught:
            account_for(run_as, owner)
        return str(caught.exception)

    def test_without_run_as_tasks_run_as_the_worker(self) -> None:
        self.assertIsNone(account_for("", "ada"))

    def test_a_name_is_that_account_whoever_owns_the_job(self) -> None:
        found = pwd.getpwnam(NOBODY)
        wanted = Account(NOBODY, found.pw_uid, found.pw_gid, found.pw_dir)
        self.assertEqual((account_for(NOBODY, ""), account_for(NOBODY, "root")), (wanted, wanted))

    def test_as_owner_it_is_the_account_of_that_name(self) -> None:
        found = account_for("owner", NOBODY)
        assert found is not None
        self.assertEqual(found.name, NOBODY)

    def test_it_is_never_root_however_that_is_called(self) -> None:
        self.assertIn("is root, and no task is run as root", self.refused("root"))
        self.assertIn("is root, and no task is run as root", self.refused("owner", "root"))
        self.patch(pwd, "getpwnam", lambda name: pwd.struct_passwd((name, "x", 0, 100, "", "/root", "/bin/sh")))
        self.assertIn("The account toor is root", self.refused("toor"))

    def test_an_owner_is_never_an_account_of_the_system(self) -> None:
        self.assertIn("belongs to this machine's system", self.refused("owner", "daemon"))
        self.assertIsNotNone(account_for("daemon", ""), "who names it in brender.toml knows what they do")

    def test_it_is_never_the_workers_own(self) -> None:
        own = os.geteuid() or 4711
        self.patch(os, "geteuid", lambda: own)
        self.patch(pwd, "getpwnam", lambda name: pwd.struct_passwd((name, "x", own, 100, "", "/home", "/bin/sh")))
        self.assertIn("is the worker's own", self.refused("owner", "farm"))

    def test_an_account_that_is_not_there_is_told(self) -> None:
        for name in ("no-such-account", "a\0b", "a:b", "x" * 500, "../root"):
            self.assertIn(f"has no account {name}, as which tasks are to run", self.refused("owner", name))

    def test_an_owner_whom_the_farm_does_not_know_is_nobody(self) -> None:
        self.assertIn("is no user of the farm", self.refused("owner", ""))

    def test_where_people_begin_the_machine_says(self) -> None:
        said = Path("/etc/login.defs")
        wanted = accounts.UID_MIN.search(said.read_text()) if said.exists() else None
        self.assertEqual(accounts.first_of_people(), int(wanted[1]) if wanted else 1000)


class Beginning(SynchronousTestCase):
    """What a worker looks at before it starts."""

    def setUp(self) -> None:
        able()
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)

    def test_a_folder_that_is_closed_to_the_account_is_named(self) -> None:
        closed_one = self.folder / "closed"
        (closed_one / "state").mkdir(parents=True)
        closed_one.chmod(0o700)
        for account in (STRANGER, accounts.account_of(NOBODY)):
            said = tried(account, [closed_one / "state"])
            self.assertIn("is closed to it", said)
            self.assertIn("chmod a+x", said)

    def test_folders_of_sessions_can_be_gone_through_and_not_listed(self) -> None:
        sessions = quarter_in(self.folder / "worker")
        self.assertEqual({stat.S_IMODE(place.stat().st_mode) for place in (sessions, sessions.parent)}, {0o711})

    def test_what_is_open_to_everybody_is_no_problem(self) -> None:
        self.assertEqual(tried(STRANGER, [Path("/usr/bin/env"), Path("/etc/passwd")]), "")

    def test_who_may_not_is_told_what_to_do(self) -> None:
        self.patch(accounts, "powers", lambda: 1 << accounts.POWERS["CAP_KILL"])
        with self.assertRaises(NoAccount) as caught:
            accounts.check(NOBODY, self.folder)
        said = str(caught.exception)
        self.assertIn("it lacks CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_SETGID, CAP_SETUID", said)
        self.assertIn("AmbientCapabilities=", said)

    def test_what_is_there_is_not_closed(self) -> None:
        self.assertEqual(closed(self.folder, STRANGER), "")


class AccountCase(SynchronousTestCase):
    run_as = NOBODY
    keep = False
    limits = "{}"

    def setUp(self) -> None:
        able()
        self.nest = Nest(self, self.keep, self.limits, self.run_as)
        self.nest.folder.chmod(0o711)
        self.account = accounts.account_of(NOBODY)

    def talk(self, template: dict[str, Any], owner: str = "") -> Talk:
        talk = self.nest.talk(self)
        talk.open(template, owner)
        return talk

    def said_by(self, script: str, **how: Any) -> str:
        """What a task prints that runs a script."""
        talk = self.talk(job(script, **how))
        talk.run(1, N="1")
        self.ended = talk.hear(words.Ended)
        return talk.log


class Running(AccountCase):
    def test_a_task_is_the_account_altogether(self) -> None:
        uid, gid = self.account.uid, self.account.gid
        shown = "echo home=$HOME user=$USER login=$LOGNAME; umask; stat -c %u:%a . .."
        log = self.said_by(f"cat /proc/self/status; {shown}")
        self.assertEqual(self.ended.outcome, "completed", log)
        for line in (f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}", f"Gid:\t{gid}\t{gid}\t{gid}\t{gid}"):
            self.assertIn(line, log)
        (groups,) = [line for line in log.splitlines() if line.startswith("Groups:")]
        self.assertEqual({*map(int, groups.split()[1:])}, {*os.getgrouplist(NOBODY, gid)})
        for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertIn(f"{kind}:\t{0:016x}", log)
        self.assertIn(f"home={self.account.home} user={NOBODY} login={NOBODY}\n0022\n{uid}:700\n{uid}:700", log)

    def test_the_session_itself_is_too_and_ends_with_its_nursery(self) -> None:
        _, pids = self.busy()
        (session,) = self.nest.sessions
        self.assertEqual({*session.uids(), *session.gids()}, {self.account.uid, self.account.gid})
        self.nest.process.kill()
        until(lambda: not there(session.pid, *pids), "something is left", within=5.0)

    def test_a_session_that_is_killed_leaves_nothing(self) -> None:
        talk, pids = self.busy()
        self.nest.sessions[0].kill()
        talk.silence()
        until(lambda: not there(*pids), "something is left", within=5.0)
        until(lambda: not list(self.nest.scratch.glob("*")), "a session's folder is left")

    def test_a_task_is_stopped_with_all_that_it_started(self) -> None:
        talk, pids = self.busy()
        talk.say(words.Stop(1, 1))
        self.assertEqual(talk.hear(words.Ended).outcome, "canceled")
        until(lambda: not there(*pids), "something is left", within=5.0)
        talk.run(2, N="2")
        talk.hear(words.Started)

    def test_what_it_leaves_is_removed_whatever_it_has_made_of_it(self) -> None:
        talk = self.talk(job("mkdir -p a/b; touch a/b/c; ln -s /etc d; chmod 0 a/b a; chmod 0 ..; true"))
        talk.run(1, N="1")
        talk.hear(words.Ended)
        talk.say(words.Close())
        talk.silence()
        until(lambda: not list(self.nest.scratch.glob("*")), "a session's folder is left")
        self.assertTrue(Path("/etc/passwd").exists())

    def test_what_it_used_is_measured_and_why_it_ended_is_told(self) -> None:
        self.said_by("x=$(head -c 50000000 /dev/zero | tr '\\0' x); sleep 0.6; kill -9 $$")
        self.assertEqual(self.ended.outcome, "failed")
        self.assertGreater(self.ended.peak, 40_000_000)

    def busy(self) -> tuple[Talk, list[int]]:
        """A session with a task that has a child far away, and their ids."""
        shared = self.nest.folder / "shared"
        shared.mkdir()
        shared.chmod(0o777)
        file = shared / "pids"
        talk = self.talk(job(f"setsid sleep 300 & echo $! $$ > {file}; wait"))
        talk.run(1, N="1")
        pids = until(lambda: file.exists() and file.read_text().split(), "it does not run")
        return talk, [int(pid) for pid in pids or []]


class Secrets(AccountCase):
    """What a task cannot read: the same files are read by a task of a worker without `run_as`."""

    SECRETS: ClassVar = ("security/worker.pem", "worker/results")

    def setUp(self) -> None:
        super().setUp()
        self.put()

    def put(self) -> None:
        for name in self.SECRETS:
            path = self.nest.folder / name
            path.parent.mkdir(mode=0o700, parents=True)
            path.touch(0o600)
            path.write_text("a secret\n")

    def reads(self) -> str:
        talk = self.talk(job(f"cd {self.nest.folder}; cat {' '.join(self.SECRETS)}; ls scratch; ls {self.nest.path}"))
        talk.run(1, N="1")
        talk.hear(words.Ended)
        return talk.log

    def test_the_folder_of_a_session_of_another_account_is_closed(self) -> None:
        other = Nest(self, run_as="daemon")
        other.folder.chmod(0o711)
        theirs = other.talk(self)
        theirs.open(job("echo a secret > frame.txt; pwd"))
        theirs.run(1, N="1")
        theirs.hear(words.Ended)
        (place,) = [line for line in theirs.log.splitlines() if line.startswith(str(other.scratch))][-1:]
        self.assertEqual(Path(place, "frame.txt").read_text(), "a secret\n")
        log = self.said_by(f"cat {place}/frame.txt; ls {place} {Path(place).parent} {other.scratch}; cd {place}")
        self.assertNotIn("a secret", log)
        self.assertEqual(log.count("Permission denied"), 5, log)

    def test_the_key_and_the_journal_are_closed(self) -> None:
        log = self.reads()
        self.assertNotIn("a secret", log)
        self.assertEqual(log.count("Permission denied"), len(self.SECRETS) + 1, log)

    def test_without_run_as_they_are_open(self) -> None:
        self.nest = Nest(self)
        self.put()
        self.assertEqual(self.reads().count("a secret"), len(self.SECRETS))

    def test_the_session_and_the_nursery_cannot_be_looked_into_or_signalled(self) -> None:
        nursery = self.nest.process.pid
        looks = "cd /proc/$pid; ls fd; cat environ; cat maps"
        log = self.said_by(f"for pid in $PPID {nursery}; do {looks}; done; kill -9 {nursery}")
        self.assertEqual(log.count("Permission denied"), 6, log)
        self.assertIn("not permitted", log)
        self.assertTrue(processes.alive(self.nest.process.pid))

    def test_the_socket_from_which_sessions_are_had_is_closed(self) -> None:
        self.nest.path.parent.chmod(0o700)  # as the agent makes it
        log = self.said_by(f"ls {self.nest.path}")
        self.assertIn("Permission denied", log)


class Limited(AccountCase):
    limits = '{"open_files": 100, "processes": 60}'

    def test_limits_are_the_accounts_and_it_cannot_raise_them(self) -> None:
        log = self.said_by("ulimit -Hn; ulimit -Hu; ulimit -Hc; ulimit -n 200 || echo no")
        self.assertIn("100\n60\n0\n", log)
        self.assertIn("\nno\n", log)


class Keeping(AccountCase):
    keep = True

    def test_the_folder_of_a_failed_session_is_kept_and_its_notes_are_not_the_tasks_to_change(self) -> None:
        made = job("echo half > frame.png; echo evil > ../../about.txt; rm -f ../../about.txt; exit 3")
        made["steps"][0]["script"]["embeddedFiles"] = [
            {"name": "Number", "type": "TEXT", "filename": "number.txt", "data": "{{Task.Param.N}}"}
        ]
        talk = self.talk(made)
        talk.run(1, N="1")
        talk.hear(words.Ended)
        talk.say(words.Close())
        talk.silence()
        kept = self.nest.folder / "kept"
        (folder,) = until(lambda: list(kept.glob("*")), "nothing is kept")
        lines = (folder / "about.txt").read_text().splitlines()
        self.assertEqual((lines[0], lines[1][:30]), ("job 12 (job), step A", "order 1, task 1: Exit code 3. "))
        self.assertEqual([path.read_text() for path in folder.glob("own/*/frame.png")], ["half\n"])
        self.assertEqual((folder / "own" / "order-1-task-1" / "number.txt").read_text(), "1")
        self.assertIn(f"will be kept on this machine: {folder}\n", talk.log)
        self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o700)

    def test_one_that_was_killed_is_kept_too(self) -> None:
        talk = self.talk(job("sleep 300"))
        talk.run(1, N="1")
        talk.hear(words.Started)
        self.nest.sessions[0].send_signal(signal.SIGKILL)
        talk.silence()
        (folder,) = until(lambda: list((self.nest.folder / "kept").glob("*")), "nothing is kept")
        self.assertIn("The session's process was killed.", (folder / "about.txt").read_text())


class OfTheOwner(AccountCase):
    run_as = "owner"

    def test_tasks_run_as_whoever_owns_their_job(self) -> None:
        talk = self.talk(job("id -un"), NOBODY)
        talk.run(1, N="1")
        talk.hear(words.Ended)
        self.assertIn(f"\n{NOBODY}\n", talk.log)

    def test_a_session_for_nobody_who_may_is_refused_in_a_sentence_and_leaves_nothing(self) -> None:
        told = {"": "is no user of the farm", "root": "is root", "daemon": "system", "nil": "has no account nil"}
        for owner, wanted in told.items():
            talk = self.talk(job("true"), owner)
            self.assertIn(wanted, talk.hear(words.Broken).reason)
            talk.silence()
        self.assertFalse(self.nest.scratch.exists())


class Showing(AccountCase):
    """Small pictures are made by what may look at no more than the task."""

    def shown(self, path: Path) -> bytes | None:
        talk = self.nest.talk(self)
        talk.say(words.Show("", [str(path)]))
        return talk.hear(words.Shown).jpeg

    def test_what_the_task_could_read_is_shown_and_nothing_else(self) -> None:
        frame = self.nest.folder / "frame.png"
        Image.new("RGB", (8, 8)).save(frame)
        frame.chmod(0o644)
        jpeg = self.shown(frame)
        assert jpeg is not None
        self.assertTrue(jpeg.startswith(b"\xff\xd8"))
        frame.chmod(0o600)
        self.assertIsNone(self.shown(frame))
