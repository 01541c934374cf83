"""Checks of the functional-zone system: counts against the formula, what zones say, and their parts."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

import geopandas as gpd
import pandas as pd

from spatial.engine.shapes.overlays import intersect_areas
from spatial.plan.findings import Finding
from spatial.plan.parts.functional import KIND_NAMES, UNKNOWN_KIND, FunctionalZones, ZoneSystem
from spatial.plan.reading.zone_formula import parse_system

_ONE_M2_HA = 1e-4
_KINDS = ("industry", "civil_military")
_LISTED = 8


def functional_system_findings(
    *,
    functional_spec: FunctionalZones | None,
    source_frames: dict[str, gpd.GeoDataFrame],
    functional_zones: gpd.GeoDataFrame,
    zone_traits: pd.DataFrame,
    ecosystems: pd.DataFrame,
    startup_areas: gpd.GeoDataFrame,
    zone_communities: gpd.GeoDataFrame,
) -> list[Finding]:
    """Report where the zones and what the plan says of their system differ.

    Returns
    -------
    list of Finding
        ``functional_zones.column`` (error): a column that the plan names is not there.
        ``functional_zones.formula`` (error): counts differ from the formula; ``functional_zones.count``
        (error): an ecosystem has more or fewer zones than stated. ``functional_zones.ecosystem`` (error): a
        zone is of an ecosystem that is not listed, or of none. ``functional_zones.kind`` (error): a kind that
        is none. ``functional_zones.district`` (warning): most of a zone lies in another district than stated;
        ``functional_zones.district_unknown`` (info): the stated one is not in the plan, so nothing is held
        against it. ``functional_zones.overlap`` (error): zones of a system that overlap.
        ``functional_zones.part_unknown`` (error): a part names a zone that there is not;
        ``functional_zones.startup_outside``, ``functional_zones.community_outside``: a part lies outside its
        zone (error) or partly so (warning), from one square metre up.
    """
    spec = functional_spec
    if spec is None or functional_zones.empty:
        return []
    found = [*_find_columns(spec, source_frames)]
    if spec.system is not None:
        found += _hold_formula(spec.system, ecosystems, len(functional_zones))
        found += _hold_ecosystems(spec.system, functional_zones, ecosystems)
        found += _find_overlaps(functional_zones)
    found += _find_kinds(functional_zones, zone_traits)
    found += _hold_districts(functional_zones, zone_traits)
    names = functional_zones["name"].tolist()
    found += _find_parts(startup_areas, "startup", names)
    return [*found, *_find_parts(zone_communities, "community", names)]


def _find_columns(spec: FunctionalZones, sources: dict[str, gpd.GeoDataFrame]) -> Iterator[Finding]:
    asked = [("functional_zones.columns", spec.source, spec.columns.model_dump())]
    if spec.startup is not None:
        own = {"column": spec.startup.column, **spec.startup.columns.model_dump()}
        asked.append(("functional_zones.startup", spec.startup.source, own))
    if spec.communities is not None:
        asked.append(
            ("functional_zones.communities", spec.communities.source, {"column": spec.communities.column})
        )
    for where, source, columns in asked:
        there = list(sources[source].columns) if source in sources else []
        for name in dict.fromkeys(filter(None, columns.values())):
            if name not in there:
                known = "、".join(str(one) for one in there if one != "geometry")
                yield Finding(
                    "functional_zones.column", "error", "functional_zones", where,
                    f"{where}：来源 {source} 无“{name}”列，现有：{known or '无'}。",
                    f"{where}: source {source} has no column {name}; there is {known or 'none'}",
                )  # fmt: skip


def _hold_formula(system: ZoneSystem, ecosystems: pd.DataFrame, zones: int) -> Iterator[Finding]:
    if system.formula is None:
        return
    formula = parse_system(system.formula)
    by_kind = ecosystems.groupby("kind")["zones"].agg(["size", "sum"]).reindex(_KINDS, fill_value=0)
    yield from _compare(
        system.formula, formula.ecosystems, by_kind["size"].tolist(), ("产业生态圈", "ecosystems")
    )
    if not formula.zones:
        return
    apart = int(by_kind["sum"].iloc[1])
    drawn = [zones - apart, apart]
    off = ecosystems[ecosystems["difference"].fillna(0) != 0]
    zh = "、".join(f"{row.name}{row.difference:+.0f}" for row in off.set_index("id").itertuples(index=False))
    en = ", ".join(
        f"{row.name_en or row.name} {row.difference:+.0f}"
        for row in off.set_index("id").itertuples(index=False)
    )
    why = (f"；与规划数不符的生态圈：{zh}", f"; ecosystems that differ: {en}") if len(off) else ("", "")
    yield from _compare(system.formula, formula.zones, drawn, ("产业功能区", "zones"), why)


def _compare(
    formula: str,
    stated: tuple[int, ...],
    drawn: list[int],
    what: tuple[str, str],
    why: tuple[str, str] = ("", ""),
) -> Iterator[Finding]:
    """Compare the numbers of a count; a single number is of all."""
    if not stated:
        return
    held = drawn if len(stated) == 2 else [sum(drawn)]
    if list(stated) == held:
        return
    said, there = "+".join(map(str, stated)), "+".join(map(str, held))
    yield Finding(
        "functional_zones.formula", "error", "ecosystems", what[1],
        f"“{formula}”：规划 {said} 个{what[0]}，图上 {there} 个{why[0]}。",
        f"{formula!r}: {said} {what[1]} are stated, {there} are there{why[1]}",
        value=float(sum(held)), limit=float(sum(stated)),
    )  # fmt: skip


def _hold_ecosystems(
    system: ZoneSystem, zones: gpd.GeoDataFrame, ecosystems: pd.DataFrame
) -> Iterator[Finding]:
    for row in ecosystems.to_dict("records"):
        if row["difference"] == row["difference"] and row["difference"]:
            yield Finding(
                "functional_zones.count", "error", "ecosystems", row["id"],
                f"{row['name']}：规划 {row['zones_stated']:.0f} 个功能区，图上 {row['zones']} 个。",
                f"{row['name_en'] or row['name']}: {row['zones_stated']:.0f} zones are stated, "
                f"{row['zones']} are drawn",
                value=float(row["zones"]), limit=float(row["zones_stated"]),
            )  # fmt: skip
    listed = [one.name.pick("zh") for one in system.ecosystems]
    if not listed:
        return
    for row in zones[~zones["ecosystem"].isin(listed)].itertuples():
        zh, en = _suggest(row.ecosystem, listed)
        said = f"“{row.ecosystem}”未列入规划的产业生态圈" if row.ecosystem else "未注明产业生态圈"
        told = f"ecosystem {row.ecosystem!r} is not listed" if row.ecosystem else "no ecosystem is stated"
        yield Finding(
            "functional_zones.ecosystem", "error", "functional_zones", row.id,
            f"{row.name}：{said}{zh}。", f"{row.name}: {told}{en}", geometry=row.geometry,
        )  # fmt: skip


def _find_overlaps(zones: gpd.GeoDataFrame) -> Iterator[Finding]:
    shapes = zones.geometry.to_numpy()
    met = intersect_areas(shapes, shapes)
    names, ids = zones["name"].tolist(), zones["id"].tolist()
    for one, other, area in zip(met.left, met.right, met.area / 1e4, strict=True):
        if one < other and area >= _ONE_M2_HA:
            yield Finding(
                "functional_zones.overlap", "error", "functional_zones", ids[one],
                f"{names[one]}与{names[other]}重叠 {area:,.4g} 公顷。",
                f"{names[one]} and {names[other]} overlap by {area:,.4g} ha",
                value=float(area), limit=0.0, geometry=shapes[one].intersection(shapes[other]),
            )  # fmt: skip


def _find_kinds(zones: gpd.GeoDataFrame, traits: pd.DataFrame) -> Iterator[Finding]:
    kinds_zh = "、".join(name.zh for name in KIND_NAMES.values())
    for row, word in zip(zones.itertuples(), traits["kind_stated"], strict=True):
        if row.kind == UNKNOWN_KIND:
            yield Finding(
                "functional_zones.kind", "error", "functional_zones", row.id,
                f"{row.name}：类别“{word}”无法识别；可用：{kinds_zh}。",
                f"{row.name}: kind {word!r} is none; there is {', '.join(KIND_NAMES)}",
                geometry=row.geometry,
            )  # fmt: skip


def _hold_districts(zones: gpd.GeoDataFrame, traits: pd.DataFrame) -> Iterator[Finding]:
    strange = traits[traits["district_unknown"] != ""]
    if len(strange):
        shown = "、".join(dict.fromkeys(strange["district_unknown"]))
        yield Finding(
            "functional_zones.district_unknown", "info", "functional_zones", "",
            f"{len(strange)} 个功能区的管理单位不是规划中的区县，未核对：{shown}。",
            f"{len(strange)} zones are managed by what is no district of the plan, so not held: {shown}",
            value=float(len(strange)),
        )  # fmt: skip
    for row, right in zip(zones.itertuples(), traits["district_right"], strict=True):
        if not right:
            share = row.district_share
            zh, en = (row.district_in or "规划区县之外"), (row.district_in or "no district of the plan")
            yield Finding(
                "functional_zones.district", "warning", "functional_zones", row.id,
                f"{row.name}：规划由{row.district}管理，但主要位于{zh}（在{row.district}内占 {share:.1%}）。",
                f"{row.name}: {row.district} is stated to manage it, but most of it lies in {en} "
                f"({share:.1%} in {row.district})",
                value=float(share), geometry=row.geometry,
            )  # fmt: skip


def _find_parts(parts: gpd.GeoDataFrame, what: str, zones: Collection[str]) -> Iterator[Finding]:
    layer = "startup_areas" if what == "startup" else "zone_communities"
    for row in parts[parts["zone"] == ""].itertuples():
        zh, en = _suggest(row.zone_name, zones)
        yield Finding(
            "functional_zones.part_unknown", "error", layer, row.id,
            f"{row.name}：没有名为“{row.zone_name}”的功能区{zh}。",
            f"{row.name}: there is no zone {row.zone_name!r}{en}", geometry=row.geometry,
        )  # fmt: skip
    for row in parts[(parts["zone"] != "") & (parts["outside_ha"] >= _ONE_M2_HA)].itertuples():
        whole = row.area_ha - row.outside_ha < _ONE_M2_HA
        yield Finding(
            f"functional_zones.{what}_outside", "error" if whole else "warning", layer, row.id,
            f"{row.name}有 {row.outside_ha:,.4g} 公顷在{row.zone_name}之外{'（全部）' if whole else ''}。",
            f"{row.outside_ha:,.4g} ha of {row.name} lie outside {row.zone_name}{' (all)' if whole else ''}",
            value=float(row.outside_ha), limit=0.0, geometry=row.geometry,
        )  # fmt: skip


def _suggest(name: str, known: Collection[str]) -> tuple[str, str]:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    if near:
        return f"，是否为“{near[0]}”", f"; did you mean {near[0]!r}?"
    shown = list(known)[:_LISTED]
    more = "…" if len(known) > _LISTED else ""
    return f"；现有：{'、'.join(shown)}{more}", f"; there is {', '.join(shown)}{more}"
