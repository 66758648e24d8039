"""What people have changed of the farm's settings while it runs, over what brender.toml says.

How does this work?  `Farm.written` are the settings that the server was started with; `Farm.overrides` has what is
different now, by name.  A setting that is a table (shares, weights, limits) is changed entry by entry, `limits/arnold`;
there None says that the entry of brender.toml does not count.  So whatever nobody has changed follows the file.
`change` holds new values against their ranges and against what jobs ask for, and gives the farm its settings anew.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from brender.farm import admission
from brender.farm.changes import Override
from brender.farm.changing import set_farm
from brender.farm.settings import FarmSettings, read
from brender.farm.submission.problems import Problem, Refused, listed, shown
from brender.farm.transitions import NotNow

if TYPE_CHECKING:
    from brender.farm.farm import Farm
    from brender.farm.job import Job

TABLES = ("shares", "weights", "limits")
BETWEEN = "/"  # a table and the name of an entry
MOST_NAMED = 5  # jobs in a sentence


def entry_of(table: str, name: str) -> str:
    return f"{table}{BETWEEN}{name}"


def place_of(name: str) -> tuple[str, str | None]:
    """Which setting it is, and which entry of that; raises `Refused`."""
    field, between, entry = name.partition(BETWEEN)
    if field not in FarmSettings.__struct_fields__ or (between and field not in TABLES):
        known = ", ".join(FarmSettings.__struct_fields__)
        raise Refused([Problem(shown(name), f"There is no such setting; there are {known}.")])
    return field, entry if between else None


def covers(given: str, name: str) -> bool:
    """Whether one is the other, or the table that it is an entry of."""
    return name == given or name.startswith(entry_of(given, ""))


def change(farm: "Farm", values: Mapping[str, Any], forget: Collection[str], now: float) -> bool:
    """Set these, and let those in `forget` be as brender.toml has them; False when all was so.

    Raises `Refused`, and `NotNow` where jobs need what is to go.
    """
    for name in (*values, *forget):
        place_of(name)
    wanted = {name: Override(value, now) for name, value in spread(farm.written, values)}
    gone = [*forget, *values]
    kept = {name: each for name, each in farm.overrides.items() if not any(covers(given, name) for given in gone)}
    settings = settings_of(farm.written, kept | wanted)
    if problems := admission.problems_of_farm(settings):
        raise Refused(problems)
    refuse_what_is_needed(farm, settings)
    return put(farm, kept | {name: settled(farm, settings, name, each) for name, each in wanted.items()}, settings)


def put(farm: "Farm", overrides: dict[str, Override], settings: FarmSettings) -> bool:
    names = overrides.keys() | farm.overrides.keys()
    changed = {name: overrides.get(name) for name in names if overrides.get(name) != farm.overrides.get(name)}
    farm.overrides = overrides
    farm.changes.settings.update(changed)
    if settings != farm.settings:
        set_farm(farm, settings)
    return bool(changed)


def spread(written: FarmSettings, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values by setting or entry: of a whole table, the entries that are not as in brender.toml."""
    file: dict[str, Any] = msgspec.to_builtins(written)
    for name, value in values.items():
        field, entry = place_of(name)
        if entry is not None:
            if value is not None or entry in file[field]:
                yield name, value
        elif field in TABLES:
            given = msgspec.to_builtins(getattr(read(FarmSettings, {field: value}), field))
            for each in given.keys() | file[field].keys():
                if given.get(each) != file[field].get(each):
                    yield entry_of(field, each), given.get(each)
        else:
            yield name, value


def settled(farm: "Farm", settings: FarmSettings, name: str, wanted: Override) -> Override:
    """With the value as it was read; as it was before, if it is the same."""
    value = None if wanted.value is None else value_of(settings, name)
    before = farm.overrides.get(name)
    return before if before is not None and before.value == value else Override(value, wanted.when)


def value_of(settings: FarmSettings, name: str) -> Any:
    """A setting, or an entry of one, as plain data; None where there is no such entry."""
    field, entry = place_of(name)
    value = msgspec.to_builtins(getattr(settings, field))
    return value if entry is None else value.get(entry)


def settings_of(written: FarmSettings, overrides: Mapping[str, Override]) -> FarmSettings:
    """The settings that count; raises `Refused`."""
    plain: dict[str, Any] = msgspec.to_builtins(written)
    for name, override in overrides.items():
        field, entry = place_of(name)
        if entry is None:
            plain[field] = override.value
        elif override.value is None:
            plain[field].pop(entry, None)
        else:
            plain[field][entry] = override.value
    return read(FarmSettings, plain)


def restore(farm: "Farm", overrides: Mapping[str, Override]) -> list[str]:
    """What was changed before the server was started; the names of what can be set no more."""
    unfit = []
    for name, override in overrides.items():
        try:
            settings = settings_of(farm.written, farm.overrides | {name: override})
        except Refused:
            unfit.append(name)
            continue
        if any(admission.problems_of_farm(settings)):
            unfit.append(name)
        else:
            farm.overrides[name] = override
    if farm.overrides:
        set_farm(farm, settings_of(farm.written, farm.overrides))
    return unfit


# --- limits that jobs take


def refuse_what_is_needed(farm: "Farm", settings: FarmSettings) -> None:
    """No limit goes, or becomes smaller, under what an unfinished job takes of it; raises `NotNow`."""
    for name, before in farm.settings.limits.items():
        after = settings.limits.get(name)
        if after is None or after.count < before.count:
            most = after.count if after else 0
            if needed := [job for job in takers(farm, name) if job.settings.limits[name] > most]:
                more = f"more than {most} of limit" if after else "limit"
                raise NotNow(f"{named(needed)} {more} {shown(name)}: end or change that first.")


def takers(farm: "Farm", limit: str) -> list["Job"]:
    """The unfinished jobs that take some of a limit."""
    return [job for job in farm.jobs.unfinished() if limit in job.settings.limits]


def named(jobs: "Collection[Job]") -> str:
    """ "Job 3 needs", "Jobs 3, 4 and 5 need", for the begin of a sentence."""
    numbers = [str(job.id) for job in jobs]
    if len(numbers) == 1:
        return f"Job {numbers[0]} needs"
    more = [f"{len(numbers) - MOST_NAMED:,} others"] if len(numbers) > MOST_NAMED else []
    return f"Jobs {listed([*numbers[:MOST_NAMED], *more])} need"
