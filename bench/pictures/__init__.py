"""The pictures in docs/: a real farm with a day's work on it, and Chromium that looks at every page: `make pictures`.

How does this work?  `studio` says which machines and jobs a small studio has.  `actors` are its machines: workers over
the real wire that only pretend to work.  Beside them two real workers render `scenes` with a real Blender, so frames
are real frames.  `past` fills the database with the jobs of the last weeks before the server starts.  When the farm
looks as it should, `camera` takes its pictures.  Names and sizes are always the same; numbers are what the farm says.
"""
