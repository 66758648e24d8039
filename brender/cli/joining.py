"""`brender join-token`: a token with which machines join the farm.

How does this work?  It is the verb `create` of an invitation, with the token alone on the standard output, so that a
script can take it; what to do with it is on the other one.
"""

import click

from brender.cli.asking import Desk, asks_the_farm, say, wrong_use
from brender.client.addresses import question
from brender.config.reading import machine_zone
from brender.farm.scheduling.windows import zone_of
from brender.verbs.known import VERBS
from brender.verbs.said.words import as_word
from brender.verbs.typed import understood

CREATE = VERBS["invitation", "create"]


@click.command("join-token")
@click.option("--uses", default="1", metavar="N", help="How many machines may join with it; 1 unless said.")
@click.option("--expires", default="1h", metavar="DURATION", help="For how long it is good: 30min, 2d; 1h unless said.")
@click.option("--note", default="", help="What it is for.")
@asks_the_farm
def join_token(desk: Desk, uses: str, expires: str, note: str) -> None:
    """Make a token with which machines join the farm.

    On each machine: brender worker --server HOST:PORT --join TOKEN
    """
    words = ["create", "invitation", f"uses={uses}", f"valid_seconds={expires}", *([f"note={note}"] if note else [])]
    with wrong_use():
        typed = understood([as_word(word) for word in words], VERBS, zone_of(machine_zone()))
    answer = desk.ask(question(CREATE, None, "", dict(typed.request.values)))
    desk.show(answer, lambda: str(answer["token"]))
    if not desk.as_json:
        say(f"On each machine: brender worker --server HOST:PORT --join {answer['token']}", err=True)
