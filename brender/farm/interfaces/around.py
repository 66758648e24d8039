"""What stands around the service: pictures, plans, the farm's figures, templates."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from brender.farm.job import Shown
    from brender.farm.submission.answers import Outline
    from brender.farm.submission.plans import Plan
    from brender.farm.submission.shelf import Template
    from brender.farm.views.figures import FarmFigures, Series


class Pictures(Protocol):
    """Small pictures of frames, on the server's disk; what cannot be read is not there."""

    def latest(self, limit: int) -> "list[tuple[int, Shown]]":
        """The jobs of which pictures came last, with the newest of each; the newest first."""

    async def read(self, job: int, step: int, task: int) -> "tuple[Shown, bytes] | None":
        """The newest picture of a task, as JPEG."""

    async def since(self, job: int, number: int, limit: int) -> "list[Shown]":
        """Of the `limit` pictures that came after this number, those that are still their task's newest."""


class Planner(Protocol):
    """Makes plans of templates and values, the form of a job bundle's file included."""

    async def plan(self, template: Any, values: Mapping[str, Any] | str, folder: str, limit: int) -> "Plan":
        """What the job will be; `limit` is of tasks a step.  Raises `Refused`, `NotNow`."""

    async def outline(
        self, template: Any, values: Mapping[str, Any] | str, folder: str, limit: int
    ) -> "tuple[Outline, Plan | None]":
        """The same in words and numbers, with all that is wrong; then there is no plan.  Raises `NotNow`."""


class Pulse(Protocol):
    """What the farm does, in figures."""

    @property
    def figures(self) -> "FarmFigures":
        """As they are now."""

    @property
    def series(self) -> "Series":
        """The last hour."""


class Templates(Protocol):
    """The job templates that can be named: those that come with brender, and the studio's own."""

    async def all(self) -> "Sequence[Template]":
        """By their names, as they are now."""
