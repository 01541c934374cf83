"""Raster layers in the output folder: colours, names, provenance, and nothing stale."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from spatial.engine.grids import Block, Grid
from spatial.engine.stacks import RasterStack, StackLayer
from spatial.engine.tiles import pack_tile
from spatial.outputs.parts import Parts
from spatial.outputs.rasters import choose_colours, list_rasters, sweep_rasters, write_rasters
from spatial.plan.styles import read_styles

rasterio = pytest.importorskip("rasterio")
GRID = Grid("EPSG:4546", 450_000.0, 3_900_000.0, 50.0, 40, 70)


def read(path: Path, block: Block) -> np.ndarray:
    with rasterio.open(path) as raster:
        return raster.read(1)[block.slices]


def make_stack(folder: Path, **classes: dict) -> RasterStack:
    cells = (np.add.outer(np.arange(40), np.arange(70)) // 25 + 1).astype(np.uint8)
    layers = {}
    for name, named in classes.items():
        parts = Parts(folder / name, {"of": name})
        tiles = {
            row * 5 + column: pack_tile(cells[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16], 16)
            for row in range(3)
            for column in range(5)
        }
        parts.add(0, {name: tiles}, {})
        parts.close()
        parts.join(name, folder / f"{name}.tif", GRID, "uint8", 16, notes={})
        layers[name] = StackLayer(name, "class", "类", "Class", "", named, folder / f"{name}.tif")
    return RasterStack(GRID, layers, read)


def test_classes_carry_colours_names_and_their_making(tmp_path: Path) -> None:
    named = {1: ("<好>", "good & best"), 3: ("差", "worst")}
    stack = make_stack(tmp_path / "cache", grades=named)
    write_rasters(stack, tmp_path / "out", read_styles(), {"plan": 'a "plan" <x>'})
    file = tmp_path / "out" / "rasters" / "grades.tif"
    with rasterio.open(file) as raster:
        colours = raster.colormap(1)
        assert colours[1] != colours[3]
        np.testing.assert_array_equal(raster.read(1), stack.read("grades"))
        assert raster.tags()["plan"] == 'a "plan" <x>'
    tree = ET.parse(file.with_name("grades.tif.aux.xml"))
    names = [item.text or "" for item in tree.iter("Category")]
    assert names == ["", "<好> good & best", "", "差 worst"]


def test_layers_of_an_earlier_run_leave_the_folder(tmp_path: Path) -> None:
    stack = make_stack(tmp_path / "cache", a={1: ("一", "one")}, b={})
    write_rasters(stack, tmp_path / "out", read_styles(), {})
    (tmp_path / "out" / "rasters" / "own.qgz").write_text("the user's", encoding="utf-8")
    kept = RasterStack(GRID, {"a": stack.layers["a"]}, read)
    write_rasters(kept, tmp_path / "out", read_styles(), {})
    (tmp_path / "out" / "rasters" / "own.tif").write_bytes(b"the user's")
    (tmp_path / "own.tif").write_bytes(b"elsewhere")
    sweep_rasters(tmp_path / "out", ["b.tif", "b.tif.aux.xml", "gone.tif", "own.qgz", "../../own.tif"])
    assert (tmp_path / "own.tif").is_file()
    assert {file.name for file in (tmp_path / "out" / "rasters").iterdir()} == {
        "a.tif",
        "a.tif.aux.xml",
        "own.qgz",
        "own.tif",
    }
    assert set(list_rasters(None, tmp_path)) == set()


def test_colours_run_from_best_to_worst() -> None:
    layer = StackLayer("x", "grade", "", "", "", {1: ("", ""), 2: ("", ""), 3: ("", "")}, Path("x.tif"))
    colours = choose_colours(layer, read_styles())
    assert colours[1][1] > colours[1][0]
    assert colours[3][0] > colours[3][1]
    assert len(set(colours.values())) == 3


def test_parts_of_something_else_are_thrown_away(tmp_path: Path) -> None:
    first = Parts(tmp_path, {"of": "a"})
    first.add(3, {"a": {0: b"abc"}}, {})
    first.close()
    same = Parts(tmp_path, {"of": "a"})
    assert [line["block"] for line in same.done] == [3]
    same.close()
    other = Parts(tmp_path, {"of": "b"})
    assert other.done == []
    other.close()


def test_a_journal_that_vouches_for_more_than_there_is_is_not_believed(tmp_path: Path) -> None:
    first = Parts(tmp_path, {"of": "a"})
    first.add(0, {"a": {0: b"abc"}}, {})
    first.close()
    (tmp_path / "tiles.part").write_bytes(b"a")
    again = Parts(tmp_path, {"of": "a"})
    assert again.done == []
    again.close()
