"""What is counted inside circles beside towns, land and people: villages, jobs, facilities."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.shapes.shares import share_within
from spatial.plan.picking import find_miscounts, select_rows
from spatial.plan.records import Count

_NAMED = 12


@dataclass(frozen=True)
class Counted:
    """Things of one kind: where they are, what each counts, how they are called; or why nobody can say."""

    subject: str
    label: str
    shapes: npt.NDArray[np.object_]
    amounts: npt.NDArray[np.float64]
    names: npt.NDArray[np.object_]
    problem: str = ""

    def within(self, region: BaseGeometry) -> npt.NDArray[np.float64]:
        """Return what each counts inside a region: all or nothing of points, polygons by their area."""
        return self.amounts * share_within(self.shapes, region)

    def name_beyond(self, land: BaseGeometry, ring: BaseGeometry) -> str:
        """Name those on the land that lie outside the ring, the first dozen and how many there are."""
        beyond = (share_within(self.shapes, land) > 0) & (share_within(self.shapes, ring) < 1)
        names = [str(name) for name in self.names[beyond]]
        return "、".join(names[:_NAMED]) + (f" … ({len(names)})" if len(names) > _NAMED else "")


def circle_counts(
    count_specs: tuple[Count, ...], source_frames: dict[str, gpd.GeoDataFrame]
) -> tuple[Counted, ...]:
    """Return what the plan counts inside circles, in its order.

    A count that is missing, negative or unreadable is never taken for zero: the kind then has a `problem`
    and no amounts.
    """
    return tuple(_count(spec, source_frames) for spec in count_specs)


def _count(spec: Count, frames: dict[str, gpd.GeoDataFrame]) -> Counted:
    rows, fault = select_rows(frames.get(spec.source), spec.where)
    problem = f"来源 {spec.source}: {fault} · source {spec.source}: {fault}" if fault else ""
    if not problem and spec.column is not None:
        problem = find_miscounts(rows, spec.source, spec.column)
    if problem:
        nothing = np.empty(0, dtype=object)
        return Counted(_name_subject(spec), spec.name.pick("zh"), nothing, np.empty(0), nothing, problem)
    amounts = np.ones(len(rows)) if spec.column is None else rows[spec.column].to_numpy(dtype=float)
    shapes = rows.geometry.to_numpy()
    if spec.column is None:
        # A village drawn as a polygon is one village: its middle decides.
        shapes = shapely.point_on_surface(shapes)
    named = rows["name"].astype(object).to_numpy() if "name" in rows else rows["id"].to_numpy(object)
    names = np.where(
        np.array([bool(str(name).strip()) for name in named]), named, rows["id"].to_numpy(object)
    )
    return Counted(_name_subject(spec), spec.name.pick("zh"), shapes, amounts, names)


def _name_subject(spec: Count) -> str:
    return f"counts.{spec.id}"
