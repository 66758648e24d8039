"""Events sent to other people's web servers: signed, in order, tried again, and kept when nobody takes them.

How does this work?  `Webhooks` hears the events of the farm's service and hands them to a `Hook` for each receiver in
brender.toml.  A hook keeps what waits, bounded, and delivers one at a time (`posting`, `signing`); what was not taken
after the last try goes to a file (`dead_letters`).  docs/events.md tells receivers what they get.
"""

from brender.webhooks.dead_letters import DeadLetters
from brender.webhooks.hooks import Surroundings
from brender.webhooks.posting import Post
from brender.webhooks.webhooks import BadHook, Webhooks

__all__ = ["BadHook", "DeadLetters", "Post", "Surroundings", "Webhooks"]
