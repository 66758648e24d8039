"""Job bundles: folders with a template, and the values of its parameters in a file beside it.

How does this work?  The template is `template.yaml` (or `.yml`, `.json`), the values are `parameter_values.yaml` (or
one of the others), as other programs for Open Job Description write them.  Relative paths among the values begin in
the folder.  What is given on the command line goes before what is in the file.
"""

from pathlib import Path
from typing import Any

import click

from brender.cli.paths import joined, path_parameters
from brender.farm.submission.bundles import values_of
from brender.farm.submission.problems import Refused

ENDINGS = (".yaml", ".yml", ".json")


def template_in(folder: Path) -> Path | None:
    """The template of a bundle; None where the folder is none."""
    return one_of(folder, "template")


def values_in(folder: Path, template: str) -> dict[str, Any]:
    """The values of a bundle, with whole paths."""
    file = one_of(folder, "parameter_values")
    if file is None:
        return {}
    try:
        found = values_of(file.read_text("utf-8-sig"))
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is not text in UTF-8.") from None
    except Refused as refused:
        raise click.UsageError(f"{file}: {refused}") from None
    for definition in path_parameters(template):
        if (name := str(definition["name"])) in found:
            found[name] = joined(definition, found[name], str(folder.absolute()))
    return found


def one_of(folder: Path, stem: str) -> Path | None:
    return next((path for ending in ENDINGS if (path := folder / f"{stem}{ending}").is_file()), None)
