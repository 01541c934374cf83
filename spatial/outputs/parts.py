"""Parts: the tiles of rasters that are being made, kept with a journal, and joined when all are there.

Tiles of all layers are appended to one file as they come. The journal says after each block which tiles are
whole; a run that was killed goes on behind the last such block. Joining copies packed tiles as they are.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from spatial.engine.compute import run_ordered
from spatial.engine.rasters.grids import Grid
from spatial.engine.rasters.tiles import (
    Cells,
    Level,
    count_tiles,
    halve,
    list_levels,
    pack_tile,
    unpack_tile,
    write_header,
)
from spatial.outputs.files import refuse, replacing

Array = npt.NDArray[Any]
Offsets = npt.NDArray[np.int64]
_SAFE_S = 2.0
"""Seconds of work that a power cut may cost."""


class Parts:
    """Tiles on their way into files.

    Parameters
    ----------
    folder : Path
        Is made; belongs to this pass alone.
    head : mapping
        What the parts are of; parts of anything else are thrown away.
    """

    def __init__(self, folder: Path, head: Mapping[str, Any]) -> None:
        self._data, self._journal = folder / "tiles.part", folder / "journal.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lines, whole = _read_journal(self._journal)
            if not lines or lines[0] != json.loads(json.dumps(head)):
                lines, whole = [], 0
            self.done: list[dict[str, Any]] = lines[1:]
            end = max((line["end"] for line in self.done), default=0)
            if not self._data.is_file() or self._data.stat().st_size < end:
                self.done, end, whole, lines = [], 0, 0, []
            self._tiles: IO[bytes] = self._open(self._data, end)
            self._lines: IO[bytes] = self._open(self._journal, whole)
            self._end, self._waiting, self._synced = end, list[bytes](), time.monotonic()
            if not lines:
                self._lines.write(_line(head))
                self._lines.flush()
        except OSError as error:
            raise refuse(folder, error) from error

    @staticmethod
    def _open(path: Path, keep: int) -> IO[bytes]:
        file = path.open("r+b" if path.is_file() else "w+b")
        file.truncate(keep)
        file.seek(keep)
        return file

    def add(self, block: int, tiles: Mapping[str, Mapping[int, bytes]], more: Mapping[str, Any]) -> None:
        """Append the tiles of one block, by layer and number of the tile, and note them as done.

        Raises
        ------
        OutputError
            The disk is full or the folder cannot be written.
        """
        places: dict[str, list[tuple[int, int, int]]] = {}
        try:
            for name, packed in tiles.items():
                places[name] = []
                for number, data in packed.items():
                    if data:
                        self._tiles.write(data)
                        places[name].append((number, self._end, len(data)))
                        self._end += len(data)
            line = {"block": block, "end": self._end, "tiles": places, **more}
            self.done.append(line)
            self._waiting.append(_line(line))
            if time.monotonic() - self._synced > _SAFE_S:
                self.sync()
        except OSError as error:
            raise refuse(self._data, error) from error

    def sync(self) -> None:
        """Force tiles to disk, then the lines that vouch for them."""
        self._tiles.flush()
        os.fsync(self._tiles.fileno())
        self._lines.write(b"".join(self._waiting))
        self._waiting = []
        self._lines.flush()
        os.fsync(self._lines.fileno())
        self._synced = time.monotonic()

    def close(self) -> None:
        """Keep what is done for a later run."""
        try:
            self.sync()
        finally:
            self._tiles.close()
            self._lines.close()

    def remove(self) -> None:
        """Forget the parts: their files are joined."""
        self._data.unlink(missing_ok=True)
        self._journal.unlink(missing_ok=True)

    def join(
        self, name: str, path: Path, grid: Grid, cells: Cells, tile: int, *, notes: Mapping[str, str],
        description: str = "", unit: str = "",
    ) -> None:  # fmt: skip
        """Write a layer's file: overviews made from its tiles, header, tiles in their order.

        Raises
        ------
        OutputError
            The disk is full or the folder cannot be written.
        """
        shape, sizes = count_tiles(*grid.shape, tile), list_levels(*grid.shape, tile)
        with self._data.open("rb") as data, replacing(path) as beside:
            scratch = beside.with_suffix(".ovr.part")
            try:
                with scratch.open("w+b") as above:
                    sources = [self._find(name, data, shape)]
                    for size in sizes[1:]:
                        half = _Tiles.blank(above, count_tiles(*size, tile))
                        _shrink(sources[-1], half, cells, tile)
                        sources.append(half)
                    levels = _place(sizes, [source.lengths for source in sources])
                    header = write_header(
                        grid, cells, levels, notes, description=description, unit=unit, tile=tile
                    )
                    with beside.open("wb") as out:
                        out.write(header)
                        for source in reversed(sources):
                            _copy(source, out)
            finally:
                scratch.unlink(missing_ok=True)

    def _find(self, name: str, data: IO[bytes], shape: tuple[int, int]) -> _Tiles:
        """Return where the tiles of a layer lie in the file of parts."""
        tiles = _Tiles.blank(data, shape)
        for line in self.done:
            for number, begin, length in line["tiles"].get(name, ()):
                tiles.begins[number], tiles.lengths[number] = begin, length
        return tiles


@dataclass(frozen=True)
class _Tiles:
    """Where the tiles of one level lie in a file, row by row."""

    file: IO[bytes]
    shape: tuple[int, int]
    begins: Offsets
    lengths: Offsets

    @classmethod
    def blank(cls, file: IO[bytes], shape: tuple[int, int]) -> _Tiles:
        count = shape[0] * shape[1]
        return cls(file, shape, np.zeros(count, np.int64), np.zeros(count, np.int64))

    def fetch(self, row: int, column: int) -> bytes:
        """Return a packed tile; nothing where it is missing or outside."""
        at = row * self.shape[1] + column
        if row >= self.shape[0] or column >= self.shape[1] or not self.lengths[at]:
            return b""
        self.file.seek(int(self.begins[at]))
        return self.file.read(int(self.lengths[at]))


def _shrink(below: _Tiles, half: _Tiles, cells: Cells, tile: int) -> None:
    """Write the tiles of the next overview behind those of the last one, and note where they are."""

    def make(packed: list[bytes]) -> bytes:
        if not any(packed):
            return b""
        four = [unpack_tile(one, cells, tile) for one in packed]
        return pack_tile(halve(np.block([[four[0], four[1]], [four[2], four[3]]])), tile)

    end = half.file.seek(0, os.SEEK_END)
    for row in range(half.shape[0]):
        some = [
            [below.fetch(2 * row + down, 2 * column + right) for down in (0, 1) for right in (0, 1)]
            for column in range(half.shape[1])
        ]
        packed = list(run_ordered(make, some, name="overviews"))
        half.file.seek(end)
        for column, data in enumerate(packed):
            at = row * half.shape[1] + column
            half.begins[at], half.lengths[at] = end, len(data)
            half.file.write(data)
            end += len(data)


def _place(sizes: tuple[tuple[int, int], ...], lengths: list[Offsets]) -> list[Level]:
    """Return where the tiles of each level will lie behind the header: the smallest level first."""
    levels, end = [], 0
    for (rows, columns), sizes_of in zip(reversed(sizes), reversed(lengths), strict=True):
        stops = end + np.cumsum(sizes_of)
        levels.append(Level(rows, columns, tuple((stops - sizes_of).tolist()), tuple(sizes_of.tolist())))
        end = int(stops[-1])
    return levels[::-1]


def _copy(tiles: _Tiles, out: IO[bytes]) -> None:
    for begin, length in zip(tiles.begins.tolist(), tiles.lengths.tolist(), strict=True):
        if length:
            tiles.file.seek(begin)
            out.write(tiles.file.read(length))


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def _read_journal(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Return the whole lines of a journal and where they end; a torn last line is dropped."""
    if not path.is_file():
        return [], 0
    lines, end = [], 0
    for raw in path.read_bytes().splitlines(keepends=True):
        try:
            if not raw.endswith(b"\n"):
                break
            lines.append(json.loads(raw))
        except ValueError:
            break
        end += len(raw)
    return lines, end
