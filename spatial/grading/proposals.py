"""The ground of proposals as a node of the pipeline: given land and the territory as rasters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from spatial.engine.rasters.grids import Grid
from spatial.plan.parts.evaluation import BURNT
from spatial.sources.raster import BurntSource
from spatial.sources.references import SourceRef


def proposal_masks(
    evaluation_grid: Grid | None, burnt_shapes: dict[str, tuple[BaseGeometry, ...]]
) -> dict[str, npt.NDArray[np.uint8]]:
    """Return where the plan's given land lies, and the territory as ``inside``: 1 inside, 0 not.

    Whole rasters, one byte a cell each; none without an evaluation. Cells that are only touched count as in
    the evaluation.
    """
    if evaluation_grid is None:
        return {}
    whole = evaluation_grid.whole
    return {
        name: BurntSource(shapes, touched=name in BURNT and BURNT[name][2]).read(evaluation_grid, whole)
        for name, shapes in burnt_shapes.items()
    }


def evaluation_rough(factor_refs: dict[str, SourceRef]) -> bool:
    """Tell whether the evaluation rests on any source that is only illustrative."""
    return any(ref.source.illustrative for ref in factor_refs.values())
