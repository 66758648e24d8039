"""Small pictures of the frames that a farm has made, kept on the server's disk.

`Pictures` is the way in: what it keeps of each job is an `Album`, and `size_of` says whether bytes are a JPEG at all.
"""

from brender.pictures.jpeg import size_of
from brender.pictures.pictures import Pictures

__all__ = ["Pictures", "size_of"]
