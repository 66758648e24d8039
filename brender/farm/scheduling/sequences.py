"""In which order the tasks of a step are begun: forwards, backwards, from outside in, or as a preview.

How does this work?  A sequence is a formula from a rank (0 is begun first) to the index of a task, so nothing
is listed, whatever the number of tasks.  "preview" is first, last, middle, then the middle of each half,
of each quarter and so on; where halves do not come out even it names a task a second time, and whoever
walks it passes over tasks that are not ready any more.
"""

from collections.abc import Callable, Mapping

Sequence = Callable[[int, int], int]  # rank, number of tasks -> index of a task


def backwards(rank: int, size: int) -> int:
    return size - 1 - rank


def outside_in(rank: int, size: int) -> int:
    half, from_end = divmod(rank, 2)
    return size - 1 - half if from_end else half


def preview(rank: int, size: int) -> int:
    if rank < 2:
        return rank * (size - 1)
    level = (rank - 1).bit_length()  # the halves are cut for the time number `level`
    place = rank - 1 - (1 << (level - 1))
    return (2 * place + 1) * (size - 1) >> level


SEQUENCES: Mapping[str, Sequence] = {"backwards": backwards, "outside-in": outside_in, "preview": preview}


def ranks(order: str, size: int) -> int:
    """How many ranks name every one of `size` tasks."""
    return size if order != "preview" or size < 3 else (1 << (size - 2).bit_length()) + 1
