"""The shipped plan of Hebi: its files are what the generator draws, and it builds without a fault."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest
import shapely

TOP = Path(__file__).resolve().parents[1]
FOLDER = TOP / "layers" / "hebi"
SHAPES = ("districts", "areas", "rivers", "roads", "zones", "lines")


@pytest.fixture(scope="module")
def hebi() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOP / "docs"))
        yield importlib.import_module("hebi")


@pytest.fixture(scope="module")
def drawn(hebi: Any) -> dict[str, list[dict[str, Any]]]:
    return dict(hebi.list_features())


@pytest.mark.parametrize("name", SHAPES)
def test_the_shipped_shapes_are_what_is_drawn(name: str, drawn: dict[str, list[dict[str, Any]]]) -> None:
    shipped = json.loads((FOLDER / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
    assert [row["properties"] for row in drawn[name]] == [row["properties"] for row in shipped]
    assert all(row["properties"]["illustrative"] for row in shipped)
    for one, other in zip(drawn[name], shipped, strict=True):
        shapes = [shapely.geometry.shape(row["geometry"]) for row in (one, other)]
        assert shapely.hausdorff_distance(*shapes) < 2e-5


def test_no_shape_is_drawn_that_is_not_shipped(drawn: dict[str, list[dict[str, Any]]]) -> None:
    assert set(drawn) == set(SHAPES)
    assert all((FOLDER / f"{name}.geojson").stat().st_size < 300_000 for name in SHAPES)
