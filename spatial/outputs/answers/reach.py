"""Reach as files: a map graded by how much is reached, a GeoPackage and a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.engine.travel.network import Network
from spatial.outputs.answers.rings import choose_roads
from spatial.outputs.answers.ringstyles import CONTRACTS, mix_colours, style_roads
from spatial.outputs.answers.trio import Face, Papers, write_trio
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.styles import ClassStyle, LayerStyle, Styles, read_styles

_RAMP = ("#fbf3d0", "#f3bd8b", "#e27d6f", "#ab4370", "#4b1d5e")
_NONE = "#e3e6e8"
_CLASSES = 6
_GROUPS = {
    "reach": Text(zh="可达", en="Reach"),
    "base": Text(zh="道路", en="Roads"),
    "findings": Text(zh="检查", en="Checks"),
}
_MODES = {"drive": ("驾车", "by car"), "cycle": ("骑行", "by bicycle"), "walk": ("步行", "on foot")}


@dataclass(frozen=True, kw_only=True)
class ReachPapers(Papers):
    """What is written besides the layers.

    Parameters
    ----------
    what : Text
        What is counted, such as people.
    where : str
        Name of the file of roads.
    mode : str
    minutes : tuple of float
        Rising.
    towards : bool
        Whether journeys lead to the hexagons.
    """

    what: Text
    where: str
    mode: str
    minutes: tuple[float, ...]
    towards: bool


def name_column(minutes: float) -> str:
    """Return the column of what is reached within so many minutes.

    Examples
    --------
    >>> name_column(15.0), name_column(7.5)
    ('reach_15', 'reach_7_5')
    """
    return f"reach_{minutes:g}".replace(".", "_")


def write_reach(
    folder: Path,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    network: Network,
    papers: ReachPapers,
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write ``reach.html``, ``reach.gpkg`` and ``reach.csv`` into a folder, each atomically.

    Parameters
    ----------
    folder : Path
        Made if absent.
    layers : mapping of str to GeoDataFrame
        ``reach`` (EPSG:4490, columns as `name_column` calls them) and ``findings``.
    network : Network
        Its roads are drawn round the hexagons.
    papers : ReachPapers

    Returns
    -------
    tuple of Path, tuple of str
        Files, and what a reader of the map should know.

    Raises
    ------
    OutputError
        A file cannot be written; the last good one stays.
    """
    from spatial.outputs.web.webmap import MapHeading

    frame = layers["reach"]
    styles, contracts = _style(frame, papers), _choose_contracts(layers, papers)
    known = frame[frame[name_column(papers.minutes[0])].notna()]
    drawn = {**layers, "reach": known, "roads": choose_roads(network, [known])}
    zh, en = _MODES[papers.mode]
    heading = MapHeading(
        title=Text(
            zh=f"{zh}可达：{papers.what.pick('zh')}", en=f"Reach {en}: {papers.what.pick('en').lower()}"
        ),
        subtitle=Text(zh=papers.where, en=papers.where),
        provenance=papers.provenance,
    )
    return write_trio(
        folder,
        "reach",
        stored=Face(layers, contracts, styles),
        drawn=Face(drawn, contracts, styles),
        table=pd.DataFrame(frame.drop(columns="geometry")),
        heading=heading,
        papers=papers,
    )


def _choose_contracts(layers: Mapping[str, gpd.GeoDataFrame], papers: ReachPapers) -> dict[str, Contract]:
    columns = {
        name_column(limit): Column(
            "number",
            f"{limit:g} 分钟：{papers.what.pick('zh')}",
            f"{papers.what.pick('en')} within {limit:g} min",
            nullable=True,
        )
        for limit in papers.minutes
    }
    frame = layers["reach"]
    points = "offset_m" in frame
    if points:
        columns["offset_m"] = Column("number", "距道路（m）", "To the nearest road (m)", nullable=True)
    reach = Contract("可达", "Reach", "Point" if points else "Polygon", columns)
    return {"reach": reach, "findings": CONTRACTS["findings"], "roads": CONTRACTS["roads"]}


def _style(frame: gpd.GeoDataFrame, papers: ReachPapers) -> Styles:
    shipped = read_styles()
    layers = {
        "reach" if at == 0 else name_column(limit): _style_limit(frame, limit, papers, first=at == 0)
        for at, limit in enumerate(papers.minutes)
    }
    layers |= {
        "roads": style_roads(),
        "findings": shipped.layers["findings"].model_copy(update={"show": False}),
    }
    update = {"groups": _GROUPS, "views": {}, "layers": layers, "paper": shipped.ground}
    return shipped.model_copy(update=update)


def _style_limit(frame: gpd.GeoDataFrame, limit: float, papers: ReachPapers, *, first: bool) -> LayerStyle:
    column = name_column(limit)
    classes: dict[str, ClassStyle] = {}
    breaks = find_breaks(frame[column].dropna().to_numpy())
    colours = (
        [_NONE, *mix_colours(len(breaks) - 1, _RAMP)] if breaks[0] == 0 else mix_colours(len(breaks), _RAMP)
    )
    low = 0.0
    for high, colour in zip(breaks, colours, strict=True):
        label = f"{high:,g}" if high == low else f"{low:,g} – {high:,g}"
        classes[f"{high:.9f}".rstrip("0").rstrip(".")] = ClassStyle(
            label=Text(zh=label, en=label), fill=colour, fill_opacity=0.75, stroke="#ffffff", width=0.3
        )
        low = high
    what = papers.what
    return LayerStyle(
        title=Text(zh=f"{limit:g} 分钟内{what.pick('zh')}", en=f"{what.pick('en')} within {limit:g} minutes"),
        group="reach",
        order=20,
        show=first,
        of=None if first else "reach",
        class_column=column,
        graded=True,
        details=tuple(name_column(each) for each in papers.minutes),
        classes=classes,
    )


def find_breaks(values: np.ndarray, classes: int = _CLASSES) -> list[float]:
    """Return rising upper limits of classes that hold about equally many values, in round numbers.

    Zero is a class of its own where there are zeros. The last limit is no less than the largest value.

    Examples
    --------
    >>> find_breaks(np.array([0.0, 0, 3, 14, 159, 265, 358, 979]), 4)
    [0.0, 50.0, 210.0, 330.0, 980.0]
    """
    above = values[values > 0]
    limits = [0.0] if len(above) < len(values) or not len(above) else []
    if not len(above):
        return limits
    for share in np.arange(1, classes + 1) / classes:
        high = float(np.quantile(above, share))
        scale = 10.0 ** (np.floor(np.log10(high)) - 1)
        limits.append(float(np.ceil(high / scale) if share == 1 else np.round(high / scale)) * scale)
    return sorted({round(float(limit), 9) for limit in limits})
