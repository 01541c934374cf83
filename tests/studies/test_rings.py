"""Rings without a plan: from a file of roads and a place to map, database and table; and what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import LineString

import spatial
from spatial.errors import PlanError, SourceError
from spatial.outputs.answers.ringstyles import grade_styles
from spatial.outputs.web.features import choose_layers, write_features
from spatial.studies.journeys import gather_places
from spatial.studies.questions import read_columns, read_length, read_minutes, read_speeds
from spatial.studies.rings import draw_rings

pytest.importorskip("contourpy")

TOP = Path(__file__).resolve().parents[2]
CRS = "EPSG:4546"
EAST, NORTH = 550_000.0, 3_880_000.0
"""Middle junction of the grid of streets."""
METRES = 500.0
LINES = 9


def lonlat(x: float, y: float) -> str:
    point = gpd.GeoSeries([shapely.Point(EAST + x, NORTH + y)], crs=CRS).to_crs(4490).iloc[0]
    return f"{point.x:.9f},{point.y:.9f}"


def place(frame_x: list[float], frame_y: list[float]) -> gpd.GeoSeries:
    points = shapely.points(EAST + np.array(frame_x), NORTH + np.array(frame_y))
    return gpd.GeoSeries(points, crs=CRS).to_crs(4490)


@pytest.fixture(scope="module")
def streets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Streets of a grid, 500 m apart, 4 km square; the class of one is faster, one leads one way only."""
    half = METRES * (LINES - 1) / 2
    at = np.linspace(-half, half, LINES)
    lines = [LineString([(EAST - half, NORTH + y), (EAST + half, NORTH + y)]) for y in at]
    lines += [LineString([(EAST + x, NORTH - half), (EAST + x, NORTH + half)]) for x in at]
    columns = {"kind": ["residential"] * len(lines), "limit": [0] * len(lines), "way": ["B"] * len(lines)}
    columns["kind"][LINES // 2] = "primary"
    columns["limit"][0] = 80
    columns["way"][-1] = "F"
    file = tmp_path_factory.mktemp("streets") / "streets.gpkg"
    gpd.GeoDataFrame(columns, geometry=lines, crs=CRS).to_file(file)
    return file


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small extract: a cross of residential streets, one of them with a posted speed."""
    osmium = pytest.importorskip("osmium")
    file = tmp_path_factory.mktemp("extract") / "cross.osm.pbf"
    writer = osmium.SimpleWriter(str(file))
    lon = [112.58 + 0.005 * number for number in range(9)]
    for number, x in enumerate(lon):
        writer.add_node(osmium.osm.mutable.Node(id=1 + number, location=(x, 35.0)))
        writer.add_node(osmium.osm.mutable.Node(id=101 + number, location=(112.6, 34.98 + 0.005 * number)))
    for number, (nodes, tags) in enumerate(
        [
            (range(1, 10), {"highway": "residential", "name": "东西路"}),
            ([101, 102, 103, 104, 5, 106, 107, 108, 109], {"highway": "residential", "maxspeed": "60"}),
        ]
    ):
        writer.add_way(osmium.osm.mutable.Way(id=1 + number, nodes=list(nodes), tags=tags))
    writer.close()
    return file


def draw(streets: Path, origins=None, minutes=(3, 6, 12), **options):
    return draw_rings(streets, origins or lonlat(0, 0), minutes, **{"mode": "walk", **options})


# ---- what is drawn


def test_three_lines_of_python(streets: Path) -> None:
    made = spatial.draw_rings(streets, lonlat(0, 0), [3, 6], mode="walk")
    assert made.rings["time_min"].tolist() == [3.0, 6.0]
    assert made.files == ()
    assert not made.has_errors


def test_kilometres_of_road_are_those_that_minutes_reach(streets: Path) -> None:
    # At 5 km/h 6 minutes are one block of 500 m: four arms. 12 minutes are two blocks: four arms of 1 km,
    # and from each of the four junctions on the way two more side streets of 500 m.
    made = draw(streets)
    assert made.table["network_km"].to_numpy() == pytest.approx([1.0, 2.0, 8.0], rel=2e-3)
    assert made.origins["offset_m"].iloc[0] == pytest.approx(0, abs=0.01)


def test_rings_are_nested_and_bands_share_them_out(streets: Path) -> None:
    made = draw(streets, [lonlat(0, 0), lonlat(700, -300)])
    for _, rings in made.rings.groupby("origin"):
        shapes = rings.geometry.to_numpy()
        assert shapely.is_valid(shapes).all()
        assert all(outer.covers(inner) for inner, outer in pairwise(shapes))
        bands = made.bands[made.bands["origin"] == rings["origin"].iloc[0]]
        parts = bands.geometry.to_numpy()
        assert all(shapely.intersection(a, b).area == 0 for a, b in pairwise(parts))
        assert shapely.area(parts).sum() == pytest.approx(shapely.area(shapes[-1]))
        assert bands["area_km2"].sum() == pytest.approx(rings["area_km2"].iloc[-1])
        assert bands["network_km"].sum() == pytest.approx(rings["network_km"].iloc[-1])
        assert bands["from_min"].tolist() == [0.0, 3.0, 6.0]


def test_a_ring_is_the_same_alone_and_with_others(streets: Path) -> None:
    both = draw(streets, [lonlat(0, 0), lonlat(700, -300)]).rings
    alone = draw(streets, lonlat(0, 0), 6).rings
    assert both.geometry.iloc[1].equals(alone.geometry.iloc[0])


def test_together_is_the_nearest_of_all(streets: Path) -> None:
    places = [lonlat(-1500, 0), lonlat(1500, 0)]
    apart, joined = draw(streets, places).rings, draw(streets, places, together=True).rings
    assert joined["origin"].unique().tolist() == ["all"]
    for limit, ring in joined.groupby("time_min"):
        union = apart[apart["time_min"] == limit].union_all()
        assert ring.geometry.iloc[0].symmetric_difference(union).area / union.area < 1e-3


def test_faster_reaches_more_and_one_speed_holds_for_all_roads(streets: Path) -> None:
    slow, fast = (draw(streets, speed=text, mode="drive").table["network_km"] for text in ("5km/h", "6km/h"))
    assert (fast > slow).all()
    posted = ["class=kind", "speed=limit"]
    one_speed = draw(streets, speed="5km/h", mode="drive", columns=posted).table["network_km"]
    assert one_speed.to_numpy() == pytest.approx(slow.to_numpy())
    own = draw(streets, speed=["5km/h", "primary=10km/h"], mode="drive", columns=posted).table["network_km"]
    assert (own > slow).all()


def test_a_speed_for_a_class_that_no_road_has_is_told(streets: Path) -> None:
    kinds = {"columns": ["class=kind"], "mode": "drive"}
    for name, told in (("secondry", True), ("secondary", False)):
        notes = draw(streets, speed=f"{name}=7km/h", **kinds).notes
        assert any("without effect: secondry" in note for note in notes) is told
    assert not any("classes that no road has" in note for note in draw(streets, speed="7km/h", **kinds).notes)


def test_the_map_and_the_notes_say_how_it_was_measured(streets: Path, tmp_path: Path) -> None:
    made = draw(streets, speed="7km/h", out=tmp_path)
    assert "speeds: all roads 7 km/h" in made.notes
    page = (tmp_path / "rings.html").read_text(encoding="utf-8")
    assert "离路最远 100 米、3 公里/小时" in page
    assert "道路速度：各类道路 7 km/h" in page


def test_towards_differs_where_roads_lead_one_way(streets: Path) -> None:
    corner, options = lonlat(2000, 0), {"mode": "drive", "columns": ["oneway=way"], "speed": "20km/h"}
    away, towards = (draw(streets, corner, [2], towards=flag, **options) for flag in (False, True))
    ahead, behind = place([2000, 2000], [400, -400])
    assert [away.rings.geometry.iloc[0].covers(one) for one in (ahead, behind)] == [True, False]
    assert [towards.rings.geometry.iloc[0].covers(one) for one in (ahead, behind)] == [False, True]
    assert set(towards.rings["direction"]) == {"towards"}


def test_walkers_take_their_time_on_the_way_to_the_road(streets: Path) -> None:
    beside = lonlat(250, 100)  # 100 m at 3 km/h are 2 minutes; then 250 m to either side
    assert draw(streets, beside, 5).table["network_km"].iloc[0] == pytest.approx(0.5, rel=5e-3)
    by_car = draw(streets, beside, 3, mode="drive", speed="5km/h")
    assert by_car.table["network_km"].iloc[0] == pytest.approx(0.5, rel=5e-3)


def test_roads_by_arrival_are_cut_where_the_minutes_run_out(streets: Path) -> None:
    made = draw(streets, network=True)
    roads = made.network
    sums = roads.groupby("time_min")["length_km"].sum().cumsum()
    assert sums.to_numpy() == pytest.approx(made.table["network_km"].to_numpy())
    later = roads[["start_min", "end_min"]].to_numpy()
    assert (later <= roads["time_min"].to_numpy()[:, None] + 1e-6).all()
    real_km = roads.to_crs(CRS).length.sum() / 1000
    assert real_km == pytest.approx(roads["length_km"].sum(), rel=2e-3)


# ---- people


def write_grid(file: Path, values: np.ndarray, crs: str, corner: tuple[float, float], cell: float) -> Path:
    import rasterio

    high, wide = values.shape
    with rasterio.open(
        file, "w", driver="GTiff", height=high, width=wide, count=1, dtype="float32", crs=crs, nodata=-99,
        transform=rasterio.Affine(cell, 0, corner[0], 0, -cell, corner[1]),
    ) as raster:  # fmt: skip
        raster.write(values.astype("float32"), 1)
    return file


def test_people_on_a_grid_in_another_system_with_cells_without_data(streets: Path, tmp_path: Path) -> None:
    where = place([0], [0]).iloc[0]
    values = np.full((120, 120), 2.0)
    grid = write_grid(tmp_path / "g.tif", values, "EPSG:4326", (where.x - 0.06, where.y + 0.06), 0.001)
    cell_km2 = gpd.GeoSeries([shapely.box(0, 0, 1e-3, 1e-3)]).translate(where.x, where.y).set_crs(4490)
    density = 2.0 / (cell_km2.to_crs(CRS).area.iloc[0] / 1e6)
    made = draw(streets, people=grid)
    assert made.table["people"].to_numpy() == pytest.approx(density * made.table["area_km2"], rel=0.01)
    assert made.bands["people"].sum() == pytest.approx(made.table["people"].iloc[-1])
    assert not len(made.findings[made.findings["rule"].str.startswith("people")])
    values[:, :60] = -99
    half = draw(
        streets,
        people=write_grid(tmp_path / "h.tif", values, "EPSG:4326", (where.x - 0.06, where.y + 0.06), 0.001),
    )
    assert half.table["people"].iloc[-1] == pytest.approx(made.table["people"].iloc[-1] / 2, rel=0.03)
    assert "people.without_data" in half.findings["rule"].tolist()


def test_people_elsewhere_are_refused(streets: Path, tmp_path: Path) -> None:
    grid = write_grid(tmp_path / "g.tif", np.ones((9, 9)), "EPSG:4326", (10.0, 50.0), 0.001)
    with pytest.raises(SourceError, match=r"g\.tif: has no cell with data in the rings"):
        draw(streets, people=grid)
    homes = gpd.GeoDataFrame({"people": [9]}, geometry=[shapely.Point(8.6, 49.4)], crs=4326)
    homes.to_file(tmp_path / "homes.gpkg")
    with pytest.raises(SourceError, match=r"homes\.gpkg: has nobody near the rings; it spans 8\.60"):
        draw(streets, people=tmp_path / "homes.gpkg")
    (tmp_path / "not.tif").write_text("no grid")
    with pytest.raises(SourceError, match=r"not\.tif: cannot be read as a grid of people"):
        draw(streets, people=tmp_path / "not.tif")


def test_people_at_points_and_in_areas(streets: Path, tmp_path: Path) -> None:
    homes = place([0, 0, 0], [100, 3900, 400])
    frame = gpd.GeoDataFrame({"人口": [10, 20, -1]}, geometry=homes)
    frame.to_file(tmp_path / "homes.gpkg")
    made = draw(streets, people=tmp_path / "homes.gpkg")
    assert made.table["people"].tolist() == [10.0, 10.0, 10.0]
    assert "people.no_count" in made.findings["rule"].tolist()
    whole = gpd.GeoDataFrame({"pop": [100]}, geometry=[made.rings.geometry.iloc[-1]], crs=4490)
    whole.to_file(tmp_path / "areas.gpkg")
    shares = draw(streets, people=tmp_path / "areas.gpkg").table
    assert shares["people"].to_numpy() == pytest.approx(
        100 * shares["area_km2"] / shares["area_km2"].iloc[-1], rel=1e-4
    )
    with pytest.raises(SourceError, match="there is no column 'jobs'; there is"):
        draw(streets, people=tmp_path / "areas.gpkg", people_column="jobs")


# ---- files


def test_files_hold_what_was_drawn_and_are_the_same_again(streets: Path, tmp_path: Path) -> None:
    made = [
        draw(streets, ["甲=" + lonlat(0, 0), "<b>=" + lonlat(800, 0)], network=True, out=tmp_path / name)
        for name in ("one", "two")
    ]
    names = [file.name for file in made[0].files]
    assert sorted(names) == ["rings.csv", "rings.gpkg", "rings.html"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    file = tmp_path / "one" / "rings.gpkg"
    rings, bands = gpd.read_file(file, layer="rings"), gpd.read_file(file, layer="bands")
    assert {"time_min", "area_km2", "network_km", "origin_name"} <= set(rings.columns)
    assert rings["time_min"].tolist() == [3, 6, 12] * 2
    assert bands.crs == "EPSG:4490"
    assert gpd.read_file(file, layer="origins")["offset_m"].tolist() == pytest.approx([0, 0], abs=0.5)
    assert len(gpd.read_file(file, layer="network")) == len(made[0].network)
    table = pd.read_csv(tmp_path / "one" / "rings.csv")
    assert table["origin_name"].tolist() == ["甲"] * 3 + ["<b>"] * 3
    page = (tmp_path / "one" / "rings.html").read_text(encoding="utf-8")
    assert "<b>" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    blocks = re.findall(
        r'<script type="application/json" id="plan-data-bands">(.*?)</script>', page, re.DOTALL
    )
    # Two places: bands on the map are those of the nearest one, so that colours do not mix.
    assert [feature["class"] for feature in json.loads(blocks[0])["features"]] == ["3", "6", "12"]


def test_a_road_without_a_name_has_no_label(streets: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"id": ["a", "b"], "name": ["", "路"], "grade": "main"},
        geometry=[LineString([(112, 35), (112.1, 35)]), LineString([(112, 35.1), (112.1, 35.1)])],
        crs=4490,
    )
    (layer,) = choose_layers({"roads": frame}, grade_styles([5]), {})
    bare, named = json.loads(write_features(layer, CRS))["features"]
    assert "label" not in bare
    assert named["label"] == {"zh": "路"}


def test_the_second_run_does_not_parse_again(extract: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = draw_rings(extract, "112.6,35.0", [5], mode="walk")

    def refuse(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr("spatial.sources.networks.read_osm", refuse)
    again = draw_rings(extract, "112.6,35.0", [5], mode="walk")
    assert again.rings.geometry.iloc[0].equals(first.rings.geometry.iloc[0])


def test_steps_are_told(extract: Path, tmp_path: Path) -> None:
    seen: list[str] = []
    copy = tmp_path / "again.osm.pbf"
    copy.write_bytes(extract.read_bytes())
    draw_rings(copy, "112.6,35.0", [5], mode="cycle", progress=lambda step, done, total: seen.append(step))
    assert list(dict.fromkeys(seen)) == ["open roads", "parse", "build", "sweep and draw"]


# ---- what is refused, and what is named while the rest runs


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        ("30,15", "'15' comes after 30"),
        ("15,15", "'15' is given twice"),
        ("-5", "'-5' is not above zero"),
        ("0,5", "'0' is not above zero"),
        ("nan", "'nan' is not a number of minutes"),
        ("inf", "'inf' is not a number of minutes"),
        ("a quarter", "is not a number of minutes"),
        ("", "is not a number of minutes"),
        ([5, float("nan")], "nan is not a number of minutes"),
        ([], "no minutes are given"),
    ],
)
def test_minutes_that_cannot_be(minutes: object, words: str) -> None:
    with pytest.raises(PlanError, match=re.escape(words)):
        read_minutes(minutes)  # type: ignore[arg-type]


def test_all_wrong_minutes_are_named_at_once() -> None:
    with pytest.raises(PlanError) as caught:
        read_minutes("-1,nan,5,4")
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("speed", ["0km/h", "5", "-3km/h", "400km/h", "fast", "primary=5"])
def test_speeds_that_cannot_be(speed: str) -> None:
    with pytest.raises(PlanError, match="--speed"):
        read_speeds(speed)


def test_lengths_and_columns_that_cannot_be() -> None:
    for text in ("0m", "100", "-5m"):
        with pytest.raises(PlanError, match="--snap"):
            read_length(text, "--snap")
    with pytest.raises(PlanError, match="WHAT is one of class"):
        read_columns(["klass=kind"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("35.09,112.59", "turned round it would be 112.59,35.09"),
        ("200,35", "is no position"),
        ("nowhere.csv", "neither a position nor a file"),
    ],
)
def test_places_that_cannot_be(text: str, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        gather_places(text, "--from")


def test_what_would_have_no_effect_is_refused(streets: Path, extract: Path, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="slopes do not change the times of cars"):
        draw_rings(streets, lonlat(0, 0), dem=tmp_path / "dem.tif")
    with pytest.raises(PlanError, match=r"cross\.osm\.pbf is no file of lines"):
        draw_rings(extract, "112.6,35.0", columns=["class=kind"])


def test_an_extract_cut_short_and_a_file_that_is_none(extract: Path, tmp_path: Path) -> None:
    data = extract.read_bytes()
    (tmp_path / "cut.osm.pbf").write_bytes(data[: len(data) * 2 // 3])
    (tmp_path / "text.osm.pbf").write_text("this is no extract")
    (tmp_path / "empty.osm.pbf").write_bytes(b"")
    for name in ("cut", "text", "empty", "absent"):
        with pytest.raises(SourceError, match=rf"{name}\.osm\.pbf: .*; "):
            draw_rings(tmp_path / f"{name}.osm.pbf", "112.6,35.0")


def test_roads_of_another_region_are_refused(streets: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"roads lie in .* E, .* N, \d+ km and more from the origins"):
        draw(streets, "1.5,42.5")
    road = gpd.GeoDataFrame(geometry=[LineString([(1.5, 42.5), (1.6, 42.6)])], crs=4326)
    road.to_file(tmp_path / "andorra.gpkg")
    with pytest.raises(SourceError, match="longitude first"):
        draw(tmp_path / "andorra.gpkg", "42.55,1.55")


def test_a_place_far_from_any_road_is_named_and_the_rest_run(streets: Path, tmp_path: Path) -> None:
    made = draw(streets, ["near=" + lonlat(0, 0), "far=" + lonlat(22_000, 0)], out=tmp_path)
    assert made.has_errors
    (found,) = made.findings[made.findings["rule"] == "origins.far_from_roads"].to_dict("records")
    assert "far" in found["message_en"]
    assert found["value"] == pytest.approx(20_000, rel=0.01)
    assert made.origins["snapped"].tolist() == [True, False]
    assert made.table["origin_name"].tolist() == ["near"] * 3 + ["far"]
    assert pd.read_csv(tmp_path / "rings.csv")["offset_m"].iloc[-1] == pytest.approx(20_000, rel=0.01)
    alone = draw(streets, lonlat(22_000, 0), out=tmp_path / "alone")
    assert alone.has_errors
    assert not len(alone.rings)
    assert len(alone.files) == 3
    assert not draw(streets, lonlat(3500, 0), snap="2km").has_errors


def test_of_ten_thousand_places_the_bad_ones_are_named(streets: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    points = place(*rng.uniform(-1900, 1900, (2, 10_000)).tolist())
    rows = [f"p{number},{point.x:.7f},{point.y:.7f}" for number, point in enumerate(points)]
    rows[17], rows[99], rows[3000] = "bad,abc,35.0", "off,112.5,135.0", "none,,"
    rows[5000] = "far," + lonlat(30_000, 0)
    file = tmp_path / "places.csv"
    file.write_text("name,lon,lat\n" + "\n".join(rows), encoding="utf-8")
    made = draw(streets, file, together=True)
    assert made.origins["snapped"].sum() == 9996
    text = " ".join(made.findings["message_en"])
    for word in ("lines 19", "places-0100", "places-3001", "far: the nearest road"):
        assert word in text
    assert made.has_errors
    assert len(made.rings) == 3


def test_rings_that_come_to_the_edge_of_the_file_are_reported(streets: Path) -> None:
    inner, outer = draw(streets, minutes=[3]), draw(streets, minutes=[3, 60])
    assert "rings.at_the_edge" not in inner.findings["rule"].tolist()
    (found,) = outer.findings[outer.findings["rule"] == "rings.at_the_edge"].to_dict("records")
    assert found["value"] == 60


# ---- the command


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "spatial.cli", *map(str, arguments)]
    paths = os.pathsep.join([str(TOP), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "120", "PYTHONPATH": paths}
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def test_command_writes_prints_and_leaves_with_0_1_or_2(streets: Path, tmp_path: Path) -> None:
    options = ("--mode", "walk", "--minutes", "3,6", "-o", "out")
    done = run("rings", "--roads", streets, "--from", lonlat(0, 0), *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == str(Path("out/rings.html"))
    assert done.stderr == ""
    assert "cell 25 m" in done.stdout.replace("\n", " ")
    far = run("rings", "--roads", streets, "--from", lonlat(22_000, 0), *options, cwd=tmp_path)
    assert far.returncode == 1
    assert "20.00 km" in far.stdout
    wrong = run(
        "rings", "--roads", streets, "--from", lonlat(0, 0), "--minutes", "6,3", "-o", "no", cwd=tmp_path
    )
    assert wrong.returncode == 2
    assert "comes after 6" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    assert not (tmp_path / "no").exists()


# ---- real roads


def test_andorra_by_car_as_a_routing_engine_publishes_it(real_data: Path) -> None:
    made = draw_rings(real_data / "osm" / "andorra.osm.pbf", "1.573792,42.531073", [2.5, 5])
    near, far, farther = shapely.points([(1.587224, 42.5386), (1.589756, 42.558012), (1.635246, 42.53841)])
    first, second = made.rings.geometry
    assert first.covers(near)
    assert not first.covers(far)
    assert second.covers(far)
    assert not second.covers(farther)


def test_andorra_on_foot_follows_the_slope(real_data: Path) -> None:
    roads, heights = real_data / "osm" / "andorra.osm.pbf", real_data / "dem" / "N42E001.hgt.zip"
    flat = draw_rings(roads, "1.5218,42.5063", [60], mode="walk")
    steep = draw_rings(roads, "1.5218,42.5063", [60], mode="walk", dem=heights)
    assert steep.table["network_km"].iloc[0] < 0.95 * flat.table["network_km"].iloc[0]


@pytest.mark.parametrize("mode", ["walk", "drive"])
def test_people_of_porto_alegre_do_not_hang_on_the_resolution(
    mode: str, real_data: Path, tmp_path: Path
) -> None:
    folder = real_data / "poa"
    table = pd.read_csv(folder / "poa_hexgrid.csv")
    centres = gpd.GeoSeries(shapely.points(table["lon"], table["lat"]), crs=4326).to_crs(32722).to_numpy()
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(centres), ordered=True))
    cells = shapely.intersection(cells, shapely.buffer(centres, 215))
    people = tmp_path / "people.gpkg"
    gpd.GeoDataFrame({"people": table["population"]}, geometry=cells, crs=32722).to_file(people)

    def count(cell: str) -> pd.Series:
        made = draw_rings(
            folder / "poa.osm.pbf",
            folder / "poa_points_of_interest.csv",
            [15, 30],
            mode=mode,
            people=people,
            together=True,
            cell=cell,
        )
        return made.table.set_index("time_min")["people"]

    coarse, usual, fine = map(count, ("50m", "25m", "12.5m"))
    assert (usual / coarse - 1).abs().max() <= 0.01
    assert (fine / usual - 1).abs().max() <= 0.01


def test_a_place_beside_roads_that_are_cut_off_is_told_so(streets: Path, tmp_path: Path) -> None:
    whole = gpd.read_file(streets).to_crs(CRS)
    yard = [LineString([(EAST + 6000, NORTH), (EAST + 6300, NORTH), (EAST + 6300, NORTH + 300)])]
    motorway = [LineString([(EAST - 2000, NORTH + 2000), (EAST - 9000, NORTH + 2000)])]
    more = gpd.GeoDataFrame({"kind": ["residential", "motorway"]}, geometry=yard + motorway, crs=CRS)
    pd.concat([whole, more], ignore_index=True).to_file(tmp_path / "parts.gpkg")
    places = {
        "yard": (6150, 10),
        "motorway": (-6000, 2020),
        "far": (0, 9000),
        "water": (2600, 0),
        "in": (0, 0),
    }
    made = draw(
        tmp_path / "parts.gpkg", [f"{name}={lonlat(*at)}" for name, at in places.items()],
        mode="drive", columns=["class=kind"],
    )  # fmt: skip
    rules = {
        rule: text for rule, text in zip(made.findings["rule"], made.findings["message_en"], strict=True)
    }
    assert "yard: the road beside it (10 m) is cut off" in rules["origins.on_an_island"]
    assert "motorway: beside it (20 m) is but a motorway" in rules["origins.no_start"]
    assert "far: the nearest road is 7.00 km away" in rules["origins.far_from_roads"]
    assert "1 places are over 100 m from a road (water; 600 m at most)" in rules["origins.off_the_road"]
    assert made.origins["snapped"].tolist() == [False, False, False, True, True]
    assert set(made.rings["origin_name"]) == {"water", "in"}
    by_name = made.origins.set_index("name").geometry
    assert all(ring.geometry.covers(by_name[ring.origin_name]) for ring in made.rings.itertuples())
