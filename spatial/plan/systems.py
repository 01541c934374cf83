"""The systems that the toolkit is for, and where each is answered: command, layers, page of the atlas."""

from __future__ import annotations

from functools import cache

import yaml
from pydantic import Field, ValidationError

from spatial.errors import Fault, RuleError
from spatial.plan.base import Name, Record, Slug, Text
from spatial.plan.shelf import find_shelf


class System(Record):
    """One system of a source document. Without layers and files it is not there yet.

    Parameters
    ----------
    title : Text
    city : str
    command : str
        That answers it.
    layers : tuple of str
        Of a plan's build.
    files : tuple of str
        Layers of the files that a command besides writes.
    pictures : dict of str to Text
        Of such files, below ``docs/pictures`` without ending, with their titles; those of layers are found.
    """

    title: Text
    city: Slug
    command: str = ""
    layers: tuple[Slug, ...] = ()
    files: tuple[Slug, ...] = ()
    pictures: dict[Name, Text] = Field(default_factory=dict)


class Systems(Record):
    """All systems by their number, with the version of the list."""

    version: Name
    systems: dict[str, System] = Field(min_length=1)


@cache
def read_systems() -> Systems:
    """Read ``layers/systems.yaml``.

    Raises
    ------
    RuleError
        The file is not a list of systems.

    Examples
    --------
    >>> read_systems().systems["S7"].layers[:2]
    ('zones', 'lines')
    """
    file = find_shelf() / "systems.yaml"
    try:
        return Systems.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, ValidationError, yaml.YAMLError) as error:
        raise RuleError(Fault(file.name, "", str(error))) from error
