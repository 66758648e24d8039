"""All verbs there are, by item and name."""

from collections.abc import Mapping
from itertools import chain

from brender.verbs.doing.clients import CLIENT_VERBS
from brender.verbs.doing.invitations import INVITATION_VERBS
from brender.verbs.doing.job_failures import FAILURE_VERBS
from brender.verbs.doing.job_tasks import JOB_TASK_VERBS
from brender.verbs.doing.limits import LIMIT_VERBS, SETTING_VERBS
from brender.verbs.doing.parts import ORDER_VERBS, STEP_VERBS
from brender.verbs.doing.people import AUDIT_VERBS, TOKEN_VERBS, USER_VERBS
from brender.verbs.doing.planning import JOB_VERBS
from brender.verbs.doing.pools import POOL_VERBS, TAG_VERBS
from brender.verbs.doing.saved_views import VIEW_VERBS
from brender.verbs.doing.tasks import TASK_VERBS
from brender.verbs.doing.templates import TEMPLATE_VERBS
from brender.verbs.items.known import ITEMS
from brender.verbs.lists.pages import reader_of
from brender.verbs.verb import Verb

OTHERS = (
    CLIENT_VERBS,
    JOB_VERBS,
    JOB_TASK_VERBS,
    FAILURE_VERBS,
    STEP_VERBS,
    TASK_VERBS,
    ORDER_VERBS,
    POOL_VERBS,
    TAG_VERBS,
    LIMIT_VERBS,
    SETTING_VERBS,
    VIEW_VERBS,
    TEMPLATE_VERBS,
    USER_VERBS,
    TOKEN_VERBS,
    AUDIT_VERBS,
    INVITATION_VERBS,
)

VERBS: Mapping[tuple[str, str], Verb] = {verb.key: verb for verb in chain(map(reader_of, ITEMS.values()), *OTHERS)}
