"""Structure of industry 产业结构: who has which industry, what leads where, and what may not be shown."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.engine.compositions import Composition, hide
from spatial.engine.suppression import add_totals, protect_totals
from spatial.plan.contract import Column, layer, shape_rows
from spatial.plan.findings import STORED_CRS
from spatial.plan.industry_codes import IndustryCodes
from spatial.plan.parts.industry import Industry
from spatial.plan.rules import RuleTable
from spatial.themes.economy.industry import COUNTED, HIDDEN, PUBLISHED

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
_TOTAL = ("合计", "Total")
_SUMS = ("firms", "jobs", "output")


@dataclass(frozen=True, eq=False)
class Tabulation:
    """Firms counted by unit and industry, with totals, and which numbers are shown.

    Parameters
    ----------
    units, industries : list of str
        Names of units, codes of industries that some firm has.
    sums : dict of str to ndarray, shape (m + 1, n + 1)
        ``firms``, ``jobs`` and ``output``, totals last. Nothing of it leaves unless `shown` says so.
    shown : ndarray of str, shape (m + 1, n + 1)
        ``published`` or ``hidden``. Why a number is hidden is not told: it would bound the number of firms.
    measure : str
        What structures are shares of.
    """

    units: list[str]
    industries: list[str]
    sums: dict[str, Floats]
    shown: Texts
    measure: str

    @property
    def hidden(self) -> npt.NDArray[np.bool_]:
        """Which numbers are not shown, shape (m + 1, n + 1)."""
        return np.asarray(self.shown != PUBLISHED, dtype=bool)

    def published(self, what: str) -> Floats:
        """Return a table with totals, NaN where hidden."""
        return np.where(self.hidden, np.nan, self.sums[what])

    def compose(self) -> Composition:
        """Return what units are made of, as far as it is shown."""
        return hide(self.sums[self.measure][:-1, :-1], self.hidden)


def industry_tabulation(
    *,
    industry_roll: gpd.GeoDataFrame,
    industry_grounds: gpd.GeoDataFrame,
    industry_spec: Industry | None,
    industry_least: int,
    industry_rules: RuleTable,
) -> Tabulation:
    """Return the firms that count by unit and industry, with what may be shown of them."""
    roll = industry_roll[industry_roll["state"] == COUNTED]
    industries, column = np.unique(roll["industry"].astype(str), return_inverse=True)
    cell = (roll["unit"].to_numpy(dtype=np.int64), column)
    size = (len(industry_grounds), len(industries))
    sums, largest = dict[str, Floats](), dict[str, Floats]()
    for what in _SUMS:
        values = np.ones(len(roll)) if what == "firms" else np.nan_to_num(roll[what].to_numpy(dtype=float))
        table, most = np.zeros(size), np.zeros((size[0] + 1, size[1] + 1))
        np.add.at(table, cell, values)
        np.maximum.at(most[:-1, :-1], cell, values)
        most[:-1, -1], most[-1, :-1] = (
            most[:-1, :-1].max(axis=1, initial=0),
            most[:-1].max(axis=0, initial=0)[:-1],
        )
        most[-1, -1] = most.max()
        sums[what], largest[what] = add_totals(table), most
    measure = industry_spec.measure if industry_spec else "jobs"
    dominance = float(industry_rules.value("suppress.dominance"))
    shown = _tell_shown(sums, largest, (industry_least, dominance), measure)
    return Tabulation(list(industry_grounds["name"]), list(industries), sums, shown, measure)


def _tell_shown(
    sums: dict[str, Floats], largest: dict[str, Floats], limits: tuple[int, float], measure: str
) -> Texts:
    """Say which numbers are shown: enough firms, none with nearly all, and none that follows from others."""
    firms, (least, dominance) = sums["firms"], limits
    if least <= 1:
        return np.full(firms.shape, PUBLISHED, dtype=object)
    few = (firms > 0) & (firms < least)
    alone = np.logical_or.reduce([largest[what] > dominance * sums[what] for what in ("jobs", "output")])
    hidden = protect_totals(firms, few | alone, least, cost=sums[measure])
    return np.where(hidden, HIDDEN, PUBLISHED).astype(object)


def industry_leading(industry_tabulation: Tabulation, industry_rules: RuleTable) -> list[list[int]]:
    """Return the leading industries of each unit by their position, the highest location quotient first."""
    composition = industry_tabulation.compose()
    quotients, shares = composition.quotients(), composition.shares
    leads = quotients >= float(industry_rules.value("leading.quotient"))
    leads &= shares >= float(industry_rules.value("leading.share"))
    order = np.argsort(-np.nan_to_num(quotients), axis=1, kind="stable")
    most = int(industry_rules.value("leading.most"))
    return [[int(at) for at in row if leads[unit, at]][:most] for unit, row in enumerate(order)]


@layer(
    "产业结构", "Structure of industry", "none",
    needs=("industry",),
    unit=Column("text", "单元", "Unit"),
    code=Column("text", "行业代码", "Industry code"),
    industry=Column("text", "行业", "Industry"),
    industry_en=Column("text", "行业（英文）", "Industry (English)"),
    firms=Column("number", "企业数", "Firms", nullable=True),
    jobs=Column("number", "从业人员（人）", "Jobs", nullable=True),
    output_wan=Column("number", "产值（万元）", "Output (10 000 yuan)", nullable=True),
    share=Column("number", "占单元比例", "Share of the unit", nullable=True),
    quotient=Column("number", "区位商", "Location quotient", nullable=True),
    leading=Column("truth", "主导产业", "Leading"),
    shown=Column("text", "公开情况", "Shown"),
    measure=Column("text", "比例口径", "Shares are of"),
)  # fmt: skip
def industry_structure(
    industry_tabulation: Tabulation, industry_leading: list[list[int]], industry_codes: IndustryCodes
) -> pd.DataFrame:
    """Return firms, jobs and output of each industry in each unit, with totals, where they may be shown.

    `shown`: ``published`` or ``hidden``. Hidden are numbers of few firms, those of which one firm has nearly
    all, and those from which such a number would follow; which of these holds is not told, for it would bound
    how many firms there are. Totals are rows of the unit or industry 合计.
    """
    made = industry_tabulation
    row, column = np.nonzero(made.sums["firms"] > 0)
    composition = made.compose()
    shares, quotients = (np.full(made.shown.shape, np.nan) for _ in range(2))
    shares[:-1, :-1], shares[-1, :-1] = composition.shares, composition.whole
    quotients[:-1, :-1] = composition.quotients()
    leading = np.zeros(made.shown.shape, dtype=bool)
    for unit, industries in enumerate(industry_leading):
        leading[unit, industries] = True
    units = np.array([*made.units, _TOTAL[0]], dtype=object)
    names = [industry_codes.name(code) for code in made.industries]
    chinese = np.array([*(name.zh for name in names), _TOTAL[0]], dtype=object)
    english = np.array([*(name.en for name in names), _TOTAL[1]], dtype=object)
    frame = pd.DataFrame({
        "id": [f"industry-{unit + 1:03d}-{at + 1:03d}" for unit, at in zip(row, column, strict=True)],
        "name": units[row] + " · " + chinese[column], "unit": units[row],
        "code": np.array([*made.industries, ""], dtype=object)[column],
        "industry": chinese[column], "industry_en": english[column],
        **{name: made.published(what)[row, column]
           for name, what in zip(("firms", "jobs", "output_wan"), _SUMS, strict=True)},
        "share": shares[row, column], "quotient": quotients[row, column],
        "leading": leading[row, column], "shown": made.shown[row, column], "measure": made.measure,
    })  # fmt: skip
    return shape_rows(frame, industry_structure)


@layer(
    "产业地图", "Industry map", "Polygon",
    needs=("industry",),
    name_en=Column("text", "英文名称", "English name"),
    leading=Column("text", "主导产业", "Leading industries"),
    leading_en=Column("text", "主导产业（英文）", "Leading industries (English)"),
    first=Column("text", "首位主导产业", "First leading industry"),
    first_en=Column("text", "首位主导产业（英文）", "First leading industry (English)"),
    code=Column("text", "首位主导产业代码", "Code of the first"),
    quotient=Column("number", "首位主导产业区位商", "Location quotient of the first", nullable=True),
    family=Column("text", "首位主导产业类群", "Family of the first"),
    industries=Column("integer", "行业数", "Industries"),
    firms=Column("number", "企业数", "Firms", nullable=True),
    jobs=Column("number", "从业人员（人）", "Jobs", nullable=True),
    output_wan=Column("number", "产值（万元）", "Output (10 000 yuan)", nullable=True),
    specialisation=Column("number", "专业化指数（不低于）", "Krugman index (at least)", nullable=True),
    diversity=Column("number", "多样化指数（不低于）", "Shannon index (at least)", nullable=True),
    pooled=Column("number", "未公开部分占比", "Share not shown", nullable=True),
    measure=Column("text", "比例口径", "Shares are of"),
)  # fmt: skip
def industry_units(
    *,
    industry_tabulation: Tabulation,
    industry_leading: list[list[int]],
    industry_grounds: gpd.GeoDataFrame,
    industry_codes: IndustryCodes,
) -> gpd.GeoDataFrame:
    """Return the units with their leading industries, how special and how diverse they are.

    Indices are made from what is shown: what is hidden counts as one industry of its own, so that they tell
    the least that holds; they are exact where `pooled` is 0. A leading industry has a location quotient and a
    share as the rules ask, and is shown.
    """
    made = industry_tabulation
    composition = made.compose()
    first = [leads[0] if leads else -1 for leads in industry_leading]
    codes = np.array([*made.industries, ""], dtype=object)
    names = [industry_codes.name(code) for code in made.industries]
    quotients = composition.quotients()
    shape = industry_grounds.geometry.to_numpy()
    frame = gpd.GeoDataFrame(
        {
            "id": [f"industry-unit-{number:03d}" for number in range(1, len(shape) + 1)],
            "name": made.units, "name_en": industry_grounds["name_en"].to_numpy(),
            "leading": ["、".join(names[at].zh for at in leads) for leads in industry_leading],
            "leading_en": ["; ".join(names[at].en for at in leads) for leads in industry_leading],
            "first": [names[at].zh if at >= 0 else "" for at in first],
            "first_en": [names[at].en if at >= 0 else "" for at in first],
            "code": codes[first] if first else [],
            "quotient": [quotients[unit, at] if at >= 0 else np.nan for unit, at in enumerate(first)],
            "family": [industry_codes.family(codes[at]) or "none" for at in first],
            "industries": (made.sums["firms"][:-1, :-1] > 0).sum(axis=1),
            **{name: made.published(what)[:-1, -1]
               for name, what in zip(("firms", "jobs", "output_wan"), _SUMS, strict=True)},
            "specialisation": composition.specialisation(), "diversity": composition.diversity(),
            "pooled": composition.rests.round(12), "measure": made.measure,
        },
        geometry=shape, crs=STORED_CRS,
    )  # fmt: skip
    return shape_rows(frame, industry_units)
