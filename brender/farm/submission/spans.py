"""Which tasks have frames between two of them, by arithmetic alone.

How does this work?  `spans` gives ranges of task numbers.  It knows steps whose frames are ranges, alone or as what
moves slowest of a product; of any other it says None, and each task has to be looked at.
"""

from math import ceil, floor, prod

from brender.farm.submission.chunks import Frames, GrowingChunks
from brender.farm.submission.ranges import count
from brender.farm.submission.space import Joined, Node, Parameter, Product


def spans(node: Node, name: str, first: float, last: float) -> list[range] | None:
    """Of a step's tasks those whose parameter of this name is from `first` to `last`."""
    if isinstance(node, Parameter):
        frames = node.values.frames if isinstance(node.values, GrowingChunks) else node.values
        return within(frames, first, last) if node.name == name and isinstance(frames, Frames) else None
    if isinstance(node, Product):
        return of_slowest(node, name, first, last)
    if isinstance(node, Joined):
        return of_parts(node, name, first, last)
    return None


def of_slowest(node: Product, name: str, first: float, last: float) -> list[range] | None:
    for place, child in enumerate(node.children):
        if (found := spans(child, name, first, last)) is not None:
            quicker = prod(other.count for other in node.children[place + 1 :])
            return [range(each.start * quicker, each.stop * quicker) for each in found]
        if child.count > 1:
            break  # it moves slower
    return None


def of_parts(node: Joined, name: str, first: float, last: float) -> list[range] | None:
    found, before = list[range](), 0
    for part in node.parts:
        inside = spans(part, name, first, last)
        if inside is None:
            return None
        found += [range(before + each.start, before + each.stop) for each in inside]
        before += part.count
    return found


def within(frames: Frames, first: float, last: float) -> list[range]:
    found, before = list[range](), 0
    for part in frames.parts:
        ends = sorted(((first - part.start) / part.step, (last - part.start) / part.step))
        begin, end = max(0, ceil(max(ends[0], 0))), min(count(part), floor(min(ends[1], count(part))) + 1)
        if begin < end:
            found.append(range(before + begin, before + end))
        before += count(part)
    return found
