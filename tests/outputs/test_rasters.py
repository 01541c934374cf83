"""Raster layers in the output folder: colours, names, provenance, and nothing stale."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from spatial.engine.rasters.grids import Block, Grid
from spatial.engine.rasters.stacks import RasterStack, StackLayer
from spatial.engine.rasters.tiles import pack_tile
from spatial.outputs.parts import Parts
from spatial.outputs.rasters import list_rasters, write_raster
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
    for name in list_rasters(stack):
        write_raster(stack, tmp_path / "out" / name, read_styles(), {"plan": 'a "plan" <x>'})
    file = tmp_path / "out" / "grades.tif"
    with rasterio.open(file) as raster:
        colours = raster.colormap(1)
        assert colours[1] != colours[3]
        np.testing.assert_array_equal(raster.read(1), stack.read("grades"))
        assert raster.tags()["plan"] == 'a "plan" <x>'
    tree = ET.parse(file.with_name("grades.tif.aux.xml"))
    names = [item.text or "" for item in tree.iter("Category")]
    assert names == ["", "<好> good & best", "", "差 worst"]


def test_each_layer_has_its_file_and_the_names_of_its_classes(tmp_path: Path) -> None:
    stack = make_stack(tmp_path / "cache", a={1: ("一", "one")}, b={})
    assert list_rasters(stack) == ("a.tif", "a.tif.aux.xml", "b.tif")
    assert list_rasters(None) == ()
