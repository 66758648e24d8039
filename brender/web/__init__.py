"""The web: a JSON interface, a stream of events, and the pages that live on both.

How does this work?  `site.make_site` builds it all.  A request meets `channel` (limits), `tree` (which handler),
`guard` (who asks), `asking` (what exactly), and a handler: `face` for all verbs, `listing` and `tables` for whole
lists, `batch` for many requests in one, `stream`, `pages` and a few others by hand.  It leaves by `answers`;
whatever goes wrong on that way becomes an answer in `wrong`.  All addresses stand in `routes`.
"""

from brender.web.site import make_site

__all__ = ["make_site"]
