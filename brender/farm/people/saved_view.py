"""A saved look at a list: which things, which of their attributes, in which order.

How does this work?  It is what its row is, and what every face shows.  Whether its filter can be read was asked when it
was saved.
"""

from typing import Annotated

import msgspec

from brender.farm.settings import Text, says

MOST_FILTER = 10_000  # characters


class SavedView(msgspec.Struct, frozen=True):
    id: Annotated[int, says("its number, for good")]
    name: Annotated[Text, says("that its owner gave it")]
    owner: Annotated[Text, says("whose it is; nothing: everybody's")]
    item: Annotated[str, says("of which things it is a list")]
    filter: Annotated[str, says("which of them")]
    fields: Annotated[str, says("their attributes, with commas between; nothing: those that are usual")]
    sort: Annotated[str, says("attributes that it is sorted by; - before one turns it round")]
    saved: Annotated[float, msgspec.Meta(description="when it was saved", extra={"unit": "seconds of the epoch"})]
