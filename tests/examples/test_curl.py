"""The example in the shell, with the real curl."""

import json
import shutil

from twisted.trial.unittest import SkipTest

from tests.examples import programs


class InCurl(programs.ClientProgram):
    """It prints the server's JSON, and ends with curl's own codes."""

    program = "sh"
    file = "curl.sh"
    silent = 7
    refused = 22

    def setUp(self) -> None:
        if shutil.which("curl") is None:
            raise SkipTest("There is no curl on this machine; on Debian and Ubuntu: sudo apt-get install curl.")
        super().setUp()

    def names(self, out: str) -> list[str]:
        return [each["name"] for each in json.loads(out)["data"]]

    def counted(self, matched: int, changed: int) -> str:
        return f'"matched":{matched},"changed":{changed},'
