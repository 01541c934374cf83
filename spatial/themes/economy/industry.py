"""Firms 企业 of the industry map: what each of them is, which unit it lies in, and how densely they lie."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.engine.crs import transform_shapes
from spatial.engine.shapes.hexagons import sort_into_hexagons
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.plan.industry_codes import IndustryCodes, list_industries, read_codes, show_codes
from spatial.plan.parts.industry import OWN_UNITS, Industry
from spatial.plan.rules import RuleTable

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
ROLES = {"key": "key", "重点": "key", "重点企业": "key"} | dict.fromkeys(
    ("supporting", "配套", "配套企业"), "supporting"
)
COUNTED = "counted"
"""State of the firms that sums are made of."""
PUBLISHED, HIDDEN = "published", "hidden"
"""Words of `shown`. Why a number is hidden is not told: the reason alone bounds how many firms there are."""


def industry_codes(industry_code_rules: RuleTable) -> IndustryCodes:
    """Return sections, divisions and families of industries."""
    return list_industries(industry_code_rules)


def industry_least(industry_spec: Industry | None, industry_rules: RuleTable) -> int:
    """Return of how many firms numbers are shown at least."""
    own = industry_spec.least_firms if industry_spec else None
    return own if own is not None else int(industry_rules.value("suppress.firms"))


def industry_grounds(
    industry_spec: Industry | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    districts: gpd.GeoDataFrame,
    functional_zones: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the units that firms are compared over, one row a name: ``name, name_en``, EPSG:4490."""
    own = dict(zip(OWN_UNITS, (districts, functional_zones), strict=True))
    named = industry_spec.units if industry_spec else ""
    frame = source_frames.get(named, own.get(named, districts[:0]))
    frame = frame[frame.geometry.geom_type.isin(("Polygon", "MultiPolygon"))]
    names = frame["name"].where(frame["name"] != "", frame["id"]).astype(str).to_numpy()
    english = frame["name_en"].fillna("").astype(str) if "name_en" in frame else pd.Series("", frame.index)
    columns = {"name": names, "name_en": english.to_numpy()}
    table = gpd.GeoDataFrame(columns, geometry=frame.geometry.to_numpy(), crs=STORED_CRS)
    if table["name"].is_unique:
        return table
    return table.dissolve("name", sort=False, as_index=False)[["name", "name_en", "geometry"]]


def industry_roll(
    *,
    industry_spec: Industry | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    industry_codes: IndustryCodes,
    industry_grounds: gpd.GeoDataFrame,
    territory: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return every firm of the list as it is understood, EPSG:4490.

    Columns ``id, name, given`` (code as written), ``code, industry`` (code at the plan's level), ``section,
    division, family, jobs, output`` (NaN where missing or below zero), ``given_jobs, given_output`` (whether
    the list says anything), ``year, role, unit`` (position in `industry_grounds`, -1 for none), ``moved``
    (unit by name, though it lies elsewhere), ``state, illustrative, source``.
    """
    spec = industry_spec
    frame = source_frames[spec.firms] if spec else next(iter(source_frames.values()), territory)[:0]
    columns = (spec or Industry(firms="none")).columns
    codes = read_codes(_column(frame, columns.code), industry_codes)
    level = spec.level if spec else "division"
    known = {code: _describe(code, level, industry_codes) for code in np.unique(codes.astype(str))}
    told = np.array([known[code] for code in codes], dtype=object).reshape(-1, 4)
    points = shapely.centroid(frame.geometry.to_numpy())
    by_name, by_place = _place(points, _column(frame, columns.zone), industry_grounds)
    roll = gpd.GeoDataFrame(
        {
            "id": frame["id"].to_numpy(), "name": frame["name"].to_numpy(),
            "given": show_codes(_column(frame, columns.code)), "code": codes,
            **dict(zip(("industry", "section", "division", "family"), told.T, strict=True)),
            "jobs": _amounts(frame, columns.jobs), "output": _amounts(frame, columns.output),
            "given_jobs": _is_given(_column(frame, columns.jobs)),
            "given_output": _is_given(_column(frame, columns.output)),
            "year": pd.to_numeric(_column(frame, columns.year), errors="coerce").to_numpy(dtype=float),
            "role": _column(frame, columns.role).map(_read_role).to_numpy(dtype=object),
            "unit": np.where(by_name >= 0, by_name, by_place),
            "moved": (by_name >= 0) & (by_name != by_place),
            "illustrative": frame["illustrative"].to_numpy(dtype=bool) if "illustrative" in frame else False,
            "source": spec.firms if spec else "",
        },
        geometry=points, crs=STORED_CRS,
    )  # fmt: skip
    roll["state"] = _tell_states(roll, territory)
    return roll


def _column(frame: gpd.GeoDataFrame, name: str) -> pd.Series[Any]:
    return frame[name] if name in frame else pd.Series(None, frame.index, dtype=object)


def _is_given(column: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    said = column.notna()
    if not pd.api.types.is_numeric_dtype(column):
        said &= column.astype(str).str.strip() != ""
    return said.to_numpy(dtype=bool)


def _amounts(frame: gpd.GeoDataFrame, name: str) -> Floats:
    numbers = pd.to_numeric(_column(frame, name), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(numbers) & (numbers >= 0), numbers, np.nan)


def _read_role(value: object) -> str:
    return ROLES.get(str(value).strip().lower(), "") if isinstance(value, str) else ""


def _describe(code: str, level: Any, codes: IndustryCodes) -> tuple[str, str, str, str]:
    """Return industry, section, division and family of a code; what it does not say is empty."""
    if not code:
        return "", "", "", ""
    industry = codes.put(code, level)
    if code in codes.sections:
        return industry, code, "", codes.family(code)
    return industry, codes.section_of[code[:2]], code[:2], codes.family_of[code[:2]]


def _place(
    points: Texts, zone: pd.Series[Any], grounds: gpd.GeoDataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the unit of each firm by its name and by where it lies, -1 for none; of several the first."""
    number = {name: at for at, name in enumerate(grounds["name"])}
    by_name = zone.map(lambda one: number.get(str(one).strip(), -1)).to_numpy(dtype=np.int64)
    by_place = np.full(len(points), -1, dtype=np.int64)
    unit, point = shapely.STRtree(points).query(grounds.geometry.to_numpy(), predicate="intersects")
    order = np.argsort(-unit, kind="stable")
    by_place[point[order]] = unit[order]
    return by_name, by_place


def _tell_states(roll: gpd.GeoDataFrame, territory: gpd.GeoDataFrame) -> Texts:
    inside = np.zeros(len(roll), dtype=bool)
    _, point = shapely.STRtree(roll.geometry.to_numpy()).query(
        territory.geometry.to_numpy(), predicate="intersects"
    )
    inside[point] = True
    at = np.round(shapely.get_coordinates(roll.geometry.to_numpy()), 5)
    key = pd.DataFrame({"name": roll["name"], "code": roll["code"], "x": at[:, 0], "y": at[:, 1]})
    twice = (key["name"] != "") & key.duplicated()
    cases = [~inside, twice, roll["code"] == "", roll["unit"] < 0]
    return np.select(cases, ["outside", "duplicate", "no_code", "no_unit"], COUNTED).astype(object)


@layer(
    "企业", "Firms", "Point",
    needs=("industry",),
    code=Column("text", "行业代码", "Industry code"),
    section=Column("text", "门类", "Section"),
    division=Column("text", "大类", "Division"),
    industry=Column("text", "行业", "Industry"),
    industry_en=Column("text", "行业（英文）", "Industry (English)"),
    family=Column("text", "产业类群", "Family of industries"),
    jobs=Column("number", "从业人员（人）", "Jobs", nullable=True),
    output_wan=Column("number", "产值（万元）", "Output (10 000 yuan)", nullable=True),
    year=Column("text", "数据年份", "Year"),
    role=Column("text", "企业角色", "Role"),
    unit=Column("text", "所在单元", "Unit"),
    state=Column("text", "统计状态", "State"),
    source=Column("text", "来源", "Source"),
    illustrative=Column("truth", "示意", "Illustrative"),
)  # fmt: skip
def firms(
    industry_roll: gpd.GeoDataFrame,
    industry_spec: Industry | None,
    industry_codes: IndustryCodes,
    industry_grounds: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame:
    """Return the firms of the plan's list, as far as the plan shows them one by one.

    `state`: ``counted``, or why a firm is in no sum: ``outside`` the territory, ``duplicate``, ``no_code``
    (unknown code), ``no_unit``. With ``show: places`` jobs and output are left out, with ``show: none`` all.
    """
    show = industry_spec.show if industry_spec else "none"
    roll = industry_roll if show != "none" else industry_roll[:0]
    names = {code: industry_codes.name(code) for code in roll["industry"].unique() if code}
    units = np.append(industry_grounds["name"].to_numpy(dtype=object), "")
    hidden = show != "points"
    frame = roll.assign(
        id=[f"firm-{number:06d}" for number in range(1, len(roll) + 1)],
        industry=[names[code].zh if code else "" for code in roll["industry"]],
        industry_en=[names[code].en if code else "" for code in roll["industry"]],
        jobs=np.nan if hidden else roll["jobs"],
        output_wan=np.nan if hidden else roll["output"],
        year=["" if np.isnan(year) else f"{year:.0f}" for year in roll["year"]],
        unit=units[roll["unit"].to_numpy(dtype=np.int64)],
    )
    return shape_rows(frame, firms)


@layer(
    "产业密度", "Density of industry", "Polygon",
    needs=("industry",),
    firms=Column("number", "企业数", "Firms", nullable=True),
    jobs=Column("number", "从业人员（人）", "Jobs", nullable=True),
    jobs_km2=Column("number", "从业人员密度（人/平方公里）", "Jobs per km²", nullable=True),
    grade=Column("text", "密度等级", "Grade"),
    shown=Column("text", "公开情况", "Shown"),
)  # fmt: skip
def industry_density(
    industry_roll: gpd.GeoDataFrame, metric_crs: str, industry_least: int, industry_rules: RuleTable
) -> gpd.GeoDataFrame:
    """Return the hexagons that firms lie in, with firms and jobs where enough firms lie in them.

    `shown`: ``published`` or ``hidden``. Hidden are hexagons of few firms, those of which one firm has nearly
    all jobs, and those from which, beside the unit's total, such a number would follow; which of these holds
    is not told. A hexagon across units counts as one of the unit of its first firm, which is a
    simplification. `grade` is the fifth of published hexagons by jobs, 5 for the densest, empty where hidden.
    """
    roll = industry_roll[industry_roll["state"] == COUNTED]
    size_m = float(industry_rules.value("density.cell"))
    xy = shapely.get_coordinates(transform_shapes(roll.geometry.to_numpy(), STORED_CRS, metric_crs))
    cells, at = sort_into_hexagons(xy, size_m)
    groups = pd.DataFrame(
        {"at": at, "unit": roll["unit"].to_numpy(), "jobs": roll["jobs"].to_numpy()}
    ).groupby("at")
    table = groups["jobs"].agg(["size", "sum", "max"])
    table["unit"] = groups["unit"].first()
    shown = _tell_shown(table, industry_least, float(industry_rules.value("suppress.dominance")))
    seen = shown == PUBLISHED
    jobs = table["sum"].where(seen).to_numpy(dtype=float)
    frame = gpd.GeoDataFrame(
        {
            "id": cells.ids, "name": cells.ids, "firms": table["size"].where(seen).to_numpy(dtype=float),
            "jobs": jobs, "jobs_km2": jobs / (np.sqrt(0.75) * size_m**2 / 1e6),
            "grade": _grade(jobs), "shown": shown,
        },
        geometry=transform_shapes(cells.shapes, metric_crs, STORED_CRS), crs=STORED_CRS,
    )  # fmt: skip
    return shape_rows(frame, industry_density)


def _tell_shown(table: pd.DataFrame, least: int, dominance: float) -> Texts:
    """Say which sums are shown.

    Those hidden in one unit are two or more, with `least` firms or more together of which none has nearly
    all jobs, as far as the unit has others to hide: their sum is the unit's total less what is shown.
    """
    firms, unit = table["size"].to_numpy(), table["unit"].to_numpy()
    if least <= 1:
        return np.full(len(table), PUBLISHED, dtype=object)
    jobs, most = table["sum"].to_numpy(dtype=float), table["max"].to_numpy(dtype=float)
    hidden = (firms < least) | (most > dominance * jobs)
    for one in np.unique(unit[hidden]):
        mine = np.flatnonzero(unit == one)
        gone, rest = mine[hidden[mine]], mine[~hidden[mine]]
        for cell in rest[np.argsort(firms[rest], kind="stable")]:
            alone = most[gone].max() > dominance * jobs[gone].sum()
            if len(gone) > 1 and firms[gone].sum() >= least and not alone:
                break
            hidden[cell] = True
            gone = np.append(gone, cell)
    return np.where(hidden, HIDDEN, PUBLISHED).astype(object)


def _grade(values: Floats) -> list[str]:
    """Return the fifth that each value is in, 1 to 5; empty where there is none."""
    known = values[np.isfinite(values)]
    breaks = np.quantile(known, [0.2, 0.4, 0.6, 0.8]) if len(known) else np.zeros(4)
    grades = np.searchsorted(breaks, values, side="left") + 1
    return [str(grade) if np.isfinite(value) else "" for grade, value in zip(grades, values, strict=True)]
