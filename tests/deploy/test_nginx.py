"""nginx in front of a farm."""

import shutil

from twisted.trial.unittest import SkipTest

from tests.deploy import case
from tests.deploy.front import Front

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

# As Debian has it: other sites are on the same server, and what can be compressed is.
MAIN = """
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    default_type application/octet-stream;
    access_log off;
    gzip on;
    gzip_proxied any;
    gzip_types text/plain text/css application/json text/javascript;
    {folders}
    include site.conf;
}}
"""
FOLDERS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Nginx(Front):
    file = "nginx.conf"

    def replaced(self, farm_port: int) -> dict[str, str]:
        return {
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.secure} ssl http2;",
            "https://$server_name$request_uri": f"https://$server_name:{self.secure}$request_uri",
            "/etc/ssl/certs/farm.example.org.pem": "certificate.pem",
            "/etc/ssl/private/farm.example.org.key": "key.pem",
            "/etc/brender/web-users": "users",
            "127.0.0.1:8080": f"127.0.0.1:{farm_port}",
        }

    def main(self) -> str:
        return MAIN.format(folders="\n    ".join(f"{name}_temp_path {name};" for name in FOLDERS))

    def command(self) -> list[str]:
        return [str(PROGRAM), "-p", str(self.folder), "-c", str(self.folder / "main.conf"), "-e", "stderr"]


class BehindNginx(case.FrontCase):
    kind = Nginx

    def setUp(self) -> None:
        if PROGRAM is None:
            raise SkipTest("nginx is not installed here; on Debian and Ubuntu: sudo apt-get install nginx.")
        super().setUp()
