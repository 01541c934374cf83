"""The plan as one HTML file: a folium map with everything inside, which opens with no network at all.

Names and attributes of users' files never pass through a template: they lie in JSON blocks that the page's
own scripts read, and come to the screen as text nodes.
"""

from __future__ import annotations

import html
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import folium
import pandas as pd
from branca.element import Element, Figure
from pyproj import CRS

from spatial.outputs.files import replacing
from spatial.outputs.web.basemaps import Tiles, add_tiles, choose_basemap
from spatial.outputs.web.beside import GROUP, Beside, choose_beside, list_beside_views, read_stored
from spatial.outputs.web.features import (
    DECIMALS,
    DrawnLayer,
    choose_layers,
    describe_layer,
    dump_json,
    find_bounds,
)
from spatial.outputs.web.generalise import simplify_layers
from spatial.outputs.web.legend import add_amounts
from spatial.outputs.web.offline import OWN, inline_page, write_policy
from spatial.outputs.web.overlays import RasterOverlay, SortedOverlay, sort_overlay, warn_overlays
from spatial.outputs.web.pointer import describe_grid
from spatial.outputs.web.strata import (
    PlanEnd,
    PlanLayer,
    PlanStart,
    hold_json,
    hold_packed,
    make_image,
    make_stratum,
    write_block,
)
from spatial.plan.base import Text
from spatial.plan.contract import Contract
from spatial.plan.styles import Styles

_LEAFLET = "leaflet@1.9/leaflet"
_LIBRARIES = (_LEAFLET + ".js", "jquery.min.js")
_SCRIPTS = (
    "symbols.js",
    "layers.js",
    "grid.js",
    "packed.js",
    "painting.js",
    "canvas.js",
    "raster.js",
    "webmap.js",
    "reasons.js",
    "probe.js",
    "labels.js",
    "measure.js",
    "search.js",
    "timeline.js",
    "panel.js",
    "print.js",
    "pointer.js",
    "tools.js",
    "swipe.js",
    "permalink.js",
    "tiles.js",
)
_DATA_MARK = "<!-- plan data -->"
_FINDINGS_LISTED = 200
_VALUES_NAMED = 10
_ILLUSTRATIVE = Text(
    zh="示意图，供交流参考，不具法律效力；以批准的规划为准。",
    en="Illustrative, for discussion, not legally binding; the approved plan prevails.",
)


@dataclass(frozen=True)
class MapHeading:
    """What stands round the map.

    Parameters
    ----------
    title : Text
        Title of the plan.
    subtitle : Text, optional
        A line below it, such as place and period.
    language : {"zh", "en", "both"}
        Language at first; readers can switch.
    approval_number : str
        审图号; shown as pending when empty.
    compiler : Text, optional
        Who made the plan.
    illustrative : bool
        Whether to mark the map 示意图: illustrative, not legally binding.
    provenance : dict
        Hashes and versions of what went in, shown in the panel, folded. Of it ``tool``, ``boundary`` and the
        names of ``source.<name>`` are told in words too.
    date : str
        Date of the plan, as it shall be read; left out when empty.
    note : Text, optional
        What a reader should know of the map, beside whether it is illustrative.
    """

    title: Text
    subtitle: Text | None = None
    language: Literal["zh", "en", "both"] = "both"
    approval_number: str = ""
    compiler: Text | None = None
    illustrative: bool = True
    provenance: dict[str, str] = field(default_factory=dict)
    date: str = ""
    note: Text | None = None


def write_webmap(  # noqa: PLR0913 (a page in one call; five have a default)
    path: str | os.PathLike[str],
    layers: Mapping[str, pd.DataFrame],
    *,
    heading: MapHeading,
    styles: Styles,
    contracts: Mapping[str, Contract],
    metric_crs: str,
    basemap: str = "none",
    tianditu_key: str | None = None,
    beside: Beside | None = None,
    rasters: Sequence[RasterOverlay] = (),
    digests: Mapping[str, str] | None = None,
    simplify_m: float | None = None,
) -> list[str]:
    """Write the layers as one HTML file that needs no network.

    Parameters
    ----------
    path : path-like
        The file to write or replace, atomically. Identical input gives identical bytes.
    layers : mapping of str to frame
        Layers with geometry in any known CRS (stored ones are EPSG:4490); tables are ignored. Rows without
        geometry are counted, not drawn.
    heading : MapHeading
        Title, language, marks, provenance.
    styles : Styles
        Groups, classes, order.
    contracts : mapping of str to Contract
        Titles and columns of the layers, in Chinese and English.
    metric_crs : str
        CRS of the plan's distances, in which places for names are sought.
    basemap : str
        Tiles below the plan, as `choose_basemap` takes it; any but "none" needs a network when the map is
        opened, and the page says so.
    tianditu_key : str, optional
        Key for Tianditu; without it there is no basemap.
    beside : Beside, optional
        Layers of another scenario or plan version, hidden at first; a reader can swipe the two against each
        other. Those that are the same in both are drawn once.
    rasters : sequence of RasterOverlay
        Layers of cells, drawn at the place that the order of their style gives them.
    digests : mapping of str to str, optional
        Packed blocks that raster layers name as theirs, by key.
    simplify_m : float, optional
        Metres to which the shared edges of areas are simplified together; the page says so. Layers whose
        areas overlap stay as they are, with a note.

    Returns
    -------
    list of str
        What a user should know, in the heading's language.

    Raises
    ------
    CrsError
        A layer has no CRS.
    OutputError
        The basemap is unknown, a script has no local carrier, or the file cannot be written.
    """
    drawn = choose_layers(layers, styles, contracts)
    shown = [layer for layer in drawn if len(layer.frame)]
    second = choose_beside(beside, shown, styles, contracts)
    beside_views = list_beside_views(beside, second, shown, styles)
    shown += second
    simpler = simplify_layers(shown, simplify_m, metric_crs) if simplify_m is not None else None
    shown = simpler.layers if simpler else shown
    cells = [sort_overlay(raster) for raster in rasters]
    tiles, warnings = choose_basemap(basemap, tianditu_key)
    page = _render([*map(make_stratum, shown), *map(make_image, cells)], tiles, heading)
    config = _configure(shown, heading, styles, layers, cells) | {
        "about": _tell_about(heading, metric_crs, simpler.tell(simplify_m or 0) if simpler else None),
        "grid": describe_grid(metric_crs),
        "basemap": tiles.describe() if tiles else None,
        "beside_views": beside_views,
    }
    config["groups"] += [{"key": GROUP, "title": _text(beside.title)}] if beside else []
    add_amounts(config["layers"], shown, read_stored(layers, beside))
    config["layers"] += [raster.describe(styles) for raster in cells]
    config["bounds"] = config["bounds"] or (list(cells[0].mesh.corners) if cells else None)
    territory = next((layer.frame for layer in shown if layer.key == "territory"), None)
    outline = None if territory is None else territory.geometry.to_crs(metric_crs).union_all()
    blocks = [hold_json("config", dump_json(config))]
    blocks += [write_block(layer, metric_crs, outline) for layer in shown]
    blocks += [hold_packed(raster.overlay.key, raster.write()) for raster in cells]
    blocks += [hold_packed(key, text) for key, text in (digests or {}).items()]
    data = "\n".join(blocks)
    head, tail = page.split(_DATA_MARK)
    with replacing(path) as fresh:
        fresh.write_text(head + data + tail, encoding="utf-8", newline="\n")
    warnings += [*_warn_unstyled(drawn), *_warn_absent(drawn), *warn_overlays(cells)]
    warnings += simpler.warn() if simpler else []
    return [_say(text, heading.language) for text in warnings]


def _render(parts: Sequence[PlanLayer], tiles: Tiles | None, heading: MapHeading) -> str:
    """Return folium's page with every script and stylesheet inside, and a mark where the data goes."""
    plan_map = folium.Map(
        location=[35.0, 105.0],
        zoom_start=4,
        tiles=None,
        zoom_control=False,
        zoom_snap=0.25 if tiles is None else 1,
        zoom_delta=0.5 if tiles is None else 1,
        wheel_px_per_zoom_level=90,
        max_zoom=19,
        font_size="13px",
    )
    plan_map._id = "plan"
    # On this map only: folium's own lists name scripts that no carrier brings and that are not needed.
    plan_map.default_js = [(name, name) for name in (*_LIBRARIES, *(OWN + name for name in _SCRIPTS))]
    plan_map.default_css = [(name, name) for name in (_LEAFLET + ".css", OWN + "panel.css")]
    figure = plan_map.get_root()
    assert isinstance(figure, Figure)
    figure.title = html.escape(_say(heading.title, heading.language))
    figure.header.add_child(Element(write_policy(tiles.hosts if tiles else ())), name="policy", index=0)
    figure.html.add_child(Element(_DATA_MARK), name="data")
    if tiles:
        add_tiles(plan_map, tiles)
    start = PlanStart()  # type: ignore[no-untyped-call]
    for number, element in enumerate([start, *parts, PlanEnd(parts)]):
        if not isinstance(element, PlanLayer):
            element._id = str(number)
        plan_map.add_child(element)
    return inline_page(figure.render())


def _configure(
    shown: Sequence[DrawnLayer],
    heading: MapHeading,
    styles: Styles,
    layers: Mapping[str, pd.DataFrame],
    cells: Sequence[SortedOverlay],
) -> dict[str, Any]:
    """Return all that the page's scripts need to know beside the features."""
    keys = {layer.key for layer in shown} | {raster.overlay.key for raster in cells}
    titles = {key: style.title for key, style in styles.layers.items()}
    terms = dict(styles.terms) | {"layer": titles}
    return {
        "title": _text(heading.title),
        "subtitle": heading.subtitle and _text(heading.subtitle),
        "compiler": heading.compiler and _text(heading.compiler),
        "language": heading.language,
        "approval_number": heading.approval_number,
        "illustrative": heading.illustrative,
        "provenance": list(heading.provenance.items()),
        "paper": styles.paper,
        "ground": styles.ground,
        "bounds": find_bounds(shown),
        "terms": {name: {key: _text(text) for key, text in named.items()} for name, named in terms.items()},
        "groups": [{"key": key, "title": _text(title)} for key, title in styles.groups.items()],
        "opening": _choose_opening(shown, styles),
        "views": [
            {"key": key, "title": _text(view.title), "layers": [name for name in view.layers if name in keys]}
            for key, view in styles.views.items()
            if any(name in keys and styles.layers[name].group == view.group for name in view.layers)
        ],
        "layers": [describe_layer(layer, styles) for layer in shown],
        "findings": _list_findings(layers.get("findings")),
    }


def _choose_opening(shown: Sequence[DrawnLayer], styles: Styles) -> str | None:
    """Return the first view there is, where no layer of any view's theme would show by itself; else None."""
    groups = {view.group for view in styles.views.values()}
    themes = {layer.key: layer.style for layer in shown if layer.style.group in groups}
    if any(style.show for style in themes.values()):
        return None
    return next((key for key, view in styles.views.items() if themes.keys() & set(view.layers)), None)


def _tell_about(heading: MapHeading, metric_crs: str, simpler: Text | None) -> list[list[dict[str, str]]]:
    """Return what a reader wants to know of the map: pairs of a head and a text."""
    given = heading.provenance
    tool = given.get("tool", "")
    facts = [
        (Text(zh="数据来源", en="Data"), _name_sources(given)),
        (Text(zh="日期", en="Date"), Text(zh=heading.date, en=heading.date) if heading.date else None),
        (Text(zh="坐标系", en="Coordinate systems"), _describe_systems(metric_crs)),
        (Text(zh="简化", en="Generalised"), simpler),
        (Text(zh="说明", en="Note"), heading.note),
        (Text(zh="效力", en="Standing"), _ILLUSTRATIVE if heading.illustrative else None),
        (Text(zh="制图工具", en="Made with"), Text(zh=tool, en=tool) if tool else None),
    ]
    return [[_text(head), _text(text)] for head, text in facts if text]


def _name_sources(provenance: Mapping[str, str]) -> Text | None:
    """Return where the boundary and the plan's own data come from, or None where nothing says."""
    own = [key.removeprefix("source.") for key in provenance if key.startswith("source.")]
    boundary = provenance.get("boundary", "")
    zh = [f"行政边界 {boundary}"] * bool(boundary) + [f"规划自带数据 {'、'.join(own)}"] * bool(own)
    en = [f"boundary {boundary}"] * bool(boundary) + [f"the plan's own data {', '.join(own)}"] * bool(own)
    return Text(zh="；".join(zh), en="; ".join(en)) if zh else None


def _describe_systems(metric_crs: str) -> Text:
    name = CRS.from_user_input(metric_crs).name
    return Text(
        zh=f"数据 CGCS2000（EPSG:4490）；距离按 {name}（{metric_crs}）；屏幕显示为 Web 墨卡托，"
        f"面积与量算按 CGCS2000 椭球。坐标保留 {DECIMALS} 位小数（约 0.1 米）。",
        en=f"Data in CGCS2000 (EPSG:4490); distances in {name} ({metric_crs}); shown in Web Mercator, "
        f"areas and measures on the CGCS2000 ellipsoid. Coordinates to {DECIMALS} decimals (about 0.1 m).",
    )


def _list_findings(frame: pd.DataFrame | None) -> dict[str, Any]:
    """Return the first findings, also those without a place on the map, and how many there are."""
    if frame is None:
        return {"total": 0, "items": []}
    columns = [frame[name].head(_FINDINGS_LISTED) for name in ("id", "severity", "message_zh", "message_en")]
    items = [
        {"id": key, "severity": severity, "message": {"zh": zh, "en": en}}
        for key, severity, zh, en in zip(*columns, strict=True)
    ]
    return {"total": len(frame), "items": items}


def _warn_unstyled(drawn: Sequence[DrawnLayer]) -> list[Text]:
    warnings = []
    for layer in drawn:
        values = layer.unstyled_values()
        named = ", ".join(map(repr, values[:_VALUES_NAMED])) + (" …" if len(values) > _VALUES_NAMED else "")
        title = layer.style.title
        zh = f"图层“{title.pick('zh')}”中的类别没有样式，以警示样式绘制：{named}。"
        en = f"{title.pick('en')}: classes without a style are drawn in the warning style: {named}."
        warnings += [Text(zh=zh, en=en)] if values else []
    return warnings


def _warn_absent(drawn: Sequence[DrawnLayer]) -> list[Text]:
    return [
        Text(
            zh=f"图层“{layer.style.title.pick('zh')}”有 {layer.absent} 个要素没有几何，未绘制。",
            en=f"{layer.style.title.pick('en')}: {layer.absent} features have no geometry and are not drawn.",
        )
        for layer in drawn
        if layer.absent and layer.key != "findings"
    ]


def _say(text: Text, language: str) -> str:
    if language == "both":
        return " ".join(dict.fromkeys((text.pick("zh"), text.pick("en"))))
    return text.pick(language)


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
