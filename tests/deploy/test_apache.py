"""Apache in front of a farm."""

import re
import shutil
from pathlib import Path

from twisted.trial.unittest import SkipTest

from tests.deploy import case
from tests.deploy.front import DEPLOY, Front

PROGRAM = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")
MODULES = Path("/usr/lib/apache2/modules")

# What Debian has switched on in a new Apache, and what `a2enmod` takes along.
USUAL = (
    *("mpm_event", "authn_core", "authn_file", "authz_core", "authz_host", "authz_user", "auth_basic", "alias", "dir"),
    *("deflate", "env", "filter", "mime", "negotiation", "reqtimeout", "setenvif", "status"),
)
NEEDED = {"ssl": ["socache_shmcb"]}

MAIN = """
ServerRoot "{folder}"
ServerName localhost
Listen 127.0.0.1:{plain}
Listen 127.0.0.1:{secure}
PidFile apache.pid
Mutex file:{folder}
ErrorLog log
{modules}
TypesConfig /dev/null
AddOutputFilterByType DEFLATE text/html text/plain text/css text/javascript application/json
RequestReadTimeout header=20-40,minrate=500 body=10,minrate=500
Include site.conf
"""


class Apache(Front):
    file = "apache.conf"

    def replaced(self, farm_port: int) -> dict[str, str]:
        return {
            "*:80>": f"127.0.0.1:{self.plain}>",
            "*:443>": f"127.0.0.1:{self.secure}>",
            '"https://farm.example.org/"': f'"https://farm.example.org:{self.secure}/"',
            "/etc/ssl/certs/farm.example.org.pem": str(self.folder / "certificate.pem"),
            "/etc/ssl/private/farm.example.org.key": str(self.folder / "key.pem"),
            "/etc/brender/web-users": str(self.folder / "users"),
            "127.0.0.1:8080": f"127.0.0.1:{farm_port}",
        }

    def main(self) -> str:
        """With the modules that the file itself tells people to switch on."""
        enabled = re.findall(r"a2enmod (.*)", (DEPLOY / self.file).read_text())[0].split()
        names = [*USUAL, *(need for name in enabled for need in (*NEEDED.get(name, ()), name))]
        modules = "\n".join(f'LoadModule {name}_module "{MODULES}/mod_{name}.so"' for name in names)
        return MAIN.format(folder=self.folder, plain=self.plain, secure=self.secure, modules=modules)

    def command(self) -> list[str]:
        return [str(PROGRAM), "-f", str(self.folder / "main.conf"), "-D", "FOREGROUND"]


class BehindApache(case.FrontCase):
    kind = Apache

    def setUp(self) -> None:
        if PROGRAM is None or not MODULES.is_dir():
            raise SkipTest("Apache is not installed here; on Debian and Ubuntu: sudo apt-get install apache2-bin.")
        super().setUp()
