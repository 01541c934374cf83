"""The shipped plan of Hebi: its files are what the generator draws, and it builds without a fault."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely

TOP = Path(__file__).resolve().parents[1]
FOLDER = TOP / "layers" / "hebi"
TABLES = ("people", "facilities", "firms", "links", "quotas")
SHAPES = ("three_districts", "areas", "rivers", "roads", "zones", "lines", "ledger", "built")


@pytest.fixture(scope="module")
def hebi() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOP / "docs"))
        yield importlib.import_module("hebi")


@pytest.fixture(scope="module")
def tables(hebi: Any) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TOP / "docs"))
        yield importlib.import_module("hebi_tables")


@pytest.fixture(scope="module")
def drawn(hebi: Any, tables: Any) -> dict[str, list[dict[str, Any]]]:
    return {**hebi.list_features(), "ledger": tables.list_parcels(), "built": tables.list_built()}


@pytest.mark.parametrize("name", SHAPES)
def test_the_shipped_shapes_are_what_is_drawn(name: str, drawn: dict[str, list[dict[str, Any]]]) -> None:
    shipped = json.loads((FOLDER / f"{name}.geojson").read_text(encoding="utf-8"))["features"]
    assert [row["properties"] for row in drawn[name]] == [row["properties"] for row in shipped]
    assert all(row["properties"]["illustrative"] for row in shipped)
    for one, other in zip(drawn[name], shipped, strict=True):
        shapes = [shapely.geometry.shape(row["geometry"]) for row in (one, other)]
        assert shapely.hausdorff_distance(*shapes) < 2e-5


@pytest.mark.parametrize("name", TABLES)
def test_the_shipped_tables_are_what_is_drawn(name: str, tables: Any) -> None:
    drawn = pd.DataFrame(tables.list_tables()[name]).astype(str).reset_index(drop=True)
    shipped = pd.read_csv(FOLDER / f"{name}.csv", dtype=str, keep_default_na=False)
    pd.testing.assert_frame_equal(drawn, shipped, check_dtype=False)


def test_no_shape_is_drawn_that_is_not_shipped(drawn: dict[str, list[dict[str, Any]]]) -> None:
    assert set(drawn) == set(SHAPES)
    files = {file.name for file in FOLDER.iterdir() if file.is_file()}
    made = {f"{name}.geojson" for name in SHAPES} | {f"{name}.csv" for name in TABLES}
    assert files == made | {"plan.yaml", "SOURCES.md"}
    assert all((FOLDER / name).stat().st_size < 300_000 for name in files)
