"""Plans and outlines made here and now, in the process that asks: for what is quickly done, and for tests."""

from collections.abc import Mapping
from typing import Any

from brender.farm.submission.answers import Outline
from brender.farm.submission.bundles import values_of
from brender.farm.submission.outlines import outline
from brender.farm.submission.planning import plan
from brender.farm.submission.plans import Plan

Template = str | Mapping[str, Any]
Values = Mapping[str, Any] | str


def planned(template: Template, values: Values, folder: str, limit: int) -> Plan:
    return plan(template, values_of(values), folder=folder, limit=limit)


class Here:
    """`farm.interfaces.Planner`."""

    async def plan(self, template: Template, values: Values, folder: str, limit: int) -> Plan:
        return planned(template, values, folder, limit)

    async def outline(self, template: Template, values: Values, folder: str, limit: int) -> tuple[Outline, Plan | None]:
        return outline(template, values, folder, limit)
