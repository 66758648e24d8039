"""`brender submit`: hand in a template or a scene, and watch it if wanted.

How does this work?  A `.blend` becomes a job of the built-in template `blender`, with the frames that the file
itself names; a file with a template is sent as it is, of the folder of a job bundle its two files; a word that is no
file names a template of the farm.  `brender plan` takes the same, and makes nothing.
Values are `KEY=VALUE`; every setting that a job can have is an option, made from the struct that declares it.
What was found out by itself is told, so that nothing happens behind one's back.
"""

import getpass
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import click

from brender.cli.asking import Desk, asks_the_farm, say, wrong_use
from brender.cli.bundles import template_in, values_in
from brender.cli.paths import whole
from brender.cli.scenes import frames_of
from brender.cli.watch import Watch
from brender.client.http import Question
from brender.config.reading import machine_zone
from brender.farm.scheduling.windows import zone_of
from brender.farm.settings import JobSettings, read
from brender.farm.submission.problems import Refused
from brender.templates import built_in
from brender.verbs.doing.submitting import MOST_BYTES, built_in_template, is_name
from brender.verbs.said import values as written
from brender.verbs.tables import count

Function = TypeVar("Function", bound=Callable[..., object])


@dataclass
class Wanted:
    """What is to be sent."""

    template: str  # a text, or the name of a built-in one
    text: str  # the text, as far as it is known here
    values: dict[str, Any]
    folder: Path | None = None  # the template's own
    told: list[str] = field(default_factory=list)
    name: str = ""
    thing: str = "task"


def settings_options(command: Function) -> Function:
    """An option for each setting of a job."""
    for name, form in reversed(list(written.forms(JobSettings, UTC).items())):
        option = f"--{name.replace('_', '-')}"
        command = click.option(option, name, metavar=form.usage, help=written.meanings(JobSettings)[name])(command)
    return command


@click.command(epilog="docs/scheduling.md tells what each of the settings does.")
@click.argument("file")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--frames", metavar="RANGE", help="The frames, such as 1-250 or 1,5-9; the same as Frames=RANGE.")
@click.option("--name", default="", help="What the job is called, instead of the template's own name.")
@click.option("--wait", "--watch", "watch", is_flag=True, help="Show how far it is until it ends; Ctrl-C leaves it.")
@click.option("--quiet", "-q", is_flag=True, help="Print the job's number alone.")
@settings_options
@asks_the_farm
def submit(
    desk: Desk,
    /,
    *,
    file: str,
    values: tuple[str, ...],
    frames: str | None,
    name: str,
    watch: bool,
    quiet: bool,
    **settings: str | None,
) -> None:
    """Hand in a scene or a job template.

    FILE is a .blend, a job template (YAML or JSON), the folder of a job bundle, or the name of a template of the farm.
    """
    wanted = wanted_of(desk, file, read_values(values, frames), quiet=quiet)
    job = desk.ask(Question("POST", "/api/v1/jobs", body=body_of(desk, wanted, name, settings_of(settings))))
    if watch:
        raise SystemExit(Watch(desk.api, desk.as_json, wanted.thing, silent=quiet).until_it_ends(job))
    desk.show(job, lambda: str(job["id"]) if quiet else submitted(job, wanted.thing))


@click.command(epilog="docs/submitting.md tells more.")
@click.argument("file")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--frames", metavar="RANGE", help="The frames, such as 1-250 or 1,5-9; the same as Frames=RANGE.")
@click.option("--name", default="", help="What the job would be called, instead of the template's own name.")
@settings_options
@asks_the_farm
def plan(
    desk: Desk, /, *, file: str, values: tuple[str, ...], frames: str | None, name: str, **settings: str | None
) -> None:
    """Say what a job would be, or all that is wrong with it, and make none.

    FILE and all that follows are what submit takes.  It ends with 1 when the job would not be taken.
    """
    wanted = wanted_of(desk, file, read_values(values, frames))
    found = desk.ask(Question("POST", "/api/v1/jobs/plan", body=body_of(desk, wanted, name, settings_of(settings))))
    desk.show(found, lambda: words_of(found))
    if not found["ok"]:
        raise SystemExit(1)


def words_of(found: Any) -> str:
    from brender.cli.wording import worded  # noqa: PLC0415 (who hands in a job needs no verbs)

    return worded("job", "plan", found, {"template": ""})


def wanted_of(desk: Desk, file: str, given: dict[str, str], *, quiet: bool = False) -> Wanted:
    """What is to be sent of what was named, with whole paths; what was found out by itself is told."""
    if file.lower().endswith(".blend"):
        wanted = scene(Path(file), given)
    else:
        wanted = named(desk, file, given) or template(file, given)
    wanted.values, told = whole(wanted.text, wanted.values, wanted.folder)
    for line in [] if quiet else [*wanted.told, *told]:
        say(line, err=True)
    return wanted


def body_of(desk: Desk, wanted: Wanted, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Whoever has logged in is the owner, unless they say another one."""
    folder = str(wanted.folder or "")
    said = {"template": wanted.template, "values": wanted.values, "name": name or wanted.name, "folder": folder}
    return {**said, "settings": settings if desk.api.token else {"owner": user(), **settings}}


def submitted(job: Any, thing: str) -> str:
    step = max(job["steps"], key=lambda step: step["tasks"])
    taken = f"Job {job['id']} {job['name']}: {count(step['tasks'], thing)}, priority {job['priority']}."
    return "\n".join([taken, *(f"Warning: {warning}" for warning in job["warnings"])])


def settings_of(words: Mapping[str, str | None]) -> dict[str, Any]:
    """The settings that were said; what is no setting, or out of its range, is wrong use."""
    with wrong_use():
        given = {name: text for name, text in words.items() if text is not None}
        found = written.read(JobSettings, given, zone_of(machine_zone()))
    try:
        read(JobSettings, found)
    except Refused as refused:
        raise click.UsageError(str(refused)) from None
    return found


def user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name
        return ""


def read_values(words: Sequence[str], frames: str | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in [*words, *([f"Frames={frames}"] if frames is not None else [])]:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise click.UsageError(f'"{word}" is not KEY=VALUE.')
        if key in found:
            raise click.UsageError(f"{key} is given twice.")
        found[key] = value
    return found


def named(desk: Desk, name: str, values: dict[str, Any]) -> Wanted | None:
    """A template that the farm has; None where a file is meant."""
    if Path(name).exists() or not is_name(name):
        return None
    text = built_in_template(name)
    if text is None:
        text = str(desk.ask(Question("GET", f"/api/v1/templates/{quote(name, safe='')}"))["template"])
    return Wanted(name, text, values, thing="frame" if "Frames" in values else "task")


def template(file: str, values: dict[str, Any]) -> Wanted:
    path = Path(file)
    bundle = template_in(path) if path.is_dir() else None
    wanted = of_file(bundle or path, values)
    if bundle:
        wanted.values = {**values_in(path, wanted.text), **values}
    wanted.thing = "frame" if "Frames" in wanted.values else "task"
    return wanted


def of_file(path: Path, values: dict[str, Any]) -> Wanted:
    file = str(path)
    try:
        with path.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        names = ", ".join(built_in())
        raise click.UsageError(f"{file} cannot be read: {error.strerror}. Built-in templates: {names}.") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is neither a .blend nor a template: it is not text in UTF-8.") from None
    if len(data) > MOST_BYTES:
        raise click.UsageError(f"{file} is larger than a template may be ({MOST_BYTES >> 20} MB).")
    if not text.strip():
        raise click.UsageError(f"{file} is empty.")
    return Wanted(text if "\n" in text else f"{text}\n", text, values, path.absolute().parent)


def scene(path: Path, values: dict[str, str]) -> Wanted:
    """A scene's job; the frames are the file's own unless they are given."""
    if "Scene" in values:
        raise click.UsageError(f"The scene is given twice: {path} and Scene={values['Scene']}.")
    if not path.is_file():
        raise click.UsageError(f"There is no scene {path}.")
    values = {"Scene": str(path.absolute()), **values}
    told: list[str] = []
    if "Frames" not in values:
        values["Frames"], told = frames_of(path.absolute())
    return Wanted("blender", built_in_template("blender") or "", values, told=told, name=path.stem, thing="frame")
