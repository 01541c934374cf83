"""Ground of a dossier: all layers of a plan made ready once, and cut to the frame of a sheet of one zone."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.outputs.atlas.paper import A3, Bounds, Layout, Shapes, make_sight
from spatial.outputs.atlas.sheets import Stack, Stock, stack_layers
from spatial.outputs.dossier.extract import ROLES, Extract
from spatial.plan.base import Text
from spatial.plan.findings import STORED_CRS

MARGIN_SHARE = 0.12
"""By what share of its span the map reaches beyond the place that it shows: for what lies round it."""
_LEAST_SPAN_M = 400.0
_BEYOND = 0.04
_OWN_ALONE = ("firms", "industry_density")
"""Layers of which only what lies in the zone is shown."""


def frame_place(shape: BaseGeometry, crs: str) -> Bounds:
    """Return what a map of a place has to show, metric CRS: the place and some land round it."""
    moved = gpd.GeoSeries([shape], crs=STORED_CRS).to_crs(crs)
    west, south, east, north = (float(value) for value in moved.total_bounds)
    span = max(east - west, north - south, _LEAST_SPAN_M)
    spare = span * MARGIN_SHARE
    x, y = max(0.0, _LEAST_SPAN_M - (east - west)) / 2, max(0.0, _LEAST_SPAN_M - (north - south)) / 2
    return west - spare - x, south - spare - y, east + spare + x, north + spare + y


def cut_stock(stock: Stock, extract: Extract, bounds: Bounds, layout: Layout = A3) -> Stock:
    """Return what a sheet of one zone draws: layers of the plan within the frame, and those of the zone.

    Parameters
    ----------
    stock : Stock
        All layers of the plan.
    extract : Extract
        The zone.
    bounds : tuple of float
        What the map has to show; its scale is round, so it shows more.
    layout : Layout
        Paper.

    Notes
    -----
    Areas of the plan's own layers are not told in the legend: the frame cuts them.
    """
    west, south, east, north = make_sight(bounds, layout).bounds
    spare = (east - west) * _BEYOND
    box = (west - spare, south - spare, east + spare, north + spare)
    inside = gpd.GeoSeries([extract.shape], crs=STORED_CRS).to_crs(stock.order.metric_crs).iloc[0]
    stacks = {
        key: cut
        for key, stack in stock.stacks.items()
        if (cut := _cut(stack, box, inside if key in _OWN_ALONE else None)) is not None
    }
    frame = shapely.box(*box)
    own, _ = stack_layers(_draw_own(extract), stock.order, stock.styles)
    own = {key: stack for key, stack in own.items() if shapely.intersects(stack.shapes, frame).any()}
    # In the order of the styles, which is that of the legend.
    merged = stacks | own
    return replace(stock, stacks={key: merged[key] for key in stock.styles.layers if key in merged})


def _cut(stack: Stack, box: Bounds, within: BaseGeometry | None) -> Stack | None:
    """Return the rows of a layer within a box, their shapes cut to it; None where there are none.

    With `within` only rows that lie at least partly in that shape.
    """
    near = shapely.intersects(stack.shapes, shapely.box(*box) if within is None else within)
    if not near.any():
        return None
    layer = stack.layer
    shapes = _clip(stack.shapes[near], box)
    left = ~shapely.is_empty(shapes)
    if not left.any():
        return None
    # Points are counted; areas and lengths of what a frame cuts would mislead.
    flat = bool((shapely.get_dimensions(shapes) > 0).any())
    style = layer.style.model_copy(update={"diagram": layer.style.diagram or flat})
    kept = replace(layer, frame=layer.frame[near][left], classes=layer.classes[near][left], style=style)
    return Stack(kept, shapes[left])


def _clip(shapes: Shapes, box: Bounds) -> Shapes:
    """Cut areas and lines to a box; a shape within it stays as it is."""
    inside = np.asarray(shapely.covers(shapely.box(*box), shapes))
    cut = shapes.copy()
    cut[~inside] = shapely.clip_by_rect(shapes[~inside], *box)
    return cut


def _draw_own(extract: Extract) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers that only sheets of this zone have."""
    title = Text(zh="核心起步区", en="Start-up area")
    zone = {"id": ["zone"], "name": [extract.name], "name_en": [str(extract.zone.get("name_en", ""))]}
    layers = {
        "dossier_zone": gpd.GeoDataFrame(zone, geometry=[extract.shape], crs=STORED_CRS),
        "dossier_communities": extract.communities,
        "dossier_neighbours": extract.neighbours,
    }
    startup = extract.startup
    if startup is not None:
        whole = {"id": ["startup"], "name": [title.zh], "name_en": [title.en]}
        layers["dossier_startup"] = gpd.GeoDataFrame(whole, geometry=[startup], crs=STORED_CRS)
        layers["dossier_blocks"] = extract.blocks
        high = extract.blocks[extract.blocks["height_m"].notna()]
        layers["dossier_heights"] = high.assign(label=[f"{value:g} m" for value in high["height_m"]])
    firms = extract.firms
    if firms is not None and len(firms):
        named = firms[firms["role"].isin(ROLES) & firms["geometry"].notna()]
        layers["dossier_firms"] = gpd.GeoDataFrame(named, geometry="geometry", crs=STORED_CRS)
    return {name: frame for name, frame in layers.items() if len(frame)}
