"""The set-up that `make` does before anything else: from a bare machine to a working checkout.

How does this work?  `run.sh` finds a Python and starts `python -m bootstrap`, which uses nothing but
the standard library.  Each module answers for one thing: `environment` for .venv, `packages` for
what pip installs there, `blender` for a Blender, `debian` for the system's packages, `progress` for
what the person sees meanwhile.  What was done is remembered in .venv, each under a key that changes
when it has to be done again, so that a second run looks at a few files and is over.
"""
