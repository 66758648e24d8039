# ruff: noqa
"""The types of brender.client.items; made from the verbs by `python -m brender.client.types`."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

from msgspec import UNSET, UnsetType

from brender.client.http import Api
from brender.client.results import AsyncPages, Outcome, Outcomes, Pages as PagesOf
from brender.farm.client import Status
from brender.farm.failures.reasons import FailureView
from brender.farm.people.audit import Entry
from brender.farm.people.invitation import InvitationView
from brender.farm.people.saved_view import SavedView
from brender.farm.people.users import TokenView
from brender.farm.people.users import UserView
from brender.farm.settings import After
from brender.farm.submission.shelf import TemplateView
from brender.farm.views.client_past import LoadView
from brender.farm.views.client_past import TurnView
from brender.farm.views.groups import LimitView
from brender.farm.views.groups import PoolView
from brender.farm.views.groups import SettingView
from brender.farm.views.groups import TagView
from brender.farm.views.steps import StepDetails
from brender.farm.views.tasks import TaskView
from brender.farm.views.things import ClientView
from brender.farm.views.things import JobView
from brender.farm.views.things import OrderView
from brender.verbs.doing.job_failures import Excerpt


class Clients:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[ClientView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: int, /) -> Outcome[ClientView]:
        """Show one client."""
    @overload
    def enable(self, id: int, /) -> Outcome[ClientView]:
        """Let clients take new orders."""
    @overload
    def enable(self, *, filter: str) -> Outcomes[ClientView]:
        """Let clients take new orders."""
    @overload
    def disable(self, id: int, /) -> Outcome[ClientView]:
        """Give clients no new orders; they finish what they run."""
    @overload
    def disable(self, *, filter: str) -> Outcomes[ClientView]:
        """Give clients no new orders; they finish what they run."""
    @overload
    def update(self, id: int, /, *, pools: Sequence[str] | UnsetType = UNSET, tags: Sequence[str] | UnsetType = UNSET, takes: Sequence[str] | UnsetType = UNSET, most_tasks: int | None | UnsetType = UNSET, keep_memory: int | UnsetType = UNSET, sleeps: str | UnsetType = UNSET, zone: str | UnsetType = UNSET, idle_seconds: float | None | UnsetType = UNSET, when_used: Literal['finish', 'hand-back'] | UnsetType = UNSET, wake: bool | UnsetType = UNSET, off_seconds: float | None | UnsetType = UNSET, status: Status | UnsetType = UNSET) -> Outcome[ClientView]:
        """Change the status or the settings of clients."""
    @overload
    def update(self, *, filter: str, pools: Sequence[str] | UnsetType = UNSET, tags: Sequence[str] | UnsetType = UNSET, takes: Sequence[str] | UnsetType = UNSET, most_tasks: int | None | UnsetType = UNSET, keep_memory: int | UnsetType = UNSET, sleeps: str | UnsetType = UNSET, zone: str | UnsetType = UNSET, idle_seconds: float | None | UnsetType = UNSET, when_used: Literal['finish', 'hand-back'] | UnsetType = UNSET, wake: bool | UnsetType = UNSET, off_seconds: float | None | UnsetType = UNSET, status: Status | UnsetType = UNSET) -> Outcomes[ClientView]:
        """Change the status or the settings of clients."""
    @overload
    def why(self, id: int, /) -> str:
        """Say what clients wait for, or what they do."""
    @overload
    def why(self, *, filter: str) -> dict[int, str]:
        """Say what clients wait for, or what they do."""
    def load(self, id: int, /, *, span: Literal['hour', 'day'] = 'hour') -> LoadView:
        """Show how busy a client was in the last hour, or day."""
    def timeline(self, id: int, /, *, only: str = '', limit: int = 1000) -> Sequence[TurnView]:
        """List the orders that a client had lately, the newest first."""
    @overload
    def restart(self, id: int, /, *, now: bool = False) -> Outcome[ClientView]:
        """Have the workers of clients finish what they run, and start anew."""
    @overload
    def restart(self, *, filter: str, now: bool = False) -> Outcomes[ClientView]:
        """Have the workers of clients finish what they run, and start anew."""
    @overload
    def drain(self, id: int, /, *, now: bool = False) -> Outcome[ClientView]:
        """Have the workers of clients finish what they run, and end."""
    @overload
    def drain(self, *, filter: str, now: bool = False) -> Outcomes[ClientView]:
        """Have the workers of clients finish what they run, and end."""
    @overload
    def revoke(self, id: int, /) -> Outcome[ClientView]:
        """Shut clients out: no certificate of theirs counts, their connections are cut."""
    @overload
    def revoke(self, *, filter: str) -> Outcomes[ClientView]:
        """Shut clients out: no certificate of theirs counts, their connections are cut."""
    @overload
    def delete(self, id: int, /) -> Outcome[ClientView]:
        """Forget clients that are away, for good."""
    @overload
    def delete(self, *, filter: str) -> Outcomes[ClientView]:
        """Forget clients that are away, for good."""

class Jobs:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[JobView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def create(self, *, template: Mapping[str, Any] | str, values: Mapping[str, Any] | str | UnsetType = UNSET, name: str = '', folder: str = '', settings: Mapping[str, Any] | UnsetType = UNSET, priority: int | UnsetType = UNSET, owner: str | UnsetType = UNSET) -> Outcome[JobView]:
        """Hand in a job: a template, and values."""
    def show(self, id: int, /, *, orders: int | None = None) -> Outcome[JobView]:
        """Show a job with its orders and what was handed in."""
    @overload
    def why(self, id: int, /, *, frame: int | None = None, task: int | None = None, step: str = '') -> str:
        """Say what a job or a frame waits for."""
    @overload
    def why(self, *, filter: str, frame: int | None = None, task: int | None = None, step: str = '') -> dict[int, str]:
        """Say what a job or a frame waits for."""
    def log(self, id: int, /, *, task: int | None = None, step: str | None = None, order: int | None = None, tail: int = 0) -> str:
        """Give the log of a job."""
    @overload
    def update(self, id: int, /, *, priority: int | UnsetType = UNSET, owner: str | UnsetType = UNSET, project: str | UnsetType = UNSET, order: Literal['forwards', 'backwards', 'outside-in', 'preview'] | UnsetType = UNSET, preview: int | UnsetType = UNSET, pool: str | UnsetType = UNSET, only: Sequence[str] | UnsetType = UNSET, never: Sequence[str] | UnsetType = UNSET, limits: Mapping[str, int] | UnsetType = UNSET, after: Sequence[After] | UnsetType = UNSET, not_before: float | None | UnsetType = UNSET, hours: str | UnsetType = UNSET, zone: str | UnsetType = UNSET, tries: int | UnsetType = UNSET, fail_after: int | None | UnsetType = UNSET, fail_share: float | None | UnsetType = UNSET, task_seconds: float | None | UnsetType = UNSET, session_seconds: float | None | UnsetType = UNSET, step_seconds: float | None | UnsetType = UNSET, quiet_seconds: float | None | UnsetType = UNSET, second_starts: bool | UnsetType = UNSET, preemptible: bool | UnsetType = UNSET) -> Outcome[JobView]:
        """Change settings of jobs, whatever their state."""
    @overload
    def update(self, *, filter: str, priority: int | UnsetType = UNSET, owner: str | UnsetType = UNSET, project: str | UnsetType = UNSET, order: Literal['forwards', 'backwards', 'outside-in', 'preview'] | UnsetType = UNSET, preview: int | UnsetType = UNSET, pool: str | UnsetType = UNSET, only: Sequence[str] | UnsetType = UNSET, never: Sequence[str] | UnsetType = UNSET, limits: Mapping[str, int] | UnsetType = UNSET, after: Sequence[After] | UnsetType = UNSET, not_before: float | None | UnsetType = UNSET, hours: str | UnsetType = UNSET, zone: str | UnsetType = UNSET, tries: int | UnsetType = UNSET, fail_after: int | None | UnsetType = UNSET, fail_share: float | None | UnsetType = UNSET, task_seconds: float | None | UnsetType = UNSET, session_seconds: float | None | UnsetType = UNSET, step_seconds: float | None | UnsetType = UNSET, quiet_seconds: float | None | UnsetType = UNSET, second_starts: bool | UnsetType = UNSET, preemptible: bool | UnsetType = UNSET) -> Outcomes[JobView]:
        """Change settings of jobs, whatever their state."""
    @overload
    def cancel(self, id: int, /) -> Outcome[JobView]:
        """End jobs now; what is done of them stays."""
    @overload
    def cancel(self, *, filter: str) -> Outcomes[JobView]:
        """End jobs now; what is done of them stays."""
    @overload
    def pause(self, id: int, /) -> Outcome[JobView]:
        """Give out no more of jobs; what runs of them finishes."""
    @overload
    def pause(self, *, filter: str) -> Outcomes[JobView]:
        """Give out no more of jobs; what runs of them finishes."""
    @overload
    def resume(self, id: int, /) -> Outcome[JobView]:
        """Go on with paused jobs."""
    @overload
    def resume(self, *, filter: str) -> Outcomes[JobView]:
        """Go on with paused jobs."""
    @overload
    def approve(self, id: int, /) -> Outcome[JobView]:
        """Let the rest of jobs follow their preview."""
    @overload
    def approve(self, *, filter: str) -> Outcomes[JobView]:
        """Let the rest of jobs follow their preview."""
    @overload
    def forgive(self, id: int, /, *, clients: Sequence[int] | str | None = None) -> Outcome[JobView]:
        """Let jobs go again to clients that failed them too often."""
    @overload
    def forgive(self, *, filter: str, clients: Sequence[int] | str | None = None) -> Outcomes[JobView]:
        """Let jobs go again to clients that failed them too often."""
    def save(self) -> Mapping[str, Any]:
        """Wait until everything so far is safe in the database."""
    @overload
    def delete(self, id: int, /) -> Outcome[JobView]:
        """Delete jobs with their orders and logs, for good; what runs of them is ended."""
    @overload
    def delete(self, *, filter: str) -> Outcomes[JobView]:
        """Delete jobs with their orders and logs, for good; what runs of them is ended."""
    def plan(self, *, template: Mapping[str, Any] | str, values: Mapping[str, Any] | str | UnsetType = UNSET, name: str = '', folder: str = '', settings: Mapping[str, Any] | UnsetType = UNSET, priority: int | UnsetType = UNSET, owner: str | UnsetType = UNSET) -> Mapping[str, Any]:
        """Say what a job would be, or all that is wrong with it, and make none."""
    @overload
    def retry(self, id: int, /, *, frames: str = '', tasks: Sequence[int] | None = None, step: str = '') -> Outcome[JobView]:
        """Run again what failed or was canceled, or some frames."""
    @overload
    def retry(self, *, filter: str, frames: str = '', tasks: Sequence[int] | None = None, step: str = '') -> Outcomes[JobView]:
        """Run again what failed or was canceled, or some frames."""
    @overload
    def requeue(self, id: int, /, *, frames: str = '', tasks: Sequence[int] | None = None, step: str = '', with_dependents: bool = False) -> Outcome[JobView]:
        """Run frames again, also those that were done."""
    @overload
    def requeue(self, *, filter: str, frames: str = '', tasks: Sequence[int] | None = None, step: str = '', with_dependents: bool = False) -> Outcomes[JobView]:
        """Run frames again, also those that were done."""
    def add(self, id: int, /, *, values: Mapping[str, Any]) -> Outcome[JobView]:
        """Add the tasks that a job would have with other values."""
    def revise(self, id: int, /, *, values: Mapping[str, Any]) -> Outcome[JobView]:
        """Give other values to tasks of a job that have not run."""
    @overload
    def failures(self, id: int, /) -> Sequence[FailureView]:
        """Say why tasks failed, those with the same reason together."""
    @overload
    def failures(self, *, filter: str) -> dict[int, Sequence[FailureView]]:
        """Say why tasks failed, those with the same reason together."""
    def excerpt(self, id: int, /, *, order: int, begin: int = 0, length: int = 65536, error: bool = False) -> Excerpt:
        """Give a part of the log of an order."""

class Steps:
    def __init__(self, api: Api, job: int) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[StepDetails]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: str, /) -> Outcome[StepDetails]:
        """Show one step."""
    @overload
    def retry(self, id: str, /) -> Outcome[StepDetails]:
        """Run again what failed or was canceled of steps."""
    @overload
    def retry(self, *, filter: str) -> Outcomes[StepDetails]:
        """Run again what failed or was canceled of steps."""
    @overload
    def requeue(self, id: str, /, *, with_dependents: bool = False) -> Outcome[StepDetails]:
        """Run steps again, also what was done of them."""
    @overload
    def requeue(self, *, filter: str, with_dependents: bool = False) -> Outcomes[StepDetails]:
        """Run steps again, also what was done of them."""

class Tasks:
    def __init__(self, api: Api, job: int) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[TaskView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: str, /) -> Outcome[TaskView]:
        """Show one task."""
    @overload
    def cancel(self, id: str, /) -> Outcome[TaskView]:
        """End tasks that wait or run; the job goes on with the others."""
    @overload
    def cancel(self, *, filter: str) -> Outcomes[TaskView]:
        """End tasks that wait or run; the job goes on with the others."""
    @overload
    def retry(self, id: str, /) -> Outcome[TaskView]:
        """Run tasks again that failed or were canceled."""
    @overload
    def retry(self, *, filter: str) -> Outcomes[TaskView]:
        """Run tasks again that failed or were canceled."""
    @overload
    def requeue(self, id: str, /, *, with_dependents: bool = False) -> Outcome[TaskView]:
        """Run tasks again, also those that were done."""
    @overload
    def requeue(self, *, filter: str, with_dependents: bool = False) -> Outcomes[TaskView]:
        """Run tasks again, also those that were done."""
    @overload
    def why(self, id: str, /) -> str:
        """Say what tasks wait for, or what became of them."""
    @overload
    def why(self, *, filter: str) -> dict[str, str]:
        """Say what tasks wait for, or what became of them."""
    def log(self, id: str, /, *, order: int | None = None, tail: int = 0) -> str:
        """Give the log of a task."""

class Orders:
    def __init__(self, api: Api, job: int) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[OrderView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: int, /) -> Outcome[OrderView]:
        """Show one order."""
    def log(self, id: int, /, *, tail: int = 0) -> str:
        """Give the log of an order."""

class Pools:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[PoolView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: str, /) -> Outcome[PoolView]:
        """Show one pool."""
    def create(self, *, name: str, clients: str) -> Outcome[PoolView]:
        """Make a pool: put clients into it."""
    def update(self, id: str, /, *, name: str = '', add: str = '', remove: str = '') -> Outcome[PoolView]:
        """Give a pool another name, put clients in, take some out."""
    @overload
    def delete(self, id: str, /) -> Outcome[PoolView]:
        """Take all clients out of pools; refused while a job asks for one."""
    @overload
    def delete(self, *, filter: str) -> Outcomes[PoolView]:
        """Take all clients out of pools; refused while a job asks for one."""

class Tags:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[TagView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: str, /) -> Outcome[TagView]:
        """Show one tag."""
    def create(self, *, name: str, clients: str) -> Outcome[TagView]:
        """Make a tag: put clients into it."""
    def update(self, id: str, /, *, name: str = '', add: str = '', remove: str = '') -> Outcome[TagView]:
        """Give a tag another name, put clients in, take some out."""
    @overload
    def delete(self, id: str, /) -> Outcome[TagView]:
        """Take all clients out of tags; refused while a job asks for one."""
    @overload
    def delete(self, *, filter: str) -> Outcomes[TagView]:
        """Take all clients out of tags; refused while a job asks for one."""

class Limits:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[LimitView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: str, /) -> Outcome[LimitView]:
        """Show one limit, who holds it and who waits for it."""
    def create(self, *, name: str, count: int, each: Literal['task', 'client'] = 'task') -> Outcome[LimitView]:
        """Count another licence."""
    @overload
    def update(self, id: str, /, *, count: int | UnsetType = UNSET, each: Literal['task', 'client'] | UnsetType = UNSET) -> Outcome[LimitView]:
        """Change how many there are, or what holds one."""
    @overload
    def update(self, *, filter: str, count: int | UnsetType = UNSET, each: Literal['task', 'client'] | UnsetType = UNSET) -> Outcomes[LimitView]:
        """Change how many there are, or what holds one."""
    @overload
    def delete(self, id: str, /) -> Outcome[LimitView]:
        """Count a licence no more; refused while a job takes some of it."""
    @overload
    def delete(self, *, filter: str) -> Outcomes[LimitView]:
        """Count a licence no more; refused while a job takes some of it."""

class Settings:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[SettingView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: str, /) -> Outcome[SettingView]:
        """Show one setting of the farm."""
    def update(self, id: str, /, *, value: Any) -> Outcome[SettingView]:
        """Give a setting another value, at once."""
    @overload
    def delete(self, id: str, /) -> Outcome[SettingView]:
        """Go back to what brender.toml says."""
    @overload
    def delete(self, *, filter: str) -> Outcomes[SettingView]:
        """Go back to what brender.toml says."""

class Views:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[SavedView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: int, /) -> Outcome[SavedView]:
        """Show one saved view."""
    def create(self, *, name: str, item: str, owner: str = '', filter: str = '', fields: str = '', sort: str = '') -> Outcome[SavedView]:
        """Save a view of a list."""
    def update(self, id: int, /, *, name: str | UnsetType = UNSET, owner: str | UnsetType = UNSET, filter: str | UnsetType = UNSET, fields: str | UnsetType = UNSET, sort: str | UnsetType = UNSET) -> Outcome[SavedView]:
        """Change what a saved view shows, its name or its owner."""
    @overload
    def delete(self, id: int, /) -> Outcome[SavedView]:
        """Delete saved views."""
    @overload
    def delete(self, *, filter: str) -> Outcomes[SavedView]:
        """Delete saved views."""

class Users:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[UserView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: str, /) -> Outcome[UserView]:
        """Show one user."""
    def create(self, *, name: str, role: Literal['viewer', 'artist', 'wrangler', 'admin'] = 'viewer', password: str = '') -> Outcome[UserView]:
        """Take somebody in."""
    def update(self, id: str, /, *, role: Literal['viewer', 'artist', 'wrangler', 'admin'] | UnsetType = UNSET, password: str | UnsetType = UNSET) -> Outcome[UserView]:
        """Give somebody another role or password."""
    @overload
    def delete(self, id: str, /) -> Outcome[UserView]:
        """Delete users, with their tokens; their jobs stay."""
    @overload
    def delete(self, *, filter: str) -> Outcomes[UserView]:
        """Delete users, with their tokens; their jobs stay."""

class Tokens:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[TokenView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: int, /) -> Outcome[TokenView]:
        """Show one API token, without its secret."""
    def create(self, *, name: str = '', user: str = '', role: Literal['viewer', 'artist', 'wrangler', 'admin'] | UnsetType = UNSET, verbs: Sequence[str] = (), key: str = '', days: float = 90.0) -> Outcome[TokenView]:
        """Make an API token; its secret is told this once."""
    @overload
    def delete(self, id: int, /) -> Outcome[TokenView]:
        """Delete API tokens; they are good for nothing from then on."""
    @overload
    def delete(self, *, filter: str) -> Outcomes[TokenView]:
        """Delete API tokens; they are good for nothing from then on."""

class Audits:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[Entry]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: int, /) -> Outcome[Entry]:
        """Show one entry of the audit."""

class Templates:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[TemplateView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: str, /) -> Outcome[TemplateView]:
        """Show a template with its text and its parameters."""

class Invitations:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[InvitationView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> PagesOf[dict[str, Any]]: ...
    def show(self, id: int, /) -> Outcome[InvitationView]:
        """Show one join token, without its secret."""
    def create(self, *, uses: int = 1, valid_seconds: float = 3600.0, note: str = '') -> Outcome[InvitationView]:
        """Make a token with which machines join the farm; it is told this once."""
    @overload
    def delete(self, id: int, /) -> Outcome[InvitationView]:
        """Delete join tokens: nobody joins with them any more."""
    @overload
    def delete(self, *, filter: str) -> Outcomes[InvitationView]:
        """Delete join tokens: nobody joins with them any more."""

class AsyncClients:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[ClientView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: int, /) -> Outcome[ClientView]:
        """Show one client."""
    @overload
    async def enable(self, id: int, /) -> Outcome[ClientView]:
        """Let clients take new orders."""
    @overload
    async def enable(self, *, filter: str) -> Outcomes[ClientView]:
        """Let clients take new orders."""
    @overload
    async def disable(self, id: int, /) -> Outcome[ClientView]:
        """Give clients no new orders; they finish what they run."""
    @overload
    async def disable(self, *, filter: str) -> Outcomes[ClientView]:
        """Give clients no new orders; they finish what they run."""
    @overload
    async def update(self, id: int, /, *, pools: Sequence[str] | UnsetType = UNSET, tags: Sequence[str] | UnsetType = UNSET, takes: Sequence[str] | UnsetType = UNSET, most_tasks: int | None | UnsetType = UNSET, keep_memory: int | UnsetType = UNSET, sleeps: str | UnsetType = UNSET, zone: str | UnsetType = UNSET, idle_seconds: float | None | UnsetType = UNSET, when_used: Literal['finish', 'hand-back'] | UnsetType = UNSET, wake: bool | UnsetType = UNSET, off_seconds: float | None | UnsetType = UNSET, status: Status | UnsetType = UNSET) -> Outcome[ClientView]:
        """Change the status or the settings of clients."""
    @overload
    async def update(self, *, filter: str, pools: Sequence[str] | UnsetType = UNSET, tags: Sequence[str] | UnsetType = UNSET, takes: Sequence[str] | UnsetType = UNSET, most_tasks: int | None | UnsetType = UNSET, keep_memory: int | UnsetType = UNSET, sleeps: str | UnsetType = UNSET, zone: str | UnsetType = UNSET, idle_seconds: float | None | UnsetType = UNSET, when_used: Literal['finish', 'hand-back'] | UnsetType = UNSET, wake: bool | UnsetType = UNSET, off_seconds: float | None | UnsetType = UNSET, status: Status | UnsetType = UNSET) -> Outcomes[ClientView]:
        """Change the status or the settings of clients."""
    @overload
    async def why(self, id: int, /) -> str:
        """Say what clients wait for, or what they do."""
    @overload
    async def why(self, *, filter: str) -> dict[int, str]:
        """Say what clients wait for, or what they do."""
    async def load(self, id: int, /, *, span: Literal['hour', 'day'] = 'hour') -> LoadView:
        """Show how busy a client was in the last hour, or day."""
    async def timeline(self, id: int, /, *, only: str = '', limit: int = 1000) -> Sequence[TurnView]:
        """List the orders that a client had lately, the newest first."""
    @overload
    async def restart(self, id: int, /, *, now: bool = False) -> Outcome[ClientView]:
        """Have the workers of clients finish what they run, and start anew."""
    @overload
    async def restart(self, *, filter: str, now: bool = False) -> Outcomes[ClientView]:
        """Have the workers of clients finish what they run, and start anew."""
    @overload
    async def drain(self, id: int, /, *, now: bool = False) -> Outcome[ClientView]:
        """Have the workers of clients finish what they run, and end."""
    @overload
    async def drain(self, *, filter: str, now: bool = False) -> Outcomes[ClientView]:
        """Have the workers of clients finish what they run, and end."""
    @overload
    async def revoke(self, id: int, /) -> Outcome[ClientView]:
        """Shut clients out: no certificate of theirs counts, their connections are cut."""
    @overload
    async def revoke(self, *, filter: str) -> Outcomes[ClientView]:
        """Shut clients out: no certificate of theirs counts, their connections are cut."""
    @overload
    async def delete(self, id: int, /) -> Outcome[ClientView]:
        """Forget clients that are away, for good."""
    @overload
    async def delete(self, *, filter: str) -> Outcomes[ClientView]:
        """Forget clients that are away, for good."""

class AsyncJobs:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[JobView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def create(self, *, template: Mapping[str, Any] | str, values: Mapping[str, Any] | str | UnsetType = UNSET, name: str = '', folder: str = '', settings: Mapping[str, Any] | UnsetType = UNSET, priority: int | UnsetType = UNSET, owner: str | UnsetType = UNSET) -> Outcome[JobView]:
        """Hand in a job: a template, and values."""
    async def show(self, id: int, /, *, orders: int | None = None) -> Outcome[JobView]:
        """Show a job with its orders and what was handed in."""
    @overload
    async def why(self, id: int, /, *, frame: int | None = None, task: int | None = None, step: str = '') -> str:
        """Say what a job or a frame waits for."""
    @overload
    async def why(self, *, filter: str, frame: int | None = None, task: int | None = None, step: str = '') -> dict[int, str]:
        """Say what a job or a frame waits for."""
    async def log(self, id: int, /, *, task: int | None = None, step: str | None = None, order: int | None = None, tail: int = 0) -> str:
        """Give the log of a job."""
    @overload
    async def update(self, id: int, /, *, priority: int | UnsetType = UNSET, owner: str | UnsetType = UNSET, project: str | UnsetType = UNSET, order: Literal['forwards', 'backwards', 'outside-in', 'preview'] | UnsetType = UNSET, preview: int | UnsetType = UNSET, pool: str | UnsetType = UNSET, only: Sequence[str] | UnsetType = UNSET, never: Sequence[str] | UnsetType = UNSET, limits: Mapping[str, int] | UnsetType = UNSET, after: Sequence[After] | UnsetType = UNSET, not_before: float | None | UnsetType = UNSET, hours: str | UnsetType = UNSET, zone: str | UnsetType = UNSET, tries: int | UnsetType = UNSET, fail_after: int | None | UnsetType = UNSET, fail_share: float | None | UnsetType = UNSET, task_seconds: float | None | UnsetType = UNSET, session_seconds: float | None | UnsetType = UNSET, step_seconds: float | None | UnsetType = UNSET, quiet_seconds: float | None | UnsetType = UNSET, second_starts: bool | UnsetType = UNSET, preemptible: bool | UnsetType = UNSET) -> Outcome[JobView]:
        """Change settings of jobs, whatever their state."""
    @overload
    async def update(self, *, filter: str, priority: int | UnsetType = UNSET, owner: str | UnsetType = UNSET, project: str | UnsetType = UNSET, order: Literal['forwards', 'backwards', 'outside-in', 'preview'] | UnsetType = UNSET, preview: int | UnsetType = UNSET, pool: str | UnsetType = UNSET, only: Sequence[str] | UnsetType = UNSET, never: Sequence[str] | UnsetType = UNSET, limits: Mapping[str, int] | UnsetType = UNSET, after: Sequence[After] | UnsetType = UNSET, not_before: float | None | UnsetType = UNSET, hours: str | UnsetType = UNSET, zone: str | UnsetType = UNSET, tries: int | UnsetType = UNSET, fail_after: int | None | UnsetType = UNSET, fail_share: float | None | UnsetType = UNSET, task_seconds: float | None | UnsetType = UNSET, session_seconds: float | None | UnsetType = UNSET, step_seconds: float | None | UnsetType = UNSET, quiet_seconds: float | None | UnsetType = UNSET, second_starts: bool | UnsetType = UNSET, preemptible: bool | UnsetType = UNSET) -> Outcomes[JobView]:
        """Change settings of jobs, whatever their state."""
    @overload
    async def cancel(self, id: int, /) -> Outcome[JobView]:
        """End jobs now; what is done of them stays."""
    @overload
    async def cancel(self, *, filter: str) -> Outcomes[JobView]:
        """End jobs now; what is done of them stays."""
    @overload
    async def pause(self, id: int, /) -> Outcome[JobView]:
        """Give out no more of jobs; what runs of them finishes."""
    @overload
    async def pause(self, *, filter: str) -> Outcomes[JobView]:
        """Give out no more of jobs; what runs of them finishes."""
    @overload
    async def resume(self, id: int, /) -> Outcome[JobView]:
        """Go on with paused jobs."""
    @overload
    async def resume(self, *, filter: str) -> Outcomes[JobView]:
        """Go on with paused jobs."""
    @overload
    async def approve(self, id: int, /) -> Outcome[JobView]:
        """Let the rest of jobs follow their preview."""
    @overload
    async def approve(self, *, filter: str) -> Outcomes[JobView]:
        """Let the rest of jobs follow their preview."""
    @overload
    async def forgive(self, id: int, /, *, clients: Sequence[int] | str | None = None) -> Outcome[JobView]:
        """Let jobs go again to clients that failed them too often."""
    @overload
    async def forgive(self, *, filter: str, clients: Sequence[int] | str | None = None) -> Outcomes[JobView]:
        """Let jobs go again to clients that failed them too often."""
    async def save(self) -> Mapping[str, Any]:
        """Wait until everything so far is safe in the database."""
    @overload
    async def delete(self, id: int, /) -> Outcome[JobView]:
        """Delete jobs with their orders and logs, for good; what runs of them is ended."""
    @overload
    async def delete(self, *, filter: str) -> Outcomes[JobView]:
        """Delete jobs with their orders and logs, for good; what runs of them is ended."""
    async def plan(self, *, template: Mapping[str, Any] | str, values: Mapping[str, Any] | str | UnsetType = UNSET, name: str = '', folder: str = '', settings: Mapping[str, Any] | UnsetType = UNSET, priority: int | UnsetType = UNSET, owner: str | UnsetType = UNSET) -> Mapping[str, Any]:
        """Say what a job would be, or all that is wrong with it, and make none."""
    @overload
    async def retry(self, id: int, /, *, frames: str = '', tasks: Sequence[int] | None = None, step: str = '') -> Outcome[JobView]:
        """Run again what failed or was canceled, or some frames."""
    @overload
    async def retry(self, *, filter: str, frames: str = '', tasks: Sequence[int] | None = None, step: str = '') -> Outcomes[JobView]:
        """Run again what failed or was canceled, or some frames."""
    @overload
    async def requeue(self, id: int, /, *, frames: str = '', tasks: Sequence[int] | None = None, step: str = '', with_dependents: bool = False) -> Outcome[JobView]:
        """Run frames again, also those that were done."""
    @overload
    async def requeue(self, *, filter: str, frames: str = '', tasks: Sequence[int] | None = None, step: str = '', with_dependents: bool = False) -> Outcomes[JobView]:
        """Run frames again, also those that were done."""
    async def add(self, id: int, /, *, values: Mapping[str, Any]) -> Outcome[JobView]:
        """Add the tasks that a job would have with other values."""
    async def revise(self, id: int, /, *, values: Mapping[str, Any]) -> Outcome[JobView]:
        """Give other values to tasks of a job that have not run."""
    @overload
    async def failures(self, id: int, /) -> Sequence[FailureView]:
        """Say why tasks failed, those with the same reason together."""
    @overload
    async def failures(self, *, filter: str) -> dict[int, Sequence[FailureView]]:
        """Say why tasks failed, those with the same reason together."""
    async def excerpt(self, id: int, /, *, order: int, begin: int = 0, length: int = 65536, error: bool = False) -> Excerpt:
        """Give a part of the log of an order."""

class AsyncSteps:
    def __init__(self, api: Api, job: int) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[StepDetails]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: str, /) -> Outcome[StepDetails]:
        """Show one step."""
    @overload
    async def retry(self, id: str, /) -> Outcome[StepDetails]:
        """Run again what failed or was canceled of steps."""
    @overload
    async def retry(self, *, filter: str) -> Outcomes[StepDetails]:
        """Run again what failed or was canceled of steps."""
    @overload
    async def requeue(self, id: str, /, *, with_dependents: bool = False) -> Outcome[StepDetails]:
        """Run steps again, also what was done of them."""
    @overload
    async def requeue(self, *, filter: str, with_dependents: bool = False) -> Outcomes[StepDetails]:
        """Run steps again, also what was done of them."""

class AsyncTasks:
    def __init__(self, api: Api, job: int) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[TaskView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: str, /) -> Outcome[TaskView]:
        """Show one task."""
    @overload
    async def cancel(self, id: str, /) -> Outcome[TaskView]:
        """End tasks that wait or run; the job goes on with the others."""
    @overload
    async def cancel(self, *, filter: str) -> Outcomes[TaskView]:
        """End tasks that wait or run; the job goes on with the others."""
    @overload
    async def retry(self, id: str, /) -> Outcome[TaskView]:
        """Run tasks again that failed or were canceled."""
    @overload
    async def retry(self, *, filter: str) -> Outcomes[TaskView]:
        """Run tasks again that failed or were canceled."""
    @overload
    async def requeue(self, id: str, /, *, with_dependents: bool = False) -> Outcome[TaskView]:
        """Run tasks again, also those that were done."""
    @overload
    async def requeue(self, *, filter: str, with_dependents: bool = False) -> Outcomes[TaskView]:
        """Run tasks again, also those that were done."""
    @overload
    async def why(self, id: str, /) -> str:
        """Say what tasks wait for, or what became of them."""
    @overload
    async def why(self, *, filter: str) -> dict[str, str]:
        """Say what tasks wait for, or what became of them."""
    async def log(self, id: str, /, *, order: int | None = None, tail: int = 0) -> str:
        """Give the log of a task."""

class AsyncOrders:
    def __init__(self, api: Api, job: int) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[OrderView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: int, /) -> Outcome[OrderView]:
        """Show one order."""
    async def log(self, id: int, /, *, tail: int = 0) -> str:
        """Give the log of an order."""

class AsyncPools:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[PoolView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: str, /) -> Outcome[PoolView]:
        """Show one pool."""
    async def create(self, *, name: str, clients: str) -> Outcome[PoolView]:
        """Make a pool: put clients into it."""
    async def update(self, id: str, /, *, name: str = '', add: str = '', remove: str = '') -> Outcome[PoolView]:
        """Give a pool another name, put clients in, take some out."""
    @overload
    async def delete(self, id: str, /) -> Outcome[PoolView]:
        """Take all clients out of pools; refused while a job asks for one."""
    @overload
    async def delete(self, *, filter: str) -> Outcomes[PoolView]:
        """Take all clients out of pools; refused while a job asks for one."""

class AsyncTags:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[TagView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: str, /) -> Outcome[TagView]:
        """Show one tag."""
    async def create(self, *, name: str, clients: str) -> Outcome[TagView]:
        """Make a tag: put clients into it."""
    async def update(self, id: str, /, *, name: str = '', add: str = '', remove: str = '') -> Outcome[TagView]:
        """Give a tag another name, put clients in, take some out."""
    @overload
    async def delete(self, id: str, /) -> Outcome[TagView]:
        """Take all clients out of tags; refused while a job asks for one."""
    @overload
    async def delete(self, *, filter: str) -> Outcomes[TagView]:
        """Take all clients out of tags; refused while a job asks for one."""

class AsyncLimits:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[LimitView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: str, /) -> Outcome[LimitView]:
        """Show one limit, who holds it and who waits for it."""
    async def create(self, *, name: str, count: int, each: Literal['task', 'client'] = 'task') -> Outcome[LimitView]:
        """Count another licence."""
    @overload
    async def update(self, id: str, /, *, count: int | UnsetType = UNSET, each: Literal['task', 'client'] | UnsetType = UNSET) -> Outcome[LimitView]:
        """Change how many there are, or what holds one."""
    @overload
    async def update(self, *, filter: str, count: int | UnsetType = UNSET, each: Literal['task', 'client'] | UnsetType = UNSET) -> Outcomes[LimitView]:
        """Change how many there are, or what holds one."""
    @overload
    async def delete(self, id: str, /) -> Outcome[LimitView]:
        """Count a licence no more; refused while a job takes some of it."""
    @overload
    async def delete(self, *, filter: str) -> Outcomes[LimitView]:
        """Count a licence no more; refused while a job takes some of it."""

class AsyncSettings:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[SettingView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: str, /) -> Outcome[SettingView]:
        """Show one setting of the farm."""
    async def update(self, id: str, /, *, value: Any) -> Outcome[SettingView]:
        """Give a setting another value, at once."""
    @overload
    async def delete(self, id: str, /) -> Outcome[SettingView]:
        """Go back to what brender.toml says."""
    @overload
    async def delete(self, *, filter: str) -> Outcomes[SettingView]:
        """Go back to what brender.toml says."""

class AsyncViews:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[SavedView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: int, /) -> Outcome[SavedView]:
        """Show one saved view."""
    async def create(self, *, name: str, item: str, owner: str = '', filter: str = '', fields: str = '', sort: str = '') -> Outcome[SavedView]:
        """Save a view of a list."""
    async def update(self, id: int, /, *, name: str | UnsetType = UNSET, owner: str | UnsetType = UNSET, filter: str | UnsetType = UNSET, fields: str | UnsetType = UNSET, sort: str | UnsetType = UNSET) -> Outcome[SavedView]:
        """Change what a saved view shows, its name or its owner."""
    @overload
    async def delete(self, id: int, /) -> Outcome[SavedView]:
        """Delete saved views."""
    @overload
    async def delete(self, *, filter: str) -> Outcomes[SavedView]:
        """Delete saved views."""

class AsyncUsers:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[UserView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: str, /) -> Outcome[UserView]:
        """Show one user."""
    async def create(self, *, name: str, role: Literal['viewer', 'artist', 'wrangler', 'admin'] = 'viewer', password: str = '') -> Outcome[UserView]:
        """Take somebody in."""
    async def update(self, id: str, /, *, role: Literal['viewer', 'artist', 'wrangler', 'admin'] | UnsetType = UNSET, password: str | UnsetType = UNSET) -> Outcome[UserView]:
        """Give somebody another role or password."""
    @overload
    async def delete(self, id: str, /) -> Outcome[UserView]:
        """Delete users, with their tokens; their jobs stay."""
    @overload
    async def delete(self, *, filter: str) -> Outcomes[UserView]:
        """Delete users, with their tokens; their jobs stay."""

class AsyncTokens:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[TokenView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: int, /) -> Outcome[TokenView]:
        """Show one API token, without its secret."""
    async def create(self, *, name: str = '', user: str = '', role: Literal['viewer', 'artist', 'wrangler', 'admin'] | UnsetType = UNSET, verbs: Sequence[str] = (), key: str = '', days: float = 90.0) -> Outcome[TokenView]:
        """Make an API token; its secret is told this once."""
    @overload
    async def delete(self, id: int, /) -> Outcome[TokenView]:
        """Delete API tokens; they are good for nothing from then on."""
    @overload
    async def delete(self, *, filter: str) -> Outcomes[TokenView]:
        """Delete API tokens; they are good for nothing from then on."""

class AsyncAudits:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[Entry]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: int, /) -> Outcome[Entry]:
        """Show one entry of the audit."""

class AsyncTemplates:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[TemplateView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: str, /) -> Outcome[TemplateView]:
        """Show a template with its text and its parameters."""

class AsyncInvitations:
    def __init__(self, api: Api) -> None: ...
    @overload
    def list(self, *, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[InvitationView]: ...
    @overload
    def list(self, *, fields: str, filter: str = '', sort: str = '', search: str = '', limit: int = 100, offset: int = 0, after: str = '') -> AsyncPages[dict[str, Any]]: ...
    async def show(self, id: int, /) -> Outcome[InvitationView]:
        """Show one join token, without its secret."""
    async def create(self, *, uses: int = 1, valid_seconds: float = 3600.0, note: str = '') -> Outcome[InvitationView]:
        """Make a token with which machines join the farm; it is told this once."""
    @overload
    async def delete(self, id: int, /) -> Outcome[InvitationView]:
        """Delete join tokens: nobody joins with them any more."""
    @overload
    async def delete(self, *, filter: str) -> Outcomes[InvitationView]:
        """Delete join tokens: nobody joins with them any more."""
