"""The commands besides those of one plan's build: each module is a family, each public function a command."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import Any


def find_commands() -> list[Callable[..., Any]]:
    """Return the commands of all families, in the order in which they are written.

    Examples
    --------
    >>> "rings" in [command.__name__ for command in find_commands()]
    True
    """
    return [
        function
        for module in map(import_module, _list_families())
        for name, function in vars(module).items()
        if inspect.isfunction(function)
        and function.__module__ == module.__name__
        and not name.startswith("_")
    ]


def _list_families() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__, f"{__name__}."))
