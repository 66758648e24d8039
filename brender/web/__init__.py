"""The web: a JSON interface, a stream of events, and the pages that live on both.

How does this work?  `site.make_site` builds it all.  A request meets `http` (its limits, who asks, what exactly) and
`tree` (which handler): `face` for all verbs, `listing` and `tables` for whole lists, `following` for events, `handlers`
for what is no verb.  It leaves by `http.answers`; whatever goes wrong on that way becomes an answer in `http.wrong`.
All addresses stand in `routes`.
"""

from brender.web.site import make_site

__all__ = ["make_site"]
