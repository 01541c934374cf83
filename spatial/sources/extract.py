"""What is gathered from an OpenStreetMap extract: by blocks of its binary form, or by pyosmium.

Both ways give the same. The first is several times faster and needs no library, but holds all nodes of the
file in memory and reads only what extracts are usually made of; pyosmium reads the rest.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.engine.travel.network import Ints, Longs
from spatial.sources.packed import Ragged, UnusualError, sum_differences, unzigzag
from spatial.sources.pbf import Block, match_tags, read_blocks
from spatial.sources.tags import ACCESS_KEYS, BARRIER_KEYS, GROUND_KEYS, SPEED_KEYS

NOWHERE = 2**31 - 1
"""Coordinate of a node that the extract leaves out."""
DEGREES = 1e-7

_RESTRICTION_KEYS = ("restriction", "restriction:motorcar", "restriction:motor_vehicle")
_CONDITIONAL = "restriction:conditional"
_EXEMPT = {"motorcar", "motor_vehicle", "vehicle"}
_LARGE_BYTES = 200_000_000
_NAME_KEYS = ("name", "ref")
_WAY_KEYS = (*ACCESS_KEYS, *SPEED_KEYS, *GROUND_KEYS, *_NAME_KEYS)
_GROUPS = (
    slice(0, len(ACCESS_KEYS)),
    slice(len(ACCESS_KEYS), len(ACCESS_KEYS) + len(SPEED_KEYS)),
    slice(len(ACCESS_KEYS) + len(SPEED_KEYS), -len(_NAME_KEYS)),
)
_RELATION_KEYS = ("type", "except", _CONDITIONAL, *_RESTRICTION_KEYS)
_MEMBERS = "nwr"
_MOST_KEYS = 2**62

Bounds = tuple[float, float, float, float]
Values = tuple[str | None, ...]
Tags = Mapping[str, str | None]


@dataclass
class Gathered:
    """Highways, ferries, barriers and turn restrictions of an extract.

    Parameters
    ----------
    vertices : ndarray of int64, shape (v, 3)
        Node id, longitude and latitude in 1e-7 degrees, `NOWHERE` where the node is not in the file.
    counts : ndarray of int64, shape (w,)
        Vertices of each way.
    way_id : ndarray of int64, shape (w,)
    codes : ndarray of int64, shape (w, 4)
        Name, access, speed and ground by their numbers in the next four.
    names : dict of str to int
    access, speed, ground : dict of tuple to int
        Every combination of values of the keys of `spatial.sources.tags`, once.
    barriers : dict of int to mapping
        Tags of nodes with a barrier.
    turns : list of (int, int, int, bool)
        From way, via node, to way, whether only that turn is allowed.
    seen : Counter
        What was left out.
    box : tuple of int
        West, south, east, north of all ways, in 1e-7 degrees, where only those in some bounds were asked for.
    """

    vertices: Longs = field(default_factory=lambda: np.empty((0, 3), dtype=np.int64))
    counts: Longs = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    way_id: Longs = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    codes: Longs = field(default_factory=lambda: np.empty((0, 4), dtype=np.int64))
    names: dict[str, int] = field(default_factory=dict)
    access: dict[Values, int] = field(default_factory=dict)
    speed: dict[Values, int] = field(default_factory=dict)
    ground: dict[Values, int] = field(default_factory=dict)
    barriers: dict[int, Tags] = field(default_factory=dict)
    turns: list[tuple[int, int, int, bool]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    box: tuple[int, ...] = (NOWHERE, NOWHERE, -NOWHERE, -NOWHERE)

    @property
    def groups(self) -> tuple[dict[Values, int], ...]:
        """Combinations of access, speed and ground tags."""
        return self.access, self.speed, self.ground

    def take_restriction(self, tags: Callable[[str], str | None], members: Iterable[Any]) -> None:
        """Take a turn restriction for cars, or count why not; members are (type, id, role)."""
        kind = next((value for key in reversed(_RESTRICTION_KEYS) if (value := tags(key))), None)
        if kind is None:
            self.seen["turn restrictions at certain times, ignored"] += tags(_CONDITIONAL) is not None
            return
        if not kind.startswith(("no_", "only_")) or _EXEMPT & set((tags("except") or "").split(";")):
            return
        roles: dict[tuple[str, str], list[int]] = {}
        for type_, number, role in members:
            roles.setdefault((role, type_), []).append(number)
        if ("via", "w") in roles:
            self.seen["turn restrictions by way of another way, ignored"] += 1
            return
        via, sources, targets = (roles.get(key, []) for key in (("via", "n"), ("from", "w"), ("to", "w")))
        if len(via) != 1 or not sources or not targets:
            self.seen["turn restrictions without from, via and to, ignored"] += 1
            return
        only = kind.startswith("only_")
        self.turns += [(source, via[0], target, only) for source in sources for target in targets]


def gather(path: Path, bounds: Bounds | None) -> Gathered:
    """Gather the roads of an extract by whichever way reads it.

    Parameters
    ----------
    path : Path
    bounds : (west, south, east, north), optional
        Degrees; ways whose box does not touch them are left out.

    Raises
    ------
    RuntimeError, ValueError, OSError
        From pyosmium: not an extract, or cut short.
    ModuleNotFoundError
        pyosmium is needed and not installed.
    """
    if path.suffix.lower() == ".pbf" and path.stat().st_size < _LARGE_BYTES:
        try:
            return gather_blocks(path, bounds)
        except (UnusualError, ValueError, IndexError, OverflowError, MemoryError):
            pass  # pyosmium reads it, or says what is wrong with it
    return gather_things(path, bounds)


def gather_blocks(path: Path, bounds: Bounds | None) -> Gathered:
    """Gather by blocks, as `gather`.

    Raises
    ------
    UnusualError
        The file is not what `read_blocks` reads, or has ways before nodes.
    """
    gathered = Gathered()
    nodes = _Nodes()
    parts: list[tuple[Longs, Longs, Longs, Longs]] = []
    for block in read_blocks(path):
        if len(block.node_id):
            nodes.add(block)
            _take_barriers(gathered, block)
        if len(block.ways.ids):
            parts.append(_take_ways(gathered, block, nodes, bounds))
        if len(block.relations.ids):
            _take_relations(gathered, block)
    if parts:
        gathered.vertices, gathered.counts, gathered.way_id, gathered.codes = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
    return gathered


class _Nodes:
    """Nodes of the blocks so far; looked up from the first way on."""

    def __init__(self) -> None:
        self.parts = [(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))]
        self.sealed = False
        self.slots: Ints | None = None

    def add(self, block: Block) -> None:
        if self.sealed:
            raise UnusualError("nodes after ways")
        self.parts.append((block.node_id, block.x.astype(np.int32), block.y.astype(np.int32)))

    def find(self, numbers: Longs) -> Longs:
        """Return number, x and y of nodes, shape (v, 3)."""
        if not self.sealed:
            ids, x, y = (np.concatenate(column) for column in zip(*self.parts, strict=True))
            if (np.diff(ids) <= 0).any():
                raise UnusualError("nodes that are not in the order of their numbers")
            self.parts, self.sealed = [(ids, x, y)], True
        ids, x, y = self.parts[0]
        found = np.full((len(numbers), 3), NOWHERE, dtype=np.int64)
        found[:, 0] = numbers
        if len(ids):
            at = self._guess(numbers)
            missed = np.flatnonzero(ids[at] != numbers)
            at[missed] = np.minimum(np.searchsorted(ids, numbers[missed]), len(ids) - 1)
            there = ids[at] == numbers
            found[there, 1], found[there, 2] = x[at[there]], y[at[there]]
        return found

    def _guess(self, numbers: Longs) -> Longs:
        """Say where nodes with these numbers may be: right for most, and quicker than to search."""
        ids = self.parts[0][0]
        if self.slots is None:
            self.slots = np.zeros(1 << (4 * len(ids)).bit_length(), dtype=np.int32)
            self.slots[ids & (len(self.slots) - 1)] = np.arange(len(ids), dtype=np.int32)
        return self.slots[numbers & (len(self.slots) - 1)].astype(np.int64)


def _number_texts(block: Block) -> dict[bytes, int]:
    return {text: at for at, text in enumerate(block.strings)}


def _columns(keys: Iterable[str], number: Mapping[bytes, int]) -> dict[int, int]:
    return {number[key.encode()]: column for column, key in enumerate(keys) if key.encode() in number}


def _read_texts(block: Block, numbers: Iterable[int]) -> tuple[str | None, ...]:
    return tuple([None if at < 0 else block.strings[at].decode() for at in numbers])


def _read_rows(block: Block, rows: Longs) -> list[Values]:
    """Return the texts of rows of their numbers; None for -1."""
    texts: dict[int, str | None] = {
        at: block.strings[at].decode() for at in np.unique(rows).tolist() if at >= 0
    }
    texts[-1] = None
    return [tuple(map(texts.__getitem__, row)) for row in rows.tolist()]


def _take_barriers(gathered: Gathered, block: Block) -> None:
    if b"barrier" not in block.table:
        return
    number = _number_texts(block)
    nodes, tags = block.node_tags(number.get(b"barrier", -1))
    keys, values = (Ragged(tags.values[side::2], tags.start // 2) for side in (0, 1))
    found = match_tags(keys, values, _columns(BARRIER_KEYS, number), len(BARRIER_KEYS))
    has = found[:, BARRIER_KEYS.index("barrier")] >= 0
    texts = _read_rows(block, found[has])
    for node, row in zip(block.node_id[nodes[has]].tolist(), texts, strict=True):
        gathered.barriers[node] = dict(zip(BARRIER_KEYS, row, strict=True))


def _take_ways(
    gathered: Gathered, block: Block, nodes: _Nodes, bounds: Bounds | None
) -> tuple[Longs, Longs, Longs, Longs]:
    ways, number = block.ways, _number_texts(block)
    tags = match_tags(ways.unpack(2), ways.unpack(3), _columns(_WAY_KEYS, number), len(_WAY_KEYS))
    ferry = tags[:, _WAY_KEYS.index("route")] == number.get(b"ferry", -2)
    rows = np.flatnonzero((tags[:, _WAY_KEYS.index("highway")] >= 0) | ferry)
    packed = ways.unpack(8, rows)
    vertices = nodes.find(sum_differences(Ragged(unzigzag(packed.values), packed.start)))
    counts = np.diff(packed.start)
    if bounds is not None:
        near = _touch(gathered, vertices, packed, bounds)
        vertices, counts, rows = vertices[near[packed.owner]], counts[near], rows[near]
    tags = tags[rows]
    name = np.where(tags[:, -2] >= 0, tags[:, -2], tags[:, -1])
    codes = [_number(block, name[:, None], gathered.names, lambda texts: texts[0] or "")]
    for keys, known in zip(_GROUPS, gathered.groups, strict=True):
        codes.append(_number(block, tags[:, keys], known, lambda texts: texts))
    return vertices, counts, ways.ids[rows], np.column_stack(codes)


def _number(block: Block, rows: Longs, known: dict[Any, int], make: Callable[[Values], Any]) -> Longs:
    """Give rows of texts numbers by what they say, in the order in which they come."""
    if not len(rows):
        return np.empty(0, dtype=np.int64)
    _, first, same = np.unique(_tell_apart(rows), return_index=True, return_inverse=True)
    codes = np.empty(len(first), dtype=np.int64)
    order = np.argsort(first, kind="stable")
    texts = _read_rows(block, rows[first[order]])
    codes[order] = [known.setdefault(make(row), len(known)) for row in texts]
    return codes[same]


def _tell_apart(rows: Longs) -> Longs:
    """Return a number for each row of numbers from -1 on, the same only where all of the row are."""
    keys, size = np.zeros(len(rows), dtype=np.int64), 1
    for column in rows.T:
        seen = np.zeros(int(column.max()) + 2, dtype=bool)
        seen[column] = True  # -1 is the last
        rank = np.cumsum(seen) - 1
        many = int(rank[-1]) + 1
        if size * many >= _MOST_KEYS:
            _, keys = np.unique(keys, return_inverse=True)
            size = int(keys.max()) + 1
        keys = keys * many + rank[column]
        size *= many
    return keys


def _touch(gathered: Gathered, vertices: Longs, packed: Ragged, bounds: Bounds) -> npt.NDArray[np.bool_]:
    """Say which ways' boxes touch the bounds; keep in mind the box of all ways."""
    count = len(packed.start) - 1
    there = (vertices[:, 1:] != NOWHERE).all(axis=1)
    low, high = np.full((count, 2), NOWHERE), np.full((count, 2), -NOWHERE)
    np.minimum.at(low, packed.owner[there], vertices[there, 1:])
    np.maximum.at(high, packed.owner[there], vertices[there, 1:])
    box = gathered.box
    gathered.box = (
        *np.minimum(low.min(axis=0, initial=NOWHERE), box[:2]).tolist(),
        *np.maximum(high.max(axis=0, initial=-NOWHERE), box[2:]).tolist(),
    )
    edge = np.array(bounds) / DEGREES
    return np.asarray(((low <= edge[2:]) & (high >= edge[:2])).all(axis=1))


def _take_relations(gathered: Gathered, block: Block) -> None:
    relations, number = block.relations, _number_texts(block)
    if b"restriction" not in number:
        return
    keys = _columns(_RELATION_KEYS, number)
    tags = match_tags(relations.unpack(2), relations.unpack(3), keys, len(_RELATION_KEYS))
    rows = np.flatnonzero((tags[:, 0] == number[b"restriction"]) & (tags[:, 2:] >= 0).any(axis=1))
    roles, steps, types = (relations.unpack(field, rows) for field in (8, 9, 10))
    members = sum_differences(Ragged(unzigzag(steps.values), steps.start))
    for at, row in enumerate(rows.tolist()):
        part = slice(steps.start[at], steps.start[at + 1])
        said = dict(zip(_RELATION_KEYS, _read_texts(block, tags[row].tolist()), strict=True))
        gathered.take_restriction(
            said.get,
            zip(
                [_MEMBERS[kind] for kind in types.values[part].tolist()],
                members[part].tolist(),
                _read_texts(block, roles.values[part].tolist()),
                strict=True,
            ),
        )


def gather_things(path: Path, bounds: Bounds | None) -> Gathered:
    """Gather thing by thing, as `gather`: anything that pyosmium reads; nodes of large files are on disk.

    Raises
    ------
    RuntimeError, ValueError, OSError
        From pyosmium: not an extract, or cut short.
    ModuleNotFoundError
        pyosmium is not installed.
    """
    import osmium

    gathered, flat, counts, ids, codes = Gathered(), array("q"), array("q"), array("q"), array("q")
    kind = osmium.io.File(str(path), "pbf" if path.suffix.lower() == ".pbf" else "")
    storage = "flex_mem" if path.stat().st_size < _LARGE_BYTES else "sparse_file_array"
    wanted = osmium.filter.KeyFilter("highway", "route", "barrier", *_RESTRICTION_KEYS, _CONDITIONAL)
    things: Iterable[Any] = osmium.FileProcessor(kind).with_locations(storage).with_filter(wanted)
    for item in things:
        tags = item.tags.get
        if item.is_way():
            vertices = _read_vertices(item)
            is_road = tags("highway") is not None or tags("route") == "ferry"
            if is_road and (bounds is None or _touch_one(gathered, vertices, bounds)):
                flat.extend(vertices)
                counts.append(len(vertices) // 3)
                ids.append(item.id)
                codes.extend(_number_one(gathered, tags))
        elif item.is_node():
            if tags("barrier") is not None:
                gathered.barriers[item.id] = {key: tags(key) for key in BARRIER_KEYS}
        elif tags("type") == "restriction":
            gathered.take_restriction(
                tags, ((member.type, member.ref, member.role) for member in item.members)
            )
    gathered.vertices = np.frombuffer(flat, dtype=np.int64).reshape(-1, 3)
    gathered.counts, gathered.way_id = (np.frombuffer(numbers, dtype=np.int64) for numbers in (counts, ids))
    gathered.codes = np.frombuffer(codes, dtype=np.int64).reshape(-1, 4)
    return gathered


def _read_vertices(way: Any) -> array[int]:
    nodes, flat = way.nodes, array("q")
    for node in map(nodes.__getitem__, range(len(nodes))):
        place = node.location
        flat.append(node.ref)
        flat.append(place.x)
        flat.append(place.y)
    return flat


def _touch_one(gathered: Gathered, flat: array[int], bounds: Bounds) -> bool:
    x = [value for value in flat[1::3] if value != NOWHERE]
    y = [value for value in flat[2::3] if value != NOWHERE]
    if not x or not y:
        return False
    low, high, box = (min(x), min(y)), (max(x), max(y)), gathered.box
    gathered.box = (*map(min, low, box[:2]), *map(max, high, box[2:]))
    west, south, east, north = (value / DEGREES for value in bounds)
    return low[0] <= east and high[0] >= west and low[1] <= north and high[1] >= south


def _number_one(gathered: Gathered, tags: Callable[[str], str | None]) -> list[int]:
    name = tags("name") or tags("ref") or ""
    numbers = [gathered.names.setdefault(name, len(gathered.names))]
    for keys, known in zip((ACCESS_KEYS, SPEED_KEYS, GROUND_KEYS), gathered.groups, strict=True):
        numbers.append(known.setdefault(tuple([tags(key) for key in keys]), len(known)))
    return numbers
