"""What is wrong with a request before the farm is asked: a sentence, and its place."""

from collections.abc import Iterable

from brender.farm.submission.problems import inside, listed, shown
from brender.verbs.said.words import BadWords, nearest


class Unfit(BadWords):
    """A request that cannot be understood; the message is a sentence for people, `at` the field or parameter."""

    def __init__(self, message: str, at: str = "", code: str = "bad-request") -> None:
        super().__init__(message)
        self.at = at
        self.code = code


def no_field(name: str, known: Iterable[str], at: str = "") -> Unfit:
    """There is no such field, and which one was probably meant."""
    where = f"in {at}" if at else "here"
    return Unfit(f'There is no field "{shown(name)}" {where}; {meant(name, known)}', inside(at, shown(name)))


def meant(name: str, known: Iterable[str]) -> str:
    """The end of a sentence: "did you mean status?", or what there is."""
    known = tuple(known)
    if not known:
        return "there is none."
    close = nearest(name, known)
    return f"did you mean {close}?" if close else f"there {'is' if len(known) == 1 else 'are'} {listed(known)}."
