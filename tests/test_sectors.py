"""The sample sector plans are what `docs/sectors.py` draws, and each is a plan that can be read."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import shapely

from spatial.plan.reading.reader import load_plan

TOP = Path(__file__).resolve().parents[1]
SECTORS = TOP / "layers" / "jiyuan" / "sectors"
spec = importlib.util.spec_from_file_location("sectors", TOP / "docs" / "sectors.py")
assert spec is not None
assert spec.loader is not None
sectors = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sectors)


@pytest.mark.parametrize("name", list(sectors.PLANS))
def test_the_shipped_file_is_what_is_drawn(name: str, tmp_path: Path) -> None:
    drawn = json.loads(sectors.write_plan(tmp_path, name).read_text(encoding="utf-8"))["features"]
    shipped = json.loads((SECTORS / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
    assert [row["properties"] for row in drawn] == [row["properties"] for row in shipped]
    for one, other in zip(drawn, shipped, strict=True):
        shapes = [shapely.geometry.shape(row["geometry"]) for row in (one, other)]
        assert shapely.area(shapely.symmetric_difference(*shapes)) <= 1e-3 * shapely.area(shapes[0])
    assert all(row["properties"]["illustrative"] for row in shipped)


@pytest.mark.parametrize("name", list(sectors.PLANS))
def test_each_is_a_plan_whose_codes_all_mean_something(name: str) -> None:
    plan = load_plan(SECTORS / f"{name}.yaml").plan
    assert plan.sector is not None
    features = json.loads((SECTORS / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
    codes = {row["properties"][plan.sector.column] for row in features}
    if plan.sector.scheme is None:
        assert codes <= set(plan.sector.classes)
    assert plan.sources["land"].illustrative
