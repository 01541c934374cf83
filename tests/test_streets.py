"""Streets, facilities, homes, villages and stops of Jiyuan are what `docs/streets.py` draws."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.plan.rules import read_rules

TOP = Path(__file__).resolve().parents[1]
PLAN = TOP / "layers" / "jiyuan"
PLACES = ("facilities", "stops", "villages", "hamlets")


@pytest.fixture(scope="module")
def streets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("streets", TOP / "docs" / "streets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def drawn(streets: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streets")
    streets.write_all(folder)
    return folder


@pytest.mark.parametrize("name", PLACES)
def test_places_are_what_is_drawn(drawn: Path, name: str) -> None:
    one, other = (pd.read_csv(folder / f"{name}.csv") for folder in (drawn, PLAN))
    assert one.drop(columns=["lon", "lat"]).equals(other.drop(columns=["lon", "lat"]))
    np.testing.assert_allclose(one[["lon", "lat"]], other[["lon", "lat"]], atol=2e-5)


@pytest.mark.parametrize("name", ["roads", "homes"])
def test_shapes_are_what_is_drawn(drawn: Path, name: str) -> None:
    one, other = (
        json.loads((folder / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
        for folder in (drawn, PLAN)
    )
    assert [row["properties"] for row in one] == [row["properties"] for row in other]
    for left, right in zip(one, other, strict=True):
        shapes = [shapely.geometry.shape(row["geometry"]) for row in (left, right)]
        assert shapely.hausdorff_distance(*shapes) < 2e-5


def test_facilities_are_of_known_categories_in_every_town() -> None:
    table = pd.read_csv(PLAN / "facilities.csv")
    known = {rule.key for rule in read_rules("facilities").rules}
    assert set(table["category"]) <= known
    assert table["name"].is_unique
    assert table["name"].str.contains("镇").sum() == 11 * 8
