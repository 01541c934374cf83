"""The public door of the toolkit. Everything else is a room behind it.

Nothing heavy is imported until a name is used, so that the command line answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from spatial.version import __version__

_WHERE = {
    "Finding": "spatial.plan.findings",
    "Plan": "spatial.plan.records",
    "SpatialError": "spatial.errors",
    "build_plan": "spatial.pipeline",
    "check_plan": "spatial.pipeline",
    "check_projects": "spatial.studies.conform",
    "draw_rings": "spatial.studies.rings",
    "read_plan": "spatial.plan.reading.reader",
    "reconcile_plans": "spatial.studies.blueprint.reconcile",
}

__all__ = [
    "Finding",
    "Plan",
    "SpatialError",
    "__version__",
    "build_plan",
    "check_plan",
    "check_projects",
    "draw_rings",
    "read_plan",
    "reconcile_plans",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'spatial' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
