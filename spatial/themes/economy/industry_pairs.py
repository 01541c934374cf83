"""Pairs of units and firms: whose structures are alike and compete 同质化, and who supplies whom."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.plan.industry_codes import IndustryCodes
from spatial.plan.parts.industry import Industry
from spatial.plan.rules import RuleTable
from spatial.themes.economy.industry import COUNTED, HIDDEN, PUBLISHED
from spatial.themes.economy.industry_structure import Tabulation

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_ARC = 17
"""Vertices of an arc."""
_RING = 0.06
"""Radius of the ring that stands for links inside a unit, as a share of the root of its area."""
_BOW = 0.12
"""How far the middle of an arc lies beside the straight line, as a share of it."""


def industry_middles(
    industry_roll: gpd.GeoDataFrame, industry_grounds: gpd.GeoDataFrame, industry_least: int
) -> gpd.GeoDataFrame:
    """Return where lines to each unit end: the middle of its firms, or a point in it where they are few."""
    roll = industry_roll[industry_roll["state"] == COUNTED]
    xy = pd.DataFrame(shapely.get_coordinates(roll.geometry.to_numpy()), columns=["x", "y"])
    table = xy.groupby(roll["unit"].to_numpy(dtype=np.int64)).agg(["mean", "size"])
    table = table.reindex(range(len(industry_grounds)))
    points = shapely.point_on_surface(industry_grounds.geometry.to_numpy())
    many = (table["x"]["size"] >= max(industry_least, 3)).to_numpy(dtype=bool)
    points[many] = shapely.points(table["x"]["mean"][many], table["y"]["mean"][many])
    return gpd.GeoDataFrame({"name": industry_grounds["name"]}, geometry=points, crs=STORED_CRS)


@layer(
    "产业同质化", "Units alike in industry", "LineString",
    needs=("industry",),
    name_en=Column("text", "英文名称", "English name"),
    unit=Column("text", "单元一", "Unit"),
    other=Column("text", "单元二", "Other unit"),
    similarity=Column("number", "相似系数（不低于）", "Similarity (at least)", nullable=True),
    verdict=Column("text", "结论", "Verdict"),
    family=Column("text", "首位共同产业类群", "Family of the first in common"),
    shared=Column("text", "共同产业", "Industries in common"),
    shared_en=Column("text", "共同产业（英文）", "Industries in common (English)"),
    pooled=Column("number", "未公开部分占比（较大者）", "Share not shown (larger)", nullable=True),
    distance_km=Column("number", "中心间距（公里）", "Distance of centres (km)"),
)  # fmt: skip
def industry_similarity(
    *,
    industry_tabulation: Tabulation,
    industry_units: gpd.GeoDataFrame,
    industry_middles: gpd.GeoDataFrame,
    industry_codes: IndustryCodes,
    industry_rules: RuleTable,
    metric_crs: str,
) -> gpd.GeoDataFrame:
    """Return each pair of units with the cosine of their structures, the most alike first.

    What is hidden counts as had by one unit alone, so that a pair is at least as alike as it says. `verdict`:
    ``competing`` from the similarity of the rules up; ``different`` below it where nothing is hidden;
    ``undecided`` below it where something is, so that the pair may yet be alike; ``unknown`` where a total is
    not shown.
    """
    composition = industry_tabulation.compose()
    cosines, shares, rests = composition.similarity(), composition.shares, composition.rests
    one, other = np.triu_indices(len(industry_units), 1)
    cosine = cosines[one, other]
    order = np.lexsort((other, one, -np.nan_to_num(cosine, nan=-1.0)))
    one, other, cosine = one[order], other[order], cosine[order]
    codes = industry_tabulation.industries
    names = [industry_codes.name(code) for code in codes]
    common = [_list_common(shares, pair, float(industry_rules.value("compete.share")))
              for pair in zip(one.tolist(), other.tolist(), strict=True)]  # fmt: skip
    alike = cosine >= float(industry_rules.value("compete.cosine"))
    pooled = np.maximum(rests[one], rests[other]).round(12)
    cases = [np.isnan(cosine), alike, pooled > 0]
    unit, english = (industry_units[key].to_numpy(dtype=object) for key in ("name", "name_en"))
    english = np.where(english == "", unit, english)
    far = industry_middles.geometry.to_crs(metric_crs).to_numpy()
    frame = gpd.GeoDataFrame(
        {
            "id": [f"industry-pair-{a + 1:03d}-{b + 1:03d}" for a, b in zip(one, other, strict=True)],
            "name": unit[one] + "—" + unit[other], "name_en": english[one] + "–" + english[other],
            "unit": unit[one], "other": unit[other], "similarity": cosine,
            "verdict": np.select(cases, ["unknown", "competing", "undecided"], "different"),
            "family": [industry_codes.family(codes[row[0]]) if row else "none" for row in common],
            "shared": ["、".join(names[at].zh for at in row) for row in common],
            "shared_en": ["; ".join(names[at].en for at in row) for row in common],
            "pooled": pooled,
            "distance_km": shapely.distance(far[one], far[other]) / 1000,
        },
        geometry=_draw(industry_middles.geometry.to_numpy(), one, other), crs=STORED_CRS,
    )  # fmt: skip
    return shape_rows(frame, industry_similarity)


def _list_common(shares: Floats, pair: tuple[int, int], least: float) -> list[int]:
    """Return the industries that both units have much of, the largest joint share first."""
    both = np.minimum(shares[pair[0]], shares[pair[1]])
    rows = np.flatnonzero(both >= least)
    return [int(at) for at in rows[np.argsort(-both[rows], kind="stable")]]


def _draw(points: npt.NDArray[np.object_], one: Integers, other: Integers) -> npt.NDArray[np.object_]:
    """Return lines between points."""
    ends = np.stack([shapely.get_coordinates(points[one]), shapely.get_coordinates(points[other])], axis=1)
    return np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)), dtype=object)


def _bow(points: npt.NDArray[np.object_], one: Integers, other: Integers) -> npt.NDArray[np.object_]:
    """Return arcs that leave a point to the right, so that the ways there and back lie apart."""
    start, end = (shapely.get_coordinates(points[at]).reshape(-1, 1, 2) for at in (one, other))
    step = np.linspace(0.0, 1.0, _ARC)[None, :, None]
    side = (end - start)[..., ::-1] * np.array([1.0, -1.0])
    curve = start + (end - start) * step + side * _BOW * 4 * step * (1 - step)
    return np.asarray(shapely.linestrings(curve), dtype=object)


def _loop(middles: npt.NDArray[np.object_], area: Floats) -> npt.NDArray[np.object_]:
    """Return a small ring round each point, its size by the area of the unit."""
    centre = shapely.get_coordinates(middles)
    angle = np.linspace(0.0, 2 * np.pi, 2 * _ARC - 1)[None, :]
    radius = _RING * np.sqrt(area)[:, None]
    x = centre[:, :1] + radius * np.sin(angle) / np.cos(np.radians(centre[:, 1:]))
    y = centre[:, 1:] + radius * np.cos(angle)
    rings = np.stack([x, y], axis=2)
    rings[:, -1] = rings[:, 0]
    return np.asarray(shapely.linestrings(rings), dtype=object)


def industry_chain(
    industry_spec: Industry | None, source_tables: dict[str, pd.DataFrame], industry_roll: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return the rows of the table of links: names, `one` and `other` (rows of the roll, -1), `amount`.

    The index is the line in the file. Names are looked up among the firms that count; of several the first.
    """
    spec = industry_spec
    if spec is None or spec.links is None:
        return pd.DataFrame({name: [] for name in ("supplier", "buyer", "one", "other", "amount", "given")})
    table, columns = source_tables[spec.links], spec.link_columns
    counts = industry_roll["state"].to_numpy() == COUNTED
    rows = pd.Series(np.flatnonzero(counts), industry_roll["name"].to_numpy()[counts])
    rows = rows[~rows.index.duplicated()]
    names = {key: _texts(table, getattr(columns, key)) for key in ("supplier", "buyer")}
    amount = pd.to_numeric(_texts(table, columns.amount), errors="coerce").to_numpy(dtype=float)
    return pd.DataFrame(
        {
            **names,
            **{end: rows.reindex(names[key]).fillna(-1).to_numpy(dtype=np.int64)
               for end, key in (("one", "supplier"), ("other", "buyer"))},
            "amount": np.where(amount >= 0, amount, np.nan), "given": _texts(table, columns.amount),
        },
        index=table.index,
    )  # fmt: skip


def _texts(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name not in table:
        return pd.Series("", table.index, dtype=object)
    return table[name].astype(object).where(table[name].notna(), "").astype(str).str.strip()


@layer(
    "产业链联系", "Links of supply", "LineString",
    needs=("industry",),
    between=Column("text", "联系层次", "Between"),
    supplier=Column("text", "供方", "Supplier"),
    buyer=Column("text", "需方", "Buyer"),
    links=Column("number", "联系数", "Links", nullable=True),
    amount_wan=Column("number", "金额（万元）", "Amount (10 000 yuan)", nullable=True),
    grade=Column("text", "规模等级", "Grade"),
    shown=Column("text", "公开情况", "Shown"),
)  # fmt: skip
def industry_links(
    *,
    industry_chain: pd.DataFrame,
    industry_roll: gpd.GeoDataFrame,
    industry_units: gpd.GeoDataFrame,
    industry_middles: gpd.GeoDataFrame,
    industry_spec: Industry | None,
    industry_least: int,
    industry_rules: RuleTable,
) -> gpd.GeoDataFrame:
    """Return lines from suppliers to buyers, summed between units, and between firms where these are shown.

    Lines between units are bowed to the right of the way from the supplier; only their ends tell of places.
    Links inside a unit are drawn as a small ring in its middle. Sums with fewer suppliers or fewer buyers
    than are shown, or of which one link is nearly all, are hidden. `grade` is the third by amount, or by
    links where no amounts are given: ``large``, ``middle``, ``small``, empty where hidden.
    """
    chain = industry_chain[(industry_chain["one"] >= 0) & (industry_chain["other"] >= 0)]
    chain = chain.assign(one=chain["one"].astype("int64"), other=chain["other"].astype("int64"))
    unit = industry_roll["unit"].to_numpy(dtype=np.int64)
    pairs = chain.assign(first=unit[chain["one"]], second=unit[chain["other"]])
    limits = (industry_least, float(industry_rules.value("suppress.dominance")))
    ground = industry_units.assign(middle=industry_middles.geometry.to_numpy())
    frames = [_sum_units(pairs, ground, limits)]
    if industry_spec is not None and industry_spec.show != "none":
        frames.append(_sum_firms(chain, industry_roll, industry_spec.show == "points"))
    frame = gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), geometry="geometry", crs=STORED_CRS)
    frame["name"] = frame["supplier"] + " → " + frame["buyer"]
    frame["id"] = [f"industry-link-{number:05d}" for number in range(1, len(frame) + 1)]
    return shape_rows(frame, industry_links)


def _sum_units(pairs: pd.DataFrame, units: gpd.GeoDataFrame, limits: tuple[int, float]) -> pd.DataFrame:
    """Return one row for each pair of units that some link joins."""
    groups = pairs.groupby(["first", "second"])
    table = groups["amount"].agg(["size", "sum", "max", "count"]).reset_index()
    # With one firm on a side the sum is that firm's own number.
    firms = groups[["one", "other"]].nunique().min(axis=1).to_numpy()
    alone = table["max"].to_numpy() > limits[1] * table["sum"].to_numpy()
    shown = np.where((firms < limits[0]) | (alone & (limits[0] > 1)), HIDDEN, PUBLISHED)
    names, points = units["name"].to_numpy(dtype=object), units["middle"].to_numpy()
    one, other = (table[key].to_numpy(dtype=np.int64) for key in ("first", "second"))
    lines = _bow(points, one, other)
    lines[one == other] = _loop(
        points[one[one == other]], shapely.area(units.geometry.to_numpy())[one[one == other]]
    )
    seen = shown == PUBLISHED
    amount = table["sum"].where(seen & (table["count"] > 0)).to_numpy(dtype=float)
    links = table["size"].where(seen).to_numpy(dtype=float)
    return pd.DataFrame({
        "between": "units", "supplier": names[one], "buyer": names[other], "links": links,
        "amount_wan": amount, "grade": _grade(amount, links), "shown": shown, "geometry": lines,
    })  # fmt: skip


def _sum_firms(chain: pd.DataFrame, roll: gpd.GeoDataFrame, numbers: bool) -> pd.DataFrame:
    """Return one row for each pair of firms that some link joins."""
    table = chain.groupby(["one", "other"])["amount"].agg(["size", "sum", "count"]).reset_index()
    one, other = (table[key].to_numpy(dtype=np.int64) for key in ("one", "other"))
    names, points = roll["name"].to_numpy(dtype=object), roll.geometry.to_numpy()
    amount = table["sum"].where((table["count"] > 0) & numbers).to_numpy(dtype=float)
    links = table["size"].to_numpy(dtype=float)
    lines = _draw(points, one, other)
    lines[shapely.length(lines) == 0] = None
    return pd.DataFrame({
        "between": "firms", "supplier": names[one], "buyer": names[other], "links": links,
        "amount_wan": amount, "grade": _grade(amount, links) if numbers else "",
        "shown": PUBLISHED, "geometry": lines,
    })  # fmt: skip


def _grade(amount: Floats, links: Floats) -> npt.NDArray[np.object_]:
    """Return the third that each amount is in, of those that are shown; of links where there is no amount."""
    values = amount if np.isfinite(amount).any() else links
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [1 / 3, 2 / 3]) if len(known) else (0.0, 0.0)
    return np.select(
        [np.isnan(values), values > high, values > low], ["", "large", "middle"], "small"
    ).astype(object)
