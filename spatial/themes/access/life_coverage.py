"""Coverage of living circles 生活圈覆盖: people and homes within each walk, and the places with the least."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.geodesy import area_m2
from spatial.engine.shapes.shares import share_within
from spatial.plan.contract import Column, layer
from spatial.plan.findings import STORED_CRS
from spatial.plan.records import Facilities
from spatial.themes.access.life_circles import COMPOSITE, Category

_MOST_PLACES = 100
_SUBJECTS = {"people": "人口", "homes": "居住用地", "area": "面积"}


@dataclass(frozen=True, eq=False)
class Homes:
    """Who is to be served: people at places, and the land of homes, EPSG:4490; empty where not known."""

    spots: npt.NDArray[np.object_]
    people: npt.NDArray[np.float64]
    patches: gpd.GeoDataFrame


def life_homes(
    facility_spec: Facilities | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    residents: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
) -> Homes:
    """Return the people of the territory and the patches of residential land that the plan names."""
    land = territory.geometry.union_all()
    spots, people = residents.geometry.to_numpy(), residents["people"].to_numpy(dtype=float)
    patches = gpd.GeoDataFrame({"id": [], "name": []}, geometry=[], crs=STORED_CRS)
    if facility_spec is not None and facility_spec.homes is not None:
        frame = source_frames[facility_spec.homes][["id", "name", "geometry"]]
        shapes = shapely.intersection(frame.geometry.to_numpy(), land)
        frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=STORED_CRS))
        patches = frame[shapely.area(shapes) > 0].reset_index(drop=True)
    inside = share_within(spots, land) > 0
    return Homes(spots[inside], people[inside], patches)


@layer(
    "生活圈覆盖", "Coverage of living circles", "none",
    needs=("facilities", "roads"),
    category=Column("text", "设施类别", "Category"),
    time_min=Column("number", "步行时间（分钟）", "Walk (min)"),
    standard=Column("truth", "规则所定时间", "The table's walk"),
    subject=Column("text", "对象", "Subject"),
    inside=Column("number", "圈内（人、平方公里）", "Inside (people, km²)", nullable=True),
    total=Column("number", "总量（人、平方公里）", "Total (people, km²)", nullable=True),
    share=Column("number", "覆盖率", "Share", nullable=True),
)  # fmt: skip
def life_coverage(
    *,
    facility_categories: tuple[Category, ...],
    life_rings: gpd.GeoDataFrame,
    life_circles: gpd.GeoDataFrame,
    life_homes: Homes,
    territory: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Return the share of people, of residential land and of the territory within each walk.

    For each category 5, 10, 15 minutes and the table's own, and the composite. People and homes that are
    not known have no row: they are never taken for nobody.
    """
    known = {one.key: one for one in facility_categories}
    rings = [
        (
            row.category,
            row.time_min,
            row.time_min == known[row.category].minutes,
            known[row.category].zh,
            row.geometry,
        )
        for row in life_rings.itertuples()
    ]
    whole = life_circles[life_circles["category"] == COMPOSITE]
    rings += [(COMPOSITE, row.time_min, True, row.name, row.geometry) for row in whole.itertuples()]
    land = territory.geometry.union_all()
    rows = [
        {
            "id": f"{category}-{minutes:g}-{subject}",
            "name": f"{zh} {minutes:g} 分钟：{_SUBJECTS[subject]}",
            "category": category,
            "time_min": minutes,
            "standard": standard,
            "subject": subject,
            "inside": inside,
            "total": total,
            "share": inside / total if total > 0 else np.nan,
        }
        for category, minutes, standard, zh, ring in rings
        for subject, inside, total in _measure(ring, life_homes, land)
    ]
    columns = life_coverage.__dict__["contract"].all_columns()
    kinds = {"number": "float64", "truth": "bool", "text": "str"}
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.astype({name: kinds[column.kind] for name, column in columns.items()})


def _measure(ring: BaseGeometry, homes: Homes, land: BaseGeometry) -> list[tuple[str, float, float]]:
    inside, total = area_m2([shapely.intersection(ring, land), land]) / 1e6
    measures = [("area", float(inside), float(total))]
    if len(homes.patches):
        built = homes.patches.geometry.union_all()
        inside, total = area_m2([shapely.intersection(ring, built), built]) / 1e6
        measures.insert(0, ("homes", float(inside), float(total)))
    if len(homes.spots):
        within = float((homes.people * share_within(homes.spots, ring)).sum())
        measures.insert(0, ("people", within, float(homes.people.sum())))
    return measures


@layer(
    "设施最少的居住地", "Homes with the least facilities", "any",
    needs=("facilities", "roads"),
    reached=Column("integer", "步行可达的设施类别数", "Categories within a walk"),
    categories=Column("integer", "设施类别数", "Categories"),
    missing=Column("text", "缺少的设施", "Missing"),
    people=Column("number", "人口", "People", nullable=True),
    area_ha=Column("number", "面积（公顷）", "Area (ha)", nullable=True),
)  # fmt: skip
def life_places(
    facility_categories: tuple[Category, ...], life_circles: gpd.GeoDataFrame, life_homes: Homes
) -> gpd.GeoDataFrame:
    """Return the hundred places with the fewest categories within the table's walk, fewest first.

    Places are the patches of residential land, else the places where people live; the middle of a patch
    decides. Only categories that have facilities are counted.
    """
    served = life_circles[life_circles["category"] != COMPOSITE]
    patches = life_homes.patches
    by_patch = len(patches) > 0
    shapes = patches.geometry.to_numpy() if by_patch else life_homes.spots
    if not len(served):
        shapes = shapes[:0]
    middle = shapely.point_on_surface(shapes)
    rings = served.geometry.to_numpy()
    shapely.prepare(rings)
    covered = np.array([shapely.covers(ring, middle) for ring in rings]).reshape(len(rings), len(shapes)).T
    labels = {one.key: one.zh for one in facility_categories}
    names = np.array([labels[key] for key in served["category"]], dtype=object)
    size = area_m2(shapes) / 1e4 if by_patch else life_homes.people[: len(shapes)]
    reached = covered.sum(axis=1)
    order = np.lexsort((np.arange(len(shapes)), -size, reached))[:_MOST_PLACES]
    called = patches["name"].to_numpy() if by_patch else np.full(len(shapes), "", dtype=object)
    nothing = np.full(len(order), np.nan)
    frame = pd.DataFrame(
        {
            "id": pd.Series([f"life-place-{number:04d}" for number in range(1, len(order) + 1)], dtype="str"),
            "name": pd.Series(called[order], dtype="str"),
            "reached": reached[order].astype("int64"),
            "categories": np.full(len(order), len(served), dtype="int64"),
            "missing": pd.Series(["、".join(names[~covered[at]]) for at in order], dtype="str"),
            "people": nothing if by_patch else size[order],
            "area_ha": size[order] if by_patch else nothing,
        }
    )
    return gpd.GeoDataFrame(frame, geometry=list(shapes[order]), crs=STORED_CRS)
