"""The job templates that come with brender.

How does this work?  Each is an Open Job Description template in a YAML file beside this one; `built_in` lists
them by name ("blender"), and `path_of` says where one is.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def built_in() -> list[str]:
    return sorted(path.stem for path in HERE.glob("*.yaml"))


def path_of(name: str) -> Path:
    """Raises LookupError with a sentence for a name that is none."""
    path = HERE / f"{name}.yaml"
    if name not in built_in():
        raise LookupError(f'No built-in template "{name}"; there are {", ".join(built_in())}.')
    return path
