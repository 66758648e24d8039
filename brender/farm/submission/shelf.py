"""A template that has a name: what is known of it without reading it again."""

from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from brender.farm.submission.answers import Wrong
from brender.farm.submission.forms import Field

BUILT_IN, FILE = "built-in", "file"


class TemplateView(msgspec.Struct, frozen=True):
    name: Annotated[str, msgspec.Meta(description="by which jobs are made of it")]
    description: Annotated[str, msgspec.Meta(description="as it says itself")]
    source: Annotated[str, msgspec.Meta(description="where it is from", extra={"values": (BUILT_IN, FILE)})]
    file: Annotated[str, msgspec.Meta(description="on the server's machine; empty of one that comes with brender")]
    changed: Annotated[
        float | None, msgspec.Meta(description="when its file was", extra={"unit": "seconds of the epoch"})
    ]
    steps: Annotated[list[str], msgspec.Meta(description="the names of its steps")]
    parameters: Annotated[list[str], msgspec.Meta(description="the names of its parameters")]
    problem: Annotated[str, msgspec.Meta(description="why no job can be made of it; empty when one can")]


@dataclass(frozen=True)
class Template:
    view: TemplateView
    text: str
    folder: str  # its own, where its relative paths begin; "" for one that comes with brender
    form: list[Field] = field(default_factory=list)
    problems: list[Wrong] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.view.name
