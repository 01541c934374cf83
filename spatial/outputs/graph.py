"""Which layer is made from which, drawn as an SVG picture without any other program."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from html import escape
from pathlib import Path

from spatial.outputs.files import replacing

_FONTS = "Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif"
_STEP_X, _STEP_Y, _BOX_W, _BOX_H = 250, 46, 190, 30


def write_graph(path: Path, needs: Mapping[str, Collection[str]], titles: Mapping[str, str]) -> None:
    """Draw a directed graph without cycles, from left (inputs) to right.

    Parameters
    ----------
    path : Path
        SVG file to write, atomically.
    needs : mapping
        Name to the names that it is made from.
    titles : mapping
        Names that are layers, with the second line of their box; the others are drawn pale.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    places = _place(needs)
    width = _STEP_X * (1 + max((x for x, _ in places.values()), default=0))
    height = _STEP_Y * (2 + max((y for _, y in places.values()), default=0))
    lines = [
        _draw_edge(places[source], places[name]) for name in sorted(needs) for source in sorted(needs[name])
    ]
    boxes = [_draw_box(name, places[name], titles.get(name)) for name in sorted(places)]
    body = "\n".join(lines + boxes)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="{_FONTS}" font-size="11">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )
    with replacing(path) as beside:
        beside.write_text(svg, encoding="utf-8")


def collapse_graph(needs: Mapping[str, Collection[str]], shown: Collection[str]) -> dict[str, set[str]]:
    """Keep some names of a graph and join them where they were joined through others.

    A link that a longer way says already is left out.

    Examples
    --------
    >>> needs = {"zones": ["faces"], "faces": ["claims", "territory"], "balance": ["zones", "territory"]}
    >>> kept = collapse_graph(needs, ["balance", "claims", "territory", "zones"])
    >>> sorted(kept["zones"]), sorted(kept["balance"])
    (['claims', 'territory'], ['zones'])
    """

    @cache
    def sources(name: str) -> frozenset[str]:
        found = {
            source for need in needs.get(name, ()) for source in ([need] if need in shown else sources(need))
        }
        return frozenset(found)

    @cache
    def ancestors(name: str) -> frozenset[str]:
        return sources(name).union(*(ancestors(source) for source in sources(name)))

    return {
        name: {one for one in sources(name) if not any(one in ancestors(other) for other in sources(name))}
        for name in sorted(shown)
    }


def _place(needs: Mapping[str, Collection[str]]) -> dict[str, tuple[int, int]]:
    """Give each name a column (one right of all it needs) and a row near the middle of its sources."""
    columns: dict[str, int] = {}

    def column(name: str) -> int:
        if name not in columns:
            columns[name] = 1 + max((column(source) for source in needs.get(name, ())), default=-1)
        return columns[name]

    names = sorted({*needs, *(source for sources in needs.values() for source in sources)})
    places: dict[str, tuple[int, int]] = {}
    for level in range(1 + max(map(column, names), default=-1)):
        members = [name for name in names if columns[name] == level]
        rows = {name: [places[source][1] for source in needs.get(name, ())] for name in members}
        members.sort(key=lambda name: (sum(rows[name]) / len(rows[name]) if rows[name] else 0, name))
        places |= {name: (level, row) for row, name in enumerate(members)}
    return places


def _draw_edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] * _STEP_X + 20 + _BOX_W, start[1] * _STEP_Y + 20 + _BOX_H / 2
    x2, y2 = end[0] * _STEP_X + 20, end[1] * _STEP_Y + 20 + _BOX_H / 2
    middle = (x1 + x2) / 2
    curve = f"M{x1},{y1}C{middle},{y1} {middle},{y2} {x2},{y2}"
    return f'<path d="{curve}" fill="none" stroke="#8a94a6" stroke-opacity="0.55"/>'


def _draw_box(name: str, place: tuple[int, int], title: str | None) -> str:
    x, y = place[0] * _STEP_X + 20, place[1] * _STEP_Y + 20
    fill, stroke = ("#e3efe0", "#4c7a46") if title else ("#f4f5f7", "#c2c8d2")
    text = escape(f"{name}  {title}" if title else name)
    return (
        f'<rect x="{x}" y="{y}" width="{_BOX_W}" height="{_BOX_H}" rx="5" fill="{fill}" stroke="{stroke}"/>'
        f'<text x="{x + 8}" y="{y + 19}">{text}</text>'
    )
