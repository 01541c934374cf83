"""Two scenarios side by side as files: a map of what differs, a GeoPackage and one tidy table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import geopandas as gpd
import pandas as pd
import shapely

from spatial.outputs.answers.comparestyles import CONTRACTS, MOST_DRAWN, choose_styles
from spatial.outputs.answers.trio import Face, Papers, write_trio
from spatial.plan.base import Text
from spatial.plan.contract import Contract

MEASURES: Mapping[str, tuple[Text, str]] = {
    "area_km2": (Text(zh="面积", en="Area"), "km²"),
    "people": (Text(zh="人口", en="People"), "people"),
    "lost_km2": (Text(zh="失去面积", en="Area lost"), "km²"),
    "gained_km2": (Text(zh="新增面积", en="Area gained"), "km²"),
    "time_min": (Text(zh="时限", en="Time limit"), "min"),
    "road_km": (Text(zh="可达道路", en="Roads reached"), "km"),
    "promise_share": (Text(zh="承诺覆盖率", en="Share of what is promised"), "share"),
    "margin_min": (Text(zh="时间余量", en="Margin of time"), "min"),
    "towns": (Text(zh="圈内镇街", en="Towns inside"), "count"),
    "area_ha": (Text(zh="面积", en="Area"), "ha"),
    "parts": (Text(zh="图斑数", en="Patches"), "count"),
    "conflicts": (Text(zh="冲突图斑数", en="Conflicts"), "count"),
    "conflict_ha": (Text(zh="冲突面积", en="Area in conflict"), "ha"),
    "kept": (Text(zh="达标数", en="In time"), "count"),
    "broken": (Text(zh="不达标数", en="Not in time"), "count"),
    "share": (Text(zh="覆盖率", en="Share covered"), "share"),
    "errors": (Text(zh="错误数", en="Errors"), "count"),
    "warnings": (Text(zh="警告数", en="Warnings"), "count"),
}
"""What figures are called, and their units."""
_RANK = ("leaves", "enters", "slower", "faster", "same", "unknown")


@dataclass(frozen=True, kw_only=True)
class ComparePapers(Papers):
    """What is written besides the layers; the provenance is of both sides.

    Parameters
    ----------
    title, subtitle : Text
        Of the map.
    language : {"zh", "en", "both"}
    """

    title: Text
    subtitle: Text
    language: Literal["zh", "en", "both"] = "both"


def tabulate_figures(figures: pd.DataFrame) -> pd.DataFrame:
    """Return the tidy table: figures with the names and units of their measures.

    Parameters
    ----------
    figures : pandas.DataFrame
        ``subject, name, name_en, measure, before, after, difference, share, verdict_before,
        verdict_after``; measures are among `MEASURES`.

    Returns
    -------
    pandas.DataFrame
        As `figures`, with ``measure_zh, measure_en, unit`` behind ``measure``.
    """
    table = figures.reset_index(drop=True)
    at = int(table.columns.get_loc("measure")) + 1
    table.insert(at, "measure_zh", [MEASURES[key][0].pick("zh") for key in table["measure"]])
    table.insert(at + 1, "measure_en", [MEASURES[key][0].pick("en") for key in table["measure"]])
    table.insert(at + 2, "unit", [MEASURES[key][1] for key in table["measure"]])
    return table


def write_comparison(
    folder: Path,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    ground: Mapping[str, gpd.GeoDataFrame],
    contracts: Mapping[str, Contract],
    table: pd.DataFrame,
    papers: ComparePapers,
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write ``compare.gpkg``, ``compare.csv`` and ``compare.html`` into a folder, each atomically.

    Parameters
    ----------
    folder : Path
        Made if absent.
    layers : mapping of str to GeoDataFrame
        ``ring_changes``, ``place_changes``, ``land_changes``, ``road_changes``, ``findings``; EPSG:4490.
    ground : mapping of str to GeoDataFrame
        What the map draws below them.
    contracts : mapping of str to Contract
        Of layers of `ground` that a plan made; roads without one are those of a network.
    table : pandas.DataFrame
        As `tabulate_figures` returns it; UTF-8 with a byte order mark, as spreadsheets want it.
    papers : ComparePapers

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

    styles = choose_styles(layers["ring_changes"], layers["land_changes"], ground, contracts)
    heading = MapHeading(
        title=papers.title,
        subtitle=papers.subtitle,
        language=papers.language,
        provenance=papers.provenance,
    )
    drawn = {**layers, **ground, "place_changes": choose_places(layers["place_changes"])}
    files, notes = write_trio(
        folder,
        "compare",
        stored=Face(layers, CONTRACTS, styles),
        drawn=Face(drawn, {**CONTRACTS, **contracts}, styles),
        table=table,
        heading=heading,
        papers=papers,
    )
    circles = layers["ring_changes"]["circle"].nunique()
    if circles > MOST_DRAWN:
        notes += (
            f"the map shows the {MOST_DRAWN} circles that differ most; the GeoPackage has all {circles} "
            f"地图只绘变化最大的 {MOST_DRAWN} 个圈层，数据库中有全部",
        )
    return files, notes


def choose_places(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one row for each place: that in which it changed most; only places that changed have a label.

    Of places at one spot, such as a town's seat and a point of the structure on it, the first is taken.
    """
    rank = {change: at for at, change in enumerate(_RANK)}
    order = places.assign(
        rank=places["change"].map(rank).astype(float), much=-places["difference_min"].abs().fillna(0.0)
    )
    spot = shapely.to_wkb(order.geometry.to_numpy())
    first = order["place"].groupby(spot).transform("first") == order["place"]
    worst = order[first].sort_values(["rank", "much"], kind="stable").drop_duplicates("place").sort_index()
    label = worst["name"].where(~worst["change"].isin(("same", "unknown")), "")
    english = worst["name_en"].where(label != "", "")
    return gpd.GeoDataFrame(worst.drop(columns=["rank", "much"]).assign(label=label, label_en=english))
