"""What would become of a job that is not handed in yet: the verb `plan`.

How does this work?  It takes what `create` takes, and makes nothing.  The server's own parser says what would be made,
or all that is wrong with its places and lines; so a form can be checked while somebody types.  Nothing is refused: what
is wrong stands in the answer.
"""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from brender.farm.admission import problems_of_name
from brender.farm.people.users import Role
from brender.farm.submission.answers import Outline, Wrong
from brender.farm.submission.problems import Refused
from brender.verbs.doing.jobs import JOB_VERBS, Submission, settings_of, template_of
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Call, Outcome, Which

__all__ = ["JOB_VERBS"]


@JOB_VERBS(
    "plan", "Say what a job would be, or all that is wrong with it, and make none.",
    which=Which.NONE, takes=Submission, changes=False, sent=True, shows=False, role=Role.ARTIST,
)  # fmt: skip
async def plan(call: Call) -> Sequence[Outcome]:
    wanted: Submission = call.given
    wrong = [Wrong(each.at, each.message) for each in problems_of_name(wanted.name)]
    settings: dict[str, Any] = {}
    try:
        settings = settings_of(wanted)
    except Unfit as unfit:
        wrong.append(Wrong(unfit.at, str(unfit)))
    try:
        template, folder = await template_of(call.service, wanted)
    except Refused as refused:
        wrong = [*(Wrong(each.at, each.message) for each in refused.problems), *wrong]
        return told(Outline(problems=wrong), [], wanted)
    found, warnings = await call.service.try_out(template, wanted.values, folder=folder, settings=settings)
    return told(found, warnings, wanted, wrong)


def told(found: Outline, warnings: Sequence[str], wanted: Submission, wrong: Sequence[Wrong] = ()) -> list[Outcome]:
    problems = [*found.problems, *wrong]
    answer: Mapping[str, Any] = {
        "ok": not problems,
        "description": found.description,
        "tasks": found.tasks,
        "steps": found.steps,
        "parameters": found.parameters,
        "problems": problems,
        "warnings": warnings,
    }
    return [Outcome(SimpleNamespace(name=wanted.name or found.name), answer)]
