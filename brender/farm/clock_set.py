"""When the machine's clock is set: what counts seconds goes on as it was, what goes by the time of day follows it.

How does this work?  All times of the farm are seconds of the epoch.  `shift` moves every alarm, and every moment
from which seconds are counted, by as much as the clock was set: a step that rests for 30 s rests for 30 s.  The
hours of jobs and clients, and the moments before which jobs must not begin, are looked at anew.  What is history
(when a job was submitted, when an order ended) stays as it was written.
"""

from brender.farm import changing
from brender.farm.farm import Farm
from brender.farm.machines import presence
from brender.farm.scheduling import second_starts


def shift(farm: Farm, by: float, now: float) -> None:
    """The clock was set by so many seconds; `now` is what it says since."""
    farm.alarms.shift(by)
    farm.switches.looked += by
    for client in farm.clients.values():
        client.since += by
        client.freed += by
        client.keeps_since = None if client.keeps_since is None else client.keeps_since + by
        client.power.woken += by
        client.power.asked += by
        client.seat.seen = None if client.seat.seen is None else client.seat.seen + by
        client.seat.turns = client.turns = None  # their alarms may have come too early or late
        presence.look_at_seat(farm, client, now)
    for order in list(farm.orders.values()):
        if order.began is not None:
            order.began += by
            second_starts.suspect(farm, order, now)
    for job in farm.jobs.values():
        job.turns = None
        for step in job.steps:
            step.rests_until += by
    changing.look_at_clocks(farm, now)
