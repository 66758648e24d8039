"""The web: a JSON interface, a stream of events, and the pages that live on both.

How does this work?  `site.make_site` builds it all.  A request meets `channel` (limits), `tree` (which handler),
`guard` (who asks), `asking` (what exactly), a handler in `clients` or `jobs`, `stream` or `pages`, and
leaves by `answers`; whatever goes wrong on that way becomes an answer in `wrong`.  All addresses stand
in `routes`.
"""

from brender.web.site import make_site

__all__ = ["make_site"]
