"""What a task finds around it has no secrets of the worker, and the limits that were set."""

import resource
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from brender.worker.session.surroundings import clean

SECRETS = {
    "BRENDER_TOKEN": "brender-6ku2",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_SESSION_TOKEN": "x",
    "GITHUB_TOKEN": "x",
    "PGPASSWORD": "x",
    "DATABASE_URL": "postgresql://db/farm",
    "FARM_DB": "postgresql://brender:geheim@db.studio/farm",
    "http_proxy": "http://mara:geheim@proxy.studio:3128",
    "Api_Key": "x",
    "SSH_AUTH_SOCK": "/run/agent",
    "SENTRY_DSN": "x",
    "VAULT_PASSPHRASE": "x",
    "SIGNING_KEY": "x",
}
NEEDED = {
    "PATH": "/usr/bin",
    "HOME": "/home/farm",
    "DISPLAY": ":0",
    "XAUTHORITY": "/run/xauth",
    "ADSKFLEX_LICENSE_FILE": "27000@licences.studio",
    "KEYBOARD": "de",
    "BRENDER_STATE": "/var/lib/brender",
    "https_proxy": "http://proxy.studio:3128",
    "PYTHONPATH": "/opt/studio:/opt/more",
}
LIMITED = (
    "import resource, msgspec; from brender.worker.session.surroundings import Limits;"
    "msgspec.json.decode({said!r}, type=Limits).set();"
    "print(*(resource.getrlimit(which)[1] for which in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE)))"
)


class Surroundings(SynchronousTestCase):
    def test_secrets_are_left_out_and_what_is_needed_stays(self) -> None:
        self.assertEqual(clean({**SECRETS, **NEEDED}), NEEDED)

    def test_what_a_studios_tasks_need_is_passed_on(self) -> None:
        passed = clean(SECRETS, ["AWS_*", "SIGNING_KEY"])
        self.assertEqual(set(passed), {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "SIGNING_KEY"})

    def test_limits_are_set_and_a_crash_leaves_no_memory_behind(self) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.assertEqual(self.limits("{}"), [0, hard])
        self.assertEqual(self.limits('{"open_files": 100, "core_mb": 0}'), [0, 100])
        self.assertEqual(self.limits('{"open_files": 1000000000}'), [0, hard])

    def limits(self, said: str) -> list[int]:
        command = [sys.executable, "-c", LIMITED.format(said=said)]
        return [int(each) for each in subprocess.run(command, capture_output=True, check=True).stdout.split()]
