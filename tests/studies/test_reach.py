"""Minutes between places, and what hexagons reach, against hand and brute force."""

from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import LineString

from spatial.errors import PlanError, SourceError
from spatial.outputs.answers.reach import find_breaks
from spatial.studies.matrix import tabulate_times
from spatial.studies.reach import measure_reach

CRS = "EPSG:4546"
EAST, NORTH = 550_000.0, 3_880_000.0


def points(*xy: tuple[float, float]) -> gpd.GeoSeries:
    where = np.array(xy) + np.array([EAST, NORTH])
    return gpd.GeoSeries(shapely.points(where), crs=CRS).to_crs(4490)


def typed(*xy: tuple[float, float]) -> list[str]:
    return [f"p{number}={point.x:.9f},{point.y:.9f}" for number, point in enumerate(points(*xy))]


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One straight street of 6 km and a one-way link from its end back to its middle."""
    file = tmp_path_factory.mktemp("street") / "street.gpkg"
    lines = [
        LineString([(EAST + x, NORTH) for x in range(0, 6001, 500)]),
        LineString([(EAST + 6000, NORTH), (EAST + 6000, NORTH + 500), (EAST + 3000, NORTH + 500), (EAST + 3000, NORTH)]),
    ]  # fmt: skip
    gpd.GeoDataFrame({"way": ["B", "F"]}, geometry=lines, crs=CRS).to_file(file)
    return file


def table(made) -> pd.DataFrame:
    return made.table.pivot(index="origin_name", columns="target_name", values="time_min")


def test_minutes_are_those_of_the_way(street: Path) -> None:
    places = typed((0, 0), (1000, 0), (2800, 60))
    times = table(tabulate_times(street, places, mode="walk"))
    assert np.diag(times).tolist() == [0, 0, 0]
    assert times.to_numpy() == pytest.approx(times.to_numpy().T)
    assert times.loc["p0", "p1"] == pytest.approx(12.0, rel=1e-3)
    # 60 m off the road at 3 km/h are 1.2 minutes.
    assert times.loc["p1", "p2"] == pytest.approx(21.6 + 1.2, rel=1e-3)
    by_car = table(tabulate_times(street, places, mode="drive", speed="30km/h"))
    assert by_car.loc["p1", "p2"] == pytest.approx(3.6, rel=2e-3)


def test_one_way_roads_make_there_and_back_differ(street: Path) -> None:
    options = {"mode": "drive", "speed": "30km/h", "columns": ["oneway=way"]}
    times = table(tabulate_times(street, typed((5000, 500), (6000, 0)), **options))
    assert times.loc["p0", "p1"] == pytest.approx((2000 + 500 + 3000) / 500, rel=2e-3)
    assert times.loc["p1", "p0"] == pytest.approx((500 + 1000) / 500, rel=2e-3)


def test_pairs_beyond_the_limit_have_no_row_and_idle_places_are_named(street: Path, tmp_path: Path) -> None:
    places = [*typed((0, 0), (200, 0), (6000, 0)), "far=" + typed((30_000, 0))[0].split("=")[1]]
    made = tabulate_times(street, places, mode="walk", limit="10", out=tmp_path / "m.csv")
    assert made.pairs == len(made.table) == 5
    assert made.has_errors
    rules = made.findings.set_index("rule")["message_en"]
    assert "far: the nearest road" in rules["origins.far_from_roads"]
    assert rules["matrix.reaches_nothing"].startswith("1 origins reach no target within the limit: p2")
    written = pd.read_csv(tmp_path / "m.csv")
    assert written.equals(made.table.astype(written.dtypes))


def test_parts_join_to_the_whole(street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    places = typed(*zip(rng.uniform(0, 6000, 30), rng.uniform(-50, 50, 30), strict=True))
    whole = tabulate_times(street, places, places[:7], mode="walk").table
    monkeypatch.setattr("spatial.studies.matrix._MOST_NUMBERS", 21)
    made = tabulate_times(street, places, places[:7], mode="walk", out=tmp_path / "parts.csv")
    assert made.pairs == 210
    written = pd.read_csv(tmp_path / "parts.csv")
    pd.testing.assert_frame_equal(written, whole, check_dtype=False)


def test_hexagons_count_what_a_matrix_says(street: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    xy = list(zip(rng.uniform(0, 6000, 40), rng.uniform(-80, 80, 40), strict=True))
    jobs = gpd.GeoDataFrame(
        {"name": [f"j{n}" for n in range(40)], "jobs": rng.integers(0, 9, 40)}, geometry=points(*xy)
    )
    jobs.to_file(tmp_path / "jobs.gpkg")
    options = {"mode": "walk", "columns": ["oneway=way"]}
    made = measure_reach(street, tmp_path / "jobs.gpkg", [10, 30], column="jobs", hexagon="400m", **options)
    assert (made.reach["reach_10"] <= made.reach["reach_30"]).all()
    assert made.table["total"].tolist() == [jobs["jobs"].sum()] * 2
    from_ = tmp_path / "jobs.gpkg"
    some = measure_reach(street, from_, [10, 30], column="jobs", origins=from_, **options)
    times = tabulate_times(street, from_, mode="walk", columns=["oneway=way"]).table
    weight = jobs.set_index("name")["jobs"]
    for limit in (10, 30):
        near = times[times["time_min"] <= limit]
        sums = weight.loc[near["target_name"]].groupby(near["origin_name"].to_numpy()).sum()
        own = some.reach.set_index("name")[f"reach_{limit}"]
        assert (own - sums.reindex(own.index, fill_value=0)).abs().max() == 0
    assert "offset_m" in some.reach


def test_reach_of_people_and_its_files(street: Path, tmp_path: Path) -> None:
    homes = gpd.GeoDataFrame(
        {"people": [10.0, 20.0, 5.0]}, geometry=points((100, 0), (5900, 0), (1500, 1400))
    )
    homes.to_file(tmp_path / "homes.gpkg")
    made = measure_reach(
        street, people=tmp_path / "homes.gpkg", minutes=[5, 120], mode="walk", out=tmp_path / "one"
    )
    assert made.table["most"].tolist() == [20.0, 30.0]
    assert "5 people (14.29%) live over 1000 m" in " ".join(made.findings["message_en"])
    assert [file.name for file in made.files] == ["reach.gpkg", "reach.csv", "reach.html"]
    read = gpd.read_file(tmp_path / "one" / "reach.gpkg", layer="reach")
    assert {"reach_5", "reach_120"} <= set(read.columns)
    measure_reach(street, people=tmp_path / "homes.gpkg", minutes=[5, 120], mode="walk", out=tmp_path / "two")
    for file in made.files:
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    page = (tmp_path / "one" / "reach.html").read_text(encoding="utf-8")
    blocks = re.findall(
        r'<script type="application/json" id="plan-data-(reach\w*)">(.*?)</script>', page, re.DOTALL
    )
    assert [name for name, _ in blocks] == ["reach", "reach_120"]
    assert "unstyled" not in {
        feature["class"] for _, text in blocks for feature in json.loads(text)["features"]
    }


def test_towards_counts_who_comes(street: Path) -> None:
    options = {"mode": "drive", "speed": "30km/h", "columns": ["oneway=way"], "origins": typed((6000, 0))}
    there = typed((5000, 500))
    away = measure_reach(street, there, [5], **options).reach["reach_5"].tolist()
    towards = measure_reach(street, there, [5], towards=True, **options).reach["reach_5"].tolist()
    assert (away, towards) == ([1.0], [0.0])


def test_what_is_refused(street: Path, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="say what is counted"):
        measure_reach(street, minutes=[5])
    with pytest.raises(PlanError, match="no column 'beds'"):
        measure_reach(street, typed((0, 0)), [5], column="beds")
    gpd.GeoDataFrame({"jobs": [1.0, np.nan]}, geometry=points((0, 0), (9, 9))).to_file(tmp_path / "j.gpkg")
    with pytest.raises(PlanError, match="1 targets have no number in 'jobs'"):
        measure_reach(street, tmp_path / "j.gpkg", [5], column="jobs")
    gpd.GeoDataFrame({"people": [9]}, geometry=points((90_000, 0))).to_file(tmp_path / "p.gpkg")
    with pytest.raises(SourceError, match="nobody lives in the region"):
        measure_reach(street, people=tmp_path / "p.gpkg", minutes=[5])


def test_breaks_rise_and_hold_all_values() -> None:
    rng = np.random.default_rng(0)
    for values in (
        rng.pareto(1.0, 500) * 100,
        np.zeros(4),
        np.ones(9),
        np.array([0.0, 1e-3]),
        rng.random(3) * 1e7,
    ):
        breaks = find_breaks(values)
        assert breaks == sorted(set(breaks))
        assert breaks[-1] >= values.max() * (1 - 1e-9)


def write_people(file: Path, values: np.ndarray, nodata: float | None) -> Path:
    """Write a grid of cells of 100 m that begins 1 km west of the street and 3 km north of it."""
    import rasterio

    high, wide = values.shape
    place = rasterio.Affine(100, 0, EAST - 1000, 0, -100, NORTH + 3000)
    with rasterio.open(
        file, "w", driver="GTiff", height=high, width=wide, count=1, dtype="float32", crs=CRS,
        transform=place, nodata=nodata,
    ) as raster:  # fmt: skip
        raster.write(values.astype("float32"), 1)
    return file


def test_cells_below_zero_and_without_data_are_told(street: Path, tmp_path: Path) -> None:
    values = np.full((60, 80), 2.0)
    whole = measure_reach(street, people=write_people(tmp_path / "w.tif", values, None), minutes=[30])
    assert not [rule for rule in whole.findings["rule"] if rule.startswith("people.")]
    values[:, 40:] = -9
    made = measure_reach(street, people=write_people(tmp_path / "n.tif", values, None), minutes=[30])
    said = made.findings.set_index("rule")
    assert "negative cells were taken as no data" in said.loc["people.negative", "message_en"]
    assert said.loc["people.without_data", "value"] == pytest.approx(0.5, abs=0.05)
    empty = measure_reach(street, people=write_people(tmp_path / "e.tif", values, -9), minutes=[30])
    assert {rule for rule in empty.findings["rule"] if rule.startswith("people.")} == {"people.without_data"}
    # What is below zero, or no data, is nobody: both count the same people, half of all.
    most = [one.table["total"].iloc[0] for one in (whole, made, empty)]
    assert most[1] == most[2] == pytest.approx(most[0] / 2, rel=0.1)
