"""Structure of a data file: layers, fields, types, widths and systems, before any row is looked at."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from spatial.checks.profile.subject import FileStep, Holding, LayerStep, Subject
from spatial.engine.crs import contradicts
from spatial.errors import CrsError
from spatial.plan.datasets import FoundField
from spatial.plan.findings import Finding
from spatial.plan.profiles import FieldSpec

_DBASE_LONGEST = 254
_BYTES = ("字节（dBase 按编码后的字节计）", "bytes, as dBase counts")
_KINDS_ZH = {"text": "文本", "integer": "整型", "number": "浮点", "date": "日期"}
_OF_FORMATS = {"fid", "objectid", "shape_length", "shape_area"}
_DATUMS = ("china 2000", "cgcs2000", "d_china_2000", "china_2000")


def _check_layers(holding: Holding) -> Iterator[Finding]:
    found = {subject.spec.name: subject for subject in holding.subjects}
    for name, spec in holding.profile.layers.items():
        if spec.required and name not in found:
            yield holding.tell(
                "layer_missing", name,
                f"缺少图层 {name}（{spec.title.pick('zh')}）；请补充，或核对图层名。",
                f"The layer {name} ({spec.title.pick('en')}) is missing; add it, or check its name.",
                sure=spec.sure,
            )  # fmt: skip
    for data in holding.data.layers:
        if holding.profile.match(data.name) is None:
            near = difflib.get_close_matches(data.name.upper(), list(holding.profile.layers), 1)
            hint = (f"；是否应为 {near[0]}？", f"; should it be {near[0]}?") if near else ("。", ".")
            yield holding.tell(
                "layer_unknown", data.name, f"图层 {data.name} 不在规范内，未质检{hint[0]}",
                f"The layer {data.name} is not in the profile and was not checked{hint[1]}",
            )  # fmt: skip
    for name, subject in found.items():
        if subject.data.name != name:
            yield subject.tell(
                "layer_named",
                f"图层 {subject.data.name} 应名为 {name}；请改名。",
                f"The layer {subject.data.name} should be called {name}; rename it.",
            )


def _check_rows(subject: Subject) -> Iterator[Finding]:
    if subject.data.table.empty:
        yield subject.tell(
            "layer_empty",
            f"图层 {subject.data.name} 没有要素；请确认是否应有内容。",
            f"The layer {subject.data.name} has no rows; make sure that it should have none.",
        )


def _check_geometry(subject: Subject) -> Iterator[Finding]:
    wanted, found = subject.spec.geometry, subject.data.geometry
    plain = found.removeprefix("Multi").removesuffix(" Z").removesuffix(" ZM").removesuffix(" M")
    plain = plain.removeprefix("2.5D ").removeprefix("Multi").removeprefix("Curve").removeprefix("Curved")
    plain = {"Surface": "Polygon", "": "none"}.get(plain, plain)
    if wanted == "any" and plain != "none":
        return
    if plain not in (wanted, "Unknown") or plain == "none":
        yield subject.tell(
            "layer_geometry",
            f"图层 {subject.data.name} 的几何类型为 {found or '无'}，应为 {wanted}；请转换后重新导出。",
            f"The layer {subject.data.name} is of {found or 'no geometry'}, convert it to {wanted}.",
        )


def _check_fields(subject: Subject) -> Iterator[Finding]:
    for spec in subject.spec.fields:
        found = subject.data.find(spec.name)
        if found is None:
            if not spec.optional:
                yield subject.tell(
                    "field_missing",
                    f"图层 {subject.data.name} 缺少字段 {spec.name}（{spec.title.pick('zh')}）；请添加。",
                    f"The layer {subject.data.name} lacks {spec.name} ({spec.title.pick('en')}); add it.",
                )
            continue
        yield from _check_field(subject, spec, found)
    known = {spec.name.lower() for spec in subject.spec.fields} | _OF_FORMATS
    extra = [field.name for field in subject.data.fields if field.name.lower() not in known]
    if extra:
        named = "、".join(extra[:20])
        yield subject.tell(
            "field_unknown",
            f"图层 {subject.data.name} 有规范外的字段：{named}。",
            f"The layer {subject.data.name} has fields that the profile does not: {', '.join(extra[:20])}.",
            value=float(len(extra)),
        )


def _check_field(subject: Subject, spec: FieldSpec, found: FoundField) -> Iterator[Finding]:
    name = f"{subject.data.name}.{spec.name}"
    whole = spec.kind == "integer" and found.kind == "number" and not found.decimals
    if found.kind != spec.kind and not whole:
        yield subject.tell(
            "field_type",
            f"字段 {name} 为{_KINDS_ZH[found.kind]}，应为{_KINDS_ZH[spec.kind]}；请改字段类型。",
            f"The field {name} is of type {found.kind}, it should be {spec.kind}; change its type.",
        )
        return
    if spec.kind == "text" and spec.width:
        in_bytes = subject.data.counts_bytes
        wanted = min(spec.width, _DBASE_LONGEST) if in_bytes else spec.width
        if found.width != wanted:
            unit = _BYTES if in_bytes else ("字符", "characters")
            has = ("未限长", "no limit") if found.width is None else (f"{found.width}", f"{found.width}")
            yield subject.tell(
                "field_width",
                f"字段 {name} 长度为 {has[0]}，应为 {wanted} {unit[0]}。",
                f"The field {name} has a width of {has[1]}, it should be {wanted} {unit[1]}.",
                sure=spec.sure,
                value=None if found.width is None else float(found.width),
                limit=float(wanted),
            )
    if spec.decimals is not None and found.decimals is not None and found.decimals != spec.decimals:
        yield subject.tell(
            "field_decimals",
            f"字段 {name} 有 {found.decimals} 位小数，应为 {spec.decimals} 位。",
            f"The field {name} has {found.decimals} decimals, it should have {spec.decimals}.",
            value=float(found.decimals), limit=float(spec.decimals),
        )  # fmt: skip


def _check_texts(subject: Subject) -> Iterator[Finding]:
    for zh, en in subject.data.doubts:
        yield subject.tell("encoding", f"图层 {subject.data.name}：{zh}", f"Layer {subject.data.name}: {en}")
    for field in subject.data.fields:
        column = subject.data.table.get(field.name)
        if column is None or field.kind != "text":
            continue
        texts = column.dropna().astype(str)
        rows = np.flatnonzero(column.fillna("").astype(str).str.contains("\ufffd|锟斤拷|烫烫烫", regex=True))
        if len(rows):
            shown, name = str(column.iloc[rows[0]])[:24], f"{subject.data.name}.{field.name}"
            yield subject.tell(
                "encoding",
                f"字段 {name} 有 {len(rows)} 行乱码，如“{shown}”；请按正确编码重新导出。",
                f"{len(rows)} of {len(texts)} texts of {name} are garbled, such as {shown!r}; export them "
                "again in the right encoding.",
                value=float(len(rows)),
            )


def _check_crs(subject: Subject) -> Iterator[Finding]:
    data = subject.data
    if not data.geometry or not len(data.shapes):
        return
    if not data.crs:
        yield subject.tell(
            "crs_missing",
            f"图层 {data.name} 未定义坐标系；请定义为 CGCS2000（EPSG:4490 或其高斯投影）。",
            f"The layer {data.name} states no coordinate system; state CGCS2000 (EPSG:4490 or a projection).",
        )
        return
    try:
        crs = CRS.from_user_input(data.crs)
        geodetic = crs.geodetic_crs
        datum = geodetic.datum.name.lower() if geodetic and geodetic.datum else ""
    except CRSError:
        datum, crs = "", None
    if not any(name in datum for name in _DATUMS):
        shown = crs.name if crs is not None else data.crs[:40]
        yield subject.tell(
            "crs_wrong",
            f"图层 {data.name} 的坐标系为 {shown}，应为 CGCS2000；请由测绘主管部门转换后提供。",
            f"The layer {data.name} is in {shown}, it should be in CGCS2000; have it transformed.",
        )
    yield from _check_coordinates(subject)


def _check_coordinates(subject: Subject) -> Iterator[Finding]:
    there = ~(shapely.is_missing(subject.data.shapes) | shapely.is_empty(subject.data.shapes))
    bounds = shapely.bounds(subject.data.shapes[there])
    if not len(bounds) or not np.isfinite(bounds).any():
        return
    try:
        fault = contradicts(str(subject.data.crs), np.nanmedian(bounds, axis=0))
    except CrsError:
        return
    if fault is not None:
        yield subject.tell(
            "crs_contradicted",
            f"图层 {subject.data.name} 的坐标与其坐标系矛盾：{fault.problem}；{fault.remedy}。",
            f"The layer {subject.data.name} contradicts its system: {fault.problem}; {fault.remedy}.",
        )


def _check_resolution(subject: Subject) -> Iterator[Finding]:
    fine, tolerance = subject.data.resolution_m, subject.data.tolerance_m
    limits = (("resolution", fine, "分辨率", "resolution"), ("vertex", tolerance, "容差", "tolerance"))
    for key, value, zh, en in limits:
        limit = subject.measures.limit(key)
        # The grid of degrees is made of round numbers; a tenth more than the limit is the same grid.
        if value is not None and value > limit * 1.2:
            yield subject.tell(
                "resolution",
                f"图层 {subject.data.name} 的坐标{zh}为 {value:.2g} 米，应不大于 {limit:g} 米。",
                f"The {en} of {subject.data.name} is {value:.2g} m, it should be {limit:g} m at most.",
                value=value, limit=limit,
            )  # fmt: skip


def _check_same_crs(holding: Holding) -> Iterator[Finding]:
    systems: dict[str, list[str]] = {}
    for subject in holding.subjects:
        if subject.data.crs and subject.data.geometry:
            systems.setdefault(_name_crs(subject.data.crs), []).append(subject.data.name)
    if len(systems) > 1:
        zh = "；".join(f"{system}：{'、'.join(names)}" for system, names in systems.items())
        en = "; ".join(f"{system}: {', '.join(names)}" for system, names in systems.items())
        yield holding.tell(
            "crs_mixed",
            "",
            f"各图层坐标系不一致：{zh}；请统一。",
            f"Layers are in several systems: {en}; use one.",
        )


def _name_crs(text: str) -> str:
    try:
        crs = CRS.from_user_input(text)
        flat = crs.sub_crs_list[0] if crs.is_compound else crs
        code = flat.to_epsg()
        return f"EPSG:{code}" if code else flat.name
    except CRSError:
        return text[:40]


FILE_STEPS: tuple[FileStep, ...] = (_check_layers, _check_same_crs)
"""Checks of the file."""
LAYER_STEPS: tuple[LayerStep, ...] = (
    _check_rows, _check_geometry, _check_fields, _check_texts, _check_crs, _check_resolution,
)  # fmt: skip
"""Checks of each layer."""
