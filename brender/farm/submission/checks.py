"""What a template must not do that openjd-model allows, or says badly.

How does this work?  `look` goes over the document before openjd-model sees it: steps that wait for one
another, dependencies on nothing, ranges that cannot be read, embedded files that would not stay in their
folder.  Each becomes a problem with our own sentence, and is mended in a copy, so that openjd-model
can go on to find what else is wrong.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from brender.farm.submission import ranges
from brender.farm.submission.problems import Problem, did_you_mean, inside, listed, shown, walk

LONGEST_NAME = 255  # bytes, of a file in most file systems
MOST_CYCLES = 20
MOST_BRACKETS = 32  # a step has 16 parameters at most
INTEGERS = frozenset({"INT", "CHUNK[INT]"})


def look(content: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """A document without the faults found here, and those faults."""
    problems = [*_ranges(content), *_combinations(content), *_files(content), *_dependencies(content)]
    return (_mended(content, problems) if problems else content), problems


def steps(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from mappings(content, "steps", "")


def mappings(parent: Mapping[str, Any], name: str, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The mappings in a list of the document, whatever else somebody wrote there."""
    found = parent.get(name)
    for index, each in enumerate(found if isinstance(found, list) else ()):
        if isinstance(each, Mapping):
            yield inside(inside(at, name), index), each


def task_parameters(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for at, step in steps(content):
        space = step.get("parameterSpace")
        if isinstance(space, Mapping):
            yield from mappings(space, "taskParameterDefinitions", inside(at, "parameterSpace"))


def integer_ranges(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every range that is written as text, with its place."""
    for at, parameter in task_parameters(content):
        text = parameter.get("range")
        if str(parameter.get("type")).upper() in INTEGERS and isinstance(text, str):
            yield inside(at, "range"), text


def _ranges(content: Mapping[str, Any]) -> Iterator[Problem]:
    for at, text in integer_ranges(content):
        if "{{" not in text and "}}" not in text:
            try:
                ranges.parse(text)
            except ranges.BadRange as refusal:
                yield Problem(at, str(refusal))


def _combinations(content: Mapping[str, Any]) -> Iterator[Problem]:
    for at, step in steps(content):
        space = step.get("parameterSpace")
        text = space.get("combination") if isinstance(space, Mapping) else None
        if isinstance(text, str) and text.count("(") > MOST_BRACKETS:
            where = inside(inside(at, "parameterSpace"), "combination")
            yield Problem(where, f"A combination may have {MOST_BRACKETS} brackets; this has {text.count('('):,}.")


def _files(content: Mapping[str, Any]) -> Iterator[Problem]:
    for at, parent in walk(content):
        before = set[str]()
        for where, file in mappings(parent, "embeddedFiles", at):
            name = file.get("filename")
            if isinstance(name, str) and (wrong := _file_name(name) or _same_file(name, before)):
                yield Problem(inside(where, "filename"), wrong)


def _same_file(name: str, before: set[str]) -> str:
    """Both would be one file, and both symbols read what was written last."""
    if name in before:
        return f'Another file beside it is called "{shown(name)}" too; the second would take its place.'
    before.add(name)
    return ""


def _file_name(name: str) -> str:
    if name in {".", ".."}:
        return f'"{name}" is a folder, not a name for a file.'
    size = len(name.encode("utf-8", "replace"))
    return f"A file name may have {LONGEST_NAME} bytes; this has {size}." if size > LONGEST_NAME else ""


def _dependencies(content: Mapping[str, Any]) -> Iterator[Problem]:
    places = {step["name"]: at for at, step in steps(content) if isinstance(step.get("name"), str)}
    needs: dict[str, set[str]] = {name: set() for name in places}
    for at, step in steps(content):
        name = step.get("name")
        for where, dependency in mappings(step, "dependencies", at):
            needed = dependency.get("dependsOn")
            if not isinstance(needed, str):
                continue
            if needed == name:
                yield Problem(inside(where, "dependsOn"), f"Step {shown(needed)} cannot wait for itself.")
            elif needed not in places:
                hint = did_you_mean(needed, places)
                yield Problem(inside(where, "dependsOn"), f'There is no step "{shown(needed)}".{hint}')
            elif isinstance(name, str):
                needs[name].add(needed)
    for cycle in _cycles(needs):
        yield Problem(inside(places[cycle[0]], "dependencies"), _circle(cycle))


def _circle(cycle: list[str]) -> str:
    names = [shown(name) for name in cycle]
    if len(names) > 12:
        names = [*names[:6], f"{len(names) - 12} more", *names[-6:]]
    return (
        f"Steps {listed(names)} wait for one another in a circle ({' -> '.join([*names, names[0]])}), "
        "so none of them could begin; remove one of these dependencies."
    )


def _cycles(needs: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """One cycle after the other, each without the members of those before it."""
    order = {name: index for index, name in enumerate(needs)}
    left: Mapping[str, set[str]] = needs
    for _ in range(MOST_CYCLES):
        left = _blocked(left)
        if not left:
            return
        path = dict.fromkeys([next(iter(left))])  # a set that keeps its order
        while (following := min(left[next(reversed(path))])) not in path:
            path[following] = None
        cycle = list(path)[list(path).index(following) :]
        first = cycle.index(min(cycle, key=order.__getitem__))
        yield cycle[first:] + cycle[:first]
        left = {name: needed.difference(cycle) for name, needed in left.items() if name not in path}


def _blocked(needs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """What can never begin: all that is left when whatever waits for nothing is taken out, again and again."""
    left = {name: set(needed) for name, needed in needs.items()}
    waiting: dict[str, list[str]] = {name: [] for name in needs}
    for name, needed in needs.items():
        for each in needed:
            waiting[each].append(name)
    free = [name for name, needed in left.items() if not needed]
    while free:
        done = free.pop()
        del left[done]
        for name in waiting[done]:
            left[name].discard(done)
            if not left[name]:
                free.append(name)
    return left


def _mended(content: dict[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """A copy in which what stands at the problems' places is harmless."""
    mended = copy.deepcopy(content)
    bad = {problem.at for problem in problems}
    for at, parameter in task_parameters(mended):
        _replace(parameter, "range", "1", bad, at)
    for at, step in steps(mended):
        if inside(inside(at, "parameterSpace"), "combination") in bad:
            _drop(step["parameterSpace"], "combination")
    for at, parent in walk(mended):
        for where, file in mappings(parent, "embeddedFiles", at):
            _replace(file, "filename", "file", bad, where)
    if any(".dependencies" in at or ".dependsOn" in at for at in bad):
        for _, step in steps(mended):
            _drop(step, "dependencies")
    return mended


def _replace(parent: Any, name: str, value: str, bad: set[str], at: str) -> None:
    if inside(at, name) in bad:
        parent[name] = value


def _drop(parent: Any, name: str) -> None:
    parent.pop(name, None)
