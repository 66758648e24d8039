"""Blender, opened once and kept open: the programs behind the built-in template.

How does this work?  `start.py` runs as the environment's onEnter: it forks a small process, the guard
(`guard.py`), which starts Blender with `keeper.py` inside.  Each task is `ask.py`, which sends one line to
the guard's socket in the session's folder and copies the answer to its output.  `stop.py` is onExit.
`find.py` tells the worker which Blenders a machine has, `describe.py` what is in a .blend, `video.py` joins
frames.  Modules that run inside Blender or under `python -I -S` use the standard library alone, so this
file and `brender/worker/__init__.py` import nothing.
"""
