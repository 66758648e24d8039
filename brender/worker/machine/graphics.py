"""The graphics cards of a machine: which there are, how busy they are, and how a session learns which are its own.

How does this work?  `found` asks NVIDIA's driver; where there is none there are no cards.  A worker that was itself
started with CUDA_VISIBLE_DEVICES has only those.  `busy` asks it again, for what changes.  `seen` is what a session's
environment says: every maker's libraries read a variable of their own, and BRENDER_GPUS is for everybody else.  A
session that has the whole machine is told nothing and sees all cards; one that was given none is told so, as cards are
handed out one by one.
"""

import os
import shutil
import subprocess
from typing import NamedTuple

from brender.worker.machine.stock import Cards

MIB = 2**20
CARDS = "index,uuid,name,memory.total"
BUSY = "index,uuid,utilization.gpu,memory.used"
NONE = "-1"


class Card(NamedTuple):
    number: str
    uuid: str
    name: str
    memory: int  # bytes, 0 when it is not known

    def is_called(self, text: str) -> bool:
        """CUDA takes an index, or the beginning of the card's id."""
        return text == self.number or (not text.isdigit() and self.uuid.startswith(text))


class Busy(NamedTuple):
    """How busy the cards of this worker are; None is not known."""

    load: float | None  # percent, their mean
    memory: int | None  # bytes in use, on the card on which most is


def busy() -> Busy:
    cards = own(driver_says(BUSY))
    loads = [float(card.name) for card in cards if card.name.isdigit()]  # where the driver was asked for that
    memory = max((card.memory for card in cards), default=0)
    return Busy(sum(loads) / len(loads) if loads else None, memory or None)


def found() -> list[Card]:
    """The cards that this worker may use, in the order of their indexes here."""
    return own(driver_says(CARDS))


def own(said: str) -> list[Card]:
    """Of the cards that the driver lists, those that this worker was given."""
    listed = [card for line in said.splitlines() if (card := read(line))]
    wanted = visible()
    if wanted is None:
        return listed
    cards: list[Card] = []
    for text in wanted:
        named = [card for card in listed if text and card.is_called(text)]
        if not named:
            break  # CUDA looks no further either
        cards += named[:1]
    return cards


def driver_says(what: str) -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        command = [program, f"--query-gpu={what}", "--format=csv,noheader,nounits"]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""


def read(line: str) -> Card | None:
    parts = [part.strip() for part in line.split(",")]
    if len(parts) < 4 or not parts[0].isdigit():
        return None
    number, uuid, *name, memory = parts
    return Card(number, uuid, ", ".join(name), int(memory) * MIB if memory.isdigit() else 0)


def visible() -> list[str] | None:
    """What the worker itself was told to use; None for everything."""
    told = os.environ.get("CUDA_VISIBLE_DEVICES")
    return None if told is None else [text.strip() for text in told.split(",")]


def seen(cards: Cards) -> dict[str, str]:
    """What is said to a session that has these cards, by their places in `found`."""
    if cards is None:
        return {}
    names = visible()
    own = [names[card] if names else str(card) for card in cards]
    return {
        "BRENDER_GPUS": ",".join(own),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",  # as the driver counts them, and we
        "CUDA_VISIBLE_DEVICES": ",".join(own) or NONE,
        "ROCR_VISIBLE_DEVICES": ",".join(own) or NONE,
        "HIP_VISIBLE_DEVICES": ",".join(map(str, range(len(own)))) or NONE,  # of those that ROCR leaves
        "ONEAPI_DEVICE_SELECTOR": f"level_zero:{','.join(own)}" if own else "*:cpu",
    }
