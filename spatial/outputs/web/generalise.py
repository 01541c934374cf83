"""Layers of the web map with fewer vertices: shared edges are simplified together, so that no gap opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from spatial.errors import Fault, OutputError
from spatial.outputs.web.features import DECIMALS, DrawnLayer
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS


@dataclass(frozen=True)
class Generalised:
    """What came of simplifying layers.

    Parameters
    ----------
    layers : list of DrawnLayer
        All layers, simplified or not, in their order.
    done, refused : list of Text
        Titles of the layers that were simplified, and of those of several areas that were not, since they
        overlap or do not share their vertices.
    """

    layers: list[DrawnLayer]
    done: list[Text]
    refused: list[Text]

    def tell(self, tolerance_m: float) -> Text:
        """Say in the map itself what was simplified and how far."""
        if not self.done:
            return Text(zh="没有图层可以简化。", en="No layer could be simplified.")
        done = _join(self.done)
        return Text(
            zh=f"{done.zh}：公共边一并简化，容差 {tolerance_m:g} 米，外轮廓不变；面积按未简化的图形。",
            en=f"{done.en}: shared edges simplified together to {tolerance_m:g} m, outer outlines kept; "
            "areas are those of the shapes before.",
        )

    def warn(self) -> list[Text]:
        """Say which layers could not be simplified."""
        if not self.refused:
            return []
        refused = _join(self.refused)
        return [
            Text(
                zh=f"未简化：{refused.zh}；各面重叠或公共边的顶点不一致，简化会产生裂缝。",
                en=f"Not simplified: {refused.en}; areas overlap or do not share the vertices of their "
                "edges, so gaps would open.",
            )
        ]


def simplify_layers(layers: Sequence[DrawnLayer], tolerance_m: float, metric_crs: str) -> Generalised:
    """Simplify the layers that are coverages: areas side by side that share the vertices of their edges.

    Parameters
    ----------
    layers : sequence of DrawnLayer
        EPSG:4490. Points, lines and layers of one area stay as they are.
    tolerance_m : float
        Metres, above 0: triangles of three neighbouring vertices smaller than its square are cut off, the
        smallest first (Visvalingam and Whyatt 1993, as ``shapely.coverage_simplify`` does).
    metric_crs : str
        CRS in which triangles are measured.

    Returns
    -------
    Generalised
        Outer outlines of a layer are kept to the vertex, so that layers still fit each other there.

    Raises
    ------
    OutputError
        The tolerance is not above 0.
    """
    if not tolerance_m > 0:
        raise OutputError(
            Fault("outputs", "simplify", f"{tolerance_m:g} m is not above 0", "write such as 5 m")
        )
    result = Generalised([], [], [])
    for layer in layers:
        shapes = layer.frame.geometry.to_numpy()
        several = len(shapes) > 1 and bool((shapely.get_dimensions(shapes) == 2).all())
        simpler = _simplify(shapes, tolerance_m, metric_crs) if several else None
        if simpler is None:
            result.layers.append(layer)
            result.refused.extend([layer.style.title] * several)
        elif shapely.get_num_coordinates(simpler).sum() < shapely.get_num_coordinates(shapes).sum():
            frame = layer.frame.set_geometry(gpd.GeoSeries(simpler, index=layer.frame.index, crs=STORED_CRS))
            result.layers.append(replace(layer, frame=frame))
            result.done.append(layer.style.title)
        else:
            result.layers.append(layer)
    return result


def _simplify(shapes: Any, tolerance_m: float, metric_crs: str) -> Any:
    """Return simpler shapes that still are a coverage, or None."""
    if not shapely.coverage_is_valid(shapes):
        return None
    metric = gpd.GeoSeries(shapes, crs=STORED_CRS).to_crs(metric_crs).to_numpy()
    simpler = shapely.coverage_simplify(metric, tolerance_m, simplify_boundary=False)
    back = gpd.GeoSeries(simpler, crs=metric_crs).to_crs(STORED_CRS).to_numpy()
    # The same vertex comes back the same for all that share it, and rounding hides what the way cost.
    rounded = shapely.transform(back, lambda xy: np.round(xy, DECIMALS) + 0.0)
    whole = shapely.is_valid(rounded).all() and not shapely.is_empty(rounded).any()
    return rounded if whole and shapely.coverage_is_valid(rounded) else None


def _join(titles: Sequence[Text]) -> Text:
    zh = "、".join(dict.fromkeys(title.pick("zh") for title in titles))
    en = ", ".join(dict.fromkeys(title.pick("en") for title in titles))
    return Text(zh=zh, en=en)
