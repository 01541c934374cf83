"""The small map of an opinion sheet: a project on the plan, with the pieces objected to, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.engine.crs import transform_shapes
from spatial.plan.findings import STORED_CRS
from spatial.plan.styles import ClassStyle, read_styles

WIDE, HIGH = 420.0, 330.0
"""Pixels of the map's box; the sheet scales it."""
_LEAST_M = 600.0
_ROOM = 2.2
_DRAWN = ("zones", "lines", "rivers", "roads", "territory")
_FAINT = {"zones": 0.35, "lines": 0.45}
PIECES = {"reject": "#c8102e", "conditional": "#d97706"}
_SOURCE = "#6b21a8"
_LONG = 20_000
_ROUND = (1, 2, 5)


@dataclass
class Sketch:
    """A map with what its legend says: colour, dash and label of each class, in order of drawing."""

    svg: str = ""
    legend: list[tuple[str, str, str]] = field(default_factory=list)
    scale: int = 0


class Mapper:
    """Draws the maps of all sheets on the same ground.

    Parameters
    ----------
    ground : mapping of str to GeoDataFrame
        Layers of the plan, EPSG:4490; further ones (``sources.…``) are drawn as outlines with their names.
    metric_crs : str
        The maps' projection.
    """

    def __init__(self, ground: Mapping[str, gpd.GeoDataFrame], metric_crs: str) -> None:
        self._metric = metric_crs
        self._ground = {
            name: (frame, transform_shapes(frame.geometry.to_numpy(), STORED_CRS, metric_crs))
            for name, frame in ground.items()
            if len(frame)
        }
        self._trees = {name: shapely.STRtree(shapes) for name, (_, shapes) in self._ground.items()}
        self._styles = read_styles().layers

    def draw(self, shape: BaseGeometry, pieces: Mapping[str, Any], suggested: Any = ()) -> Sketch:
        """Draw one project.

        Parameters
        ----------
        shape : shapely geometry
            The project, EPSG:4490.
        pieces : mapping of str to list of geometry
            By verdict, ``reject`` and ``conditional``.
        suggested : sequence of shapely geometry
            Changed shapes.
        """
        (flat,) = transform_shapes([shape], STORED_CRS, self._metric)
        view = _View.round(flat)
        sketch = Sketch(scale=view.scale)
        parts = [*self._draw_ground(view, sketch), *self._draw_project(flat, pieces, suggested, view, sketch)]
        sketch.svg = "".join(
            (
                f'<svg viewBox="0 0 {WIDE:g} {HIGH:g}" role="img" aria-label="map">',
                _PATTERNS,
                f'<rect width="{WIDE:g}" height="{HIGH:g}" fill="#fbfbf8"/>',
                *parts,
                *_draw_furniture(view),
                "</svg>",
            )
        )
        return sketch

    def _draw_ground(self, view: _View, sketch: Sketch) -> Iterator[str]:
        names = [name for name in _DRAWN if name in self._ground]
        names += [name for name in self._ground if name.startswith("sources.")]
        for name in names:
            frame, shapes = self._ground[name]
            near = np.sort(self._trees[name].query(view.box))
            for at in near:
                shape = shapely.boundary(shapes[at]) if name == "territory" else shapes[at]
                cut = shapely.clip_by_rect(shape, *view.box.bounds)
                if cut.is_empty:
                    continue
                yield from self._draw_feature(name, frame.iloc[int(at)], cut, view, sketch)

    def _draw_feature(
        self, name: str, row: Any, cut: BaseGeometry, view: _View, sketch: Sketch
    ) -> Iterator[str]:
        if name.startswith("sources."):
            _note(sketch, _SOURCE, "dash", str(row["name"]))
            yield f'<path d="{view.path(cut)}" fill="{_SOURCE}" fill-opacity="0.08" stroke="{_SOURCE}" '
            yield 'stroke-width="1.2" stroke-dasharray="5 3"/>'
            return
        style = self._styles.get(name)
        key = str(row[style.class_column]) if style is not None and style.class_column else "all"
        found = style.classes.get(key) if style is not None else None
        if found is None:
            return
        area = cut.geom_type in ("Polygon", "MultiPolygon") and name != "territory"
        _note(
            sketch,
            (found.fill if area else found.stroke) or "#888888",
            "" if area else "line",
            found.label.zh,
        )
        yield f'<path d="{view.path(cut)}" {_paint(found, area, _FAINT.get(name, 1.0))}/>'

    def _draw_project(
        self, flat: BaseGeometry, pieces: Mapping[str, Any], suggested: Any, view: _View, sketch: Sketch
    ) -> Iterator[str]:
        for verdict in ("conditional", "reject"):
            for piece in transform_shapes(list(pieces.get(verdict, ())), STORED_CRS, self._metric):
                fill = "none" if piece.geom_type.endswith("LineString") else f"url(#{verdict})"
                colour = PIECES[verdict]
                yield f'<path d="{view.path(piece)}" fill="{fill}" stroke="{colour}" stroke-width="1"/>'
        for other in transform_shapes(
            [one for one in suggested if one is not None], STORED_CRS, self._metric
        ):
            _note(sketch, "#0b7a3b", "dash", "建议调整后范围")
            yield f'<path d="{view.path(other)}" fill="none" stroke="#0b7a3b" stroke-width="1.6" '
            yield 'stroke-dasharray="4 2"/>'
        yield f'<path d="{view.path(flat)}" fill="none" stroke="#ffffff" stroke-width="4"/>'
        yield f'<path d="{view.path(flat)}" fill="none" stroke="#111111" stroke-width="2"/>'


@dataclass(frozen=True)
class _View:
    """What a map shows, in metres, and how it comes to pixels."""

    box: BaseGeometry
    pixel_m: float

    @classmethod
    def round(cls, flat: BaseGeometry) -> _View:
        west, south, east, north = flat.bounds
        x, y = (west + east) / 2, (south + north) / 2
        half = max((east - west) * _ROOM / 2, (north - south) * _ROOM / 2 * WIDE / HIGH, _LEAST_M)
        tall = half * HIGH / WIDE
        return cls(shapely.box(x - half, y - tall, x + half, y + tall), 2 * half / WIDE)

    @property
    def scale(self) -> int:
        """Denominator of the scale where the box is 84 mm wide, as the sheet prints it."""
        return int(round(self.pixel_m * WIDE / 0.084, -2))

    def path(self, shape: BaseGeometry) -> str:
        """Return SVG path data, to a tenth of a pixel."""
        west, _, _, north = self.box.bounds
        # Of very long outlines a valid shape is not worth its time on so small a map.
        long = shapely.get_num_coordinates(shape) > _LONG
        shape = shapely.simplify(shape, self.pixel_m / 5, preserve_topology=not long)
        parts = []
        for part in shapely.get_parts([shape]):
            if part.geom_type == "Point":
                x, y = (part.x - west) / self.pixel_m, (north - part.y) / self.pixel_m
                parts.append(f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z")
                continue
            closed = part.geom_type == "Polygon"
            for ring in shapely.get_rings([part]) if closed else [part]:
                xy = (shapely.get_coordinates(ring) - [west, north]) / [self.pixel_m, -self.pixel_m]
                steps = " ".join(f"{x:.1f} {y:.1f}" for x, y in np.clip(xy, -2000, 3000))
                parts.append(f"M{steps}{'Z' if closed else ''}")
        return "".join(parts)


_PATTERNS = "<defs>" + "".join(
    f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" '
    f'patternTransform="rotate({turn})">'
    f'<rect width="6" height="6" fill="{colour}" fill-opacity="0.25"/>'
    f'<line x1="0" y1="0" x2="0" y2="6" stroke="{colour}" stroke-width="2.4"/></pattern>'
    for name, colour, turn in (("reject", PIECES["reject"], 45), ("conditional", PIECES["conditional"], -45))
) + "</defs>"  # fmt: skip


def _paint(style: ClassStyle, area: bool, opacity: float) -> str:
    fill = (
        f'fill="{style.fill}" fill-opacity="{style.fill_opacity * opacity:.2f}"'
        if area and style.fill
        else ""
    )
    stroke = style.stroke or style.fill or "#888888"
    dash = f' stroke-dasharray="{" ".join(f"{step:g}" for step in style.dash)}"' if style.dash else ""
    fill = fill or 'fill="none"'
    return f'{fill} stroke="{stroke}" stroke-width="{min(style.width, 2.0):g}"{dash}'


def _note(sketch: Sketch, colour: str, look: str, label: str) -> None:
    entry = (colour, look, label)
    if entry not in sketch.legend:
        sketch.legend.append(entry)


def _draw_furniture(view: _View) -> Iterator[str]:
    """Yield the scale bar, the north arrow and the frame."""
    room = view.pixel_m * WIDE / 4
    power = 10 ** int(np.floor(np.log10(room)))
    metres = max(step * power for step in _ROUND if step * power <= room)
    long = metres / view.pixel_m
    name = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    bottom = HIGH - 12
    yield f'<rect x="8" y="{bottom - 22:g}" width="{long + 16:.1f}" height="28" fill="#fffc"/>'
    yield f'<path d="M16 {bottom - 5:g}v5h{long:.1f}v-5" fill="none" stroke="#111111" stroke-width="1.5"/>'
    yield f'<text x="{16 + long / 2:.1f}" y="{bottom - 8:g}" font-size="11" text-anchor="middle">'
    yield f"{escape(name)}</text>"
    yield f'<path d="M{WIDE - 22:g} 40l7 -24l7 24l-7 -6z" fill="#111111"/>'
    yield f'<text x="{WIDE - 15:g}" y="54" font-size="12" text-anchor="middle">北</text>'
    yield f'<rect width="{WIDE:g}" height="{HIGH:g}" fill="none" stroke="#111111" stroke-width="1.5"/>'
