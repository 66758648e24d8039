"""How much can be said at once, by HTTP and as a line of JSON: twice the largest template that there may be.

How does this work?  A template stands in a request as a text of JSON, in which line ends and quotes take two bytes.
"""

from brender.farm.submission.template import MOST_BYTES

MOST_SAID = 2 * MOST_BYTES
