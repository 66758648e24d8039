"""What can be done with templates: listed, and looked at with all that a form needs.

How does this work?  `show` gives the text as it is in its file, and the parameters as `submission.forms` has them.
"""

from collections.abc import Sequence

from brender.verbs.items.templates import TEMPLATE
from brender.verbs.verb import Call, Outcome, Verbs, Which

TEMPLATE_VERBS = Verbs(TEMPLATE)


@TEMPLATE_VERBS("show", "Show a template with its text and its parameters.", which=Which.ONE, changes=False)
async def show(call: Call) -> Sequence[Outcome]:
    (template,) = call.things
    more = {"template": template.text, "form": template.form, "problems": template.problems}
    return [Outcome(template, more)]
