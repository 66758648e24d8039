"""The audit: who changed what, from where, and what came of it.

How does this work?  An entry is noted before a change is made, so that it is committed together with it, and once more
with what came of it.  Nothing else ever changes an entry; a setting of the server says how long they are kept.
"""

from typing import Annotated

import msgspec

from brender.farm.settings import says

UNDER_WAY = "under way"  # or the server has ended before it was known
DONE = "done"


class Entry(msgspec.Struct, frozen=True):
    id: Annotated[int, says("its number, for good")]
    when: Annotated[float, msgspec.Meta(description="when it was asked for", extra={"unit": "seconds of the epoch"})]
    user: Annotated[str, says("who did it; nothing: somebody on the farm's own machine, while there are no users")]
    role: Annotated[str, says("what they were then")]
    address: Annotated[str, says("from where; nothing: the server's own machine")]
    face: Annotated[str, says("by which way: http, shell, ssh, json, command")]
    item: Annotated[str, says("of what kind the things are")]
    action: Annotated[str, says("what was done to them")]
    things: Annotated[str, says("their ids, with commas between; of many, the first")] = ""
    count: Annotated[int, says("how many they are")] = 1
    values: Annotated[str, says("what was said besides, as JSON, without secrets and shortened")] = ""
    outcome: Annotated[str, says("done, or why not")] = DONE
