"""The item `template`: what a job can be made of by its name."""

from collections.abc import Sequence
from typing import Any

from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService
from brender.farm.submission.shelf import Template, TemplateView
from brender.verbs.items.attributes import attributes_of
from brender.verbs.items.groups import no_such
from brender.verbs.items.item import Item


async def templates(service: FarmService, _: Any) -> Sequence[Any]:
    return await service.templates.all()


def view_of(template: Template, _: Farm) -> TemplateView:
    return template.view


def template_of(templates: Sequence[Template], name: Any) -> Template:
    found = {template.name: template for template in templates}
    if name not in found:
        raise no_such("template", name, found)
    return found[name]


FILES = "Templates are files: those in the folder of brender.toml are the studio's."

TEMPLATE = Item(
    "template",
    "templates",
    "what jobs are made of by its name: one that comes with brender, or a file of the studio's",
    TemplateView,
    templates,
    view_of,
    template_of,
    attributes_of(TemplateView),
    key="name",
    among=True,
    ordered_by=("name",),
    direct={"name": lambda template: template.name},
    searched=("name", "description"),
    without=dict.fromkeys(("create", "update", "delete"), FILES),
)
