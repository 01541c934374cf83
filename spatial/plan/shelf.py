"""Where the planners' room lies: ``layers/`` in a checkout, ``spatial/layers`` in the wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def find_shelf() -> Path:
    """Return the folder of shipped plans, rules and styles.

    Raises
    ------
    FileNotFoundError
        Neither a checkout nor a complete installation.

    Examples
    --------
    >>> (find_shelf() / "styles.yaml").is_file()
    True
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "layers", package.parent / "layers"):
        if (folder / "styles.yaml").is_file():
            return folder
    raise FileNotFoundError("the shipped layers are missing; install the package again")


def list_plans() -> dict[str, Path]:
    """Return the shipped plans: name to ``plan.yaml``, sorted by name."""
    return {file.parent.name: file for file in sorted(find_shelf().glob("*/plan.yaml"))}
