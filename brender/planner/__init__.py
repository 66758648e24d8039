"""Templates planned beside the server: what somebody wrote may take long to work out, and must hold nobody up.

How does this work?  What is small and plain is planned where it is asked for: that takes a few milliseconds, and a
submission has its first order at once.  Everything else, and whatever is checked while somebody types, goes to a
process of its own (`child`), which has a limit of time and of memory and is ended when it passes one.  The first
process is started when it is first needed, and stays.
"""

from brender.planner.planner import Planner

__all__ = ["Planner"]
