"""OpenStreetMap extracts: small ones written here, tag by tag, and real ones where they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

osmium = pytest.importorskip("osmium", reason="pyosmium is not installed (extra `network`)")

from spatial.engine.travel.network import FAR  # noqa: E402
from spatial.engine.travel.snapping import snap_points  # noqa: E402
from spatial.errors import RuleError, SourceError  # noqa: E402
from spatial.sources.networks import Travel, build_mode, measure_share_within, open_networks  # noqa: E402
from spatial.sources.osm import read_osm  # noqa: E402
from spatial.sources.speeds import MODES, choose_class_speeds, list_classes  # noqa: E402
from spatial.sources.tags import blocks, parse_duration, parse_maxspeed, read_ground, read_way  # noqa: E402

STEP = 0.01
ANDORRA = [(1.573792, 42.531073), (1.587224, 42.5386), (1.589756, 42.558012), (1.635246, 42.53841)]
"""An origin, and places that GraphHopper's tests put within 150 s, beyond that, and beyond 300 s."""
DRIVE, CYCLE, WALK = (choose_class_speeds(mode) for mode in MODES)
OPEN = dict(zip(MODES, (DRIVE, CYCLE, WALK), strict=True))


class Extract:
    """Write an extract: nodes on a lattice (number = 10 row + column), ways, relations."""

    def __init__(self, path):
        self.path = path
        self.nodes, self.ways, self.relations = {}, [], []

    def way(self, *nodes, **tags):
        for node in nodes:
            self.nodes.setdefault(node, {})
        self.ways.append((nodes, {key.replace("__", ":"): value for key, value in tags.items()}))
        return 100 + len(self.ways)

    def barrier(self, node, kind, **tags):
        self.nodes[node] = {"barrier": kind, **tags}

    def restriction(self, kind, source, via, target, **tags):
        via = ("n", via) if isinstance(via, int) else via
        members = [("w", source, "from"), (*via, "via"), ("w", target, "to")]
        self.relations.append((members, {"type": "restriction", "restriction": kind, **tags}))

    def write(self, without=()):
        with osmium.SimpleWriter(str(self.path), overwrite=True) as writer:
            for node, tags in sorted(self.nodes.items()):
                if node not in without:
                    place = (114 + STEP * (node % 10), 35 + STEP * (node // 10))
                    writer.add_node(osmium.osm.mutable.Node(id=node, location=place, tags=tags, version=1))
            for number, (nodes, tags) in enumerate(self.ways, 101):
                writer.add_way(osmium.osm.mutable.Way(id=number, nodes=list(nodes), tags=tags, version=1))
            for number, (members, tags) in enumerate(self.relations, 901):
                relation = osmium.osm.mutable.Relation(id=number, members=members, tags=tags, version=1)
                writer.add_relation(relation)
        return self.path


@pytest.fixture
def extract(tmp_path):
    return Extract(tmp_path / "town.osm.pbf")


def network_of(extract, mode="drive", **speeds):
    return build_mode(read_osm(extract.write()), mode, crs="EPSG:4547", travel=Travel(speeds=speeds))


def runs_at(network, number):
    """List the roads that touch a lattice node, with the position along them."""
    place = Transformer.from_crs("EPSG:4490", network.crs, always_xy=True).transform(
        114 + STEP * (number % 10), 35 + STEP * (number // 10)
    )
    lines = network.shapes()
    roads = np.flatnonzero(shapely.distance(lines, shapely.Point(place)) < 1)
    assert len(roads)
    shares = shapely.line_locate_point(lines[roads], shapely.Point(place), normalized=True)
    return list(zip(roads.tolist(), shares.tolist(), strict=True))


def seconds_between(network, one, other):
    """Return seconds between lattice nodes, whichever roads touch them; infinite where there is no way."""
    return seconds_along(network, runs_at(network, one), runs_at(network, other))


def seconds_along(network, begins, ends):
    """Return the least seconds from one of some places on roads to one of others."""
    n = len(network.node_xy)
    starts, best = {}, math.inf
    for road, share in begins:
        forward, backward = network.road_seconds[road].astype(float)
        for side, part, whole in ((0, 1 - share, forward), (1, share, backward)):
            if whole < FAR:
                node = int(network.road_exits[road, side])
                starts[node] = min(starts.get(node, math.inf), part * whole + 1e-9)
        for there, at in ends:
            gain = forward if at >= share else backward
            if there == road and gain < FAR:
                best = min(best, abs(at - share) * gain)
    best_edge = {}
    for edge in zip(network.tails().tolist(), network.heads.tolist(), network.seconds.tolist(), strict=True):
        best_edge[edge[:2]] = min(best_edge.get(edge[:2], math.inf), edge[2])
    best_edge |= {(n, node): seconds for node, seconds in starts.items()}
    tails, heads = np.array(list(best_edge)).T
    links = csr_array((list(best_edge.values()), (tails, heads)), shape=(n + 1, n + 1))
    arrival = dijkstra(links, indices=n)[:n]
    begin = network.begin_seconds(arrival)
    for road, share in ends:
        for side, part in ((0, share), (1, 1 - share)):
            if network.road_seconds[road, side] < FAR:
                best = min(best, begin[road, side] + part * network.road_seconds[road, side])
    return float(best)


def test_a_turn_restriction_is_honoured_and_only_by_cars(extract):
    south, north = extract.way(1, 11, highway="primary"), extract.way(11, 21, highway="primary")
    west = extract.way(10, 11, highway="primary", oneway="yes")  # or one could turn at its end
    east = extract.way(11, 12, highway="primary")
    extract.way(21, 22, 12, highway="primary")
    extract.restriction("no_right_turn", south, 11, east)
    extract.restriction("only_straight_on", west, 11, east)
    extract.restriction("no_left_turn", north, 11, east, **{"except": "psv;motorcar"})
    network, free = network_of(extract), network_of(extract, "cycle")
    assert "turn restrictions honoured: 2" in network.notes
    detour = sum(seconds_between(network, *pair) for pair in ((1, 11), (11, 21), (21, 12)))
    assert seconds_between(network, 1, 12) == pytest.approx(detour)
    assert seconds_between(network, 12, 1) < detour
    assert seconds_between(free, 1, 12) == pytest.approx(
        seconds_between(free, 1, 11) + seconds_between(free, 11, 12)
    )
    assert seconds_between(network, 10, 12) == pytest.approx(seconds_between(network, 12, 11) * 2)
    assert seconds_between(network, 10, 1) > seconds_between(network, 10, 12) * 2
    assert len(free.more_begins) == 0


def test_restrictions_that_are_not_honoured_are_counted(extract):
    one, two = extract.way(1, 11, highway="primary"), extract.way(11, 21, highway="primary")
    side = extract.way(11, 12, highway="primary")
    extract.restriction("no_left_turn", one, ("w", two), side)
    extract.restriction("no_left_turn", one, 11, 999)
    extract.relations.append(
        ([("w", one, "from"), ("w", side, "to")], {"type": "restriction", "restriction": "no_u_turn"})
    )
    extract.relations.append(
        ([], {"type": "restriction", "restriction:conditional": "no_left_turn @ (Mo-Fr)"})
    )
    notes = network_of(extract).notes
    assert "turn restrictions by way of another way, ignored: 1" in notes
    assert "turn restrictions at certain times, ignored: 1" in notes
    assert "turn restrictions without from, via and to, ignored: 1" in notes
    assert any("between ways that do not meet" in note for note in notes)


def test_a_bridge_does_not_connect(extract):
    extract.way(10, 11, 12, highway="primary", bridge="yes", layer="1")
    extract.nodes[51] = {}
    extract.way(1, 51, 21, highway="primary")
    network = network_of(extract)
    assert math.isinf(seconds_between(network, 10, 1))
    assert network.shape_aloft.any()


def test_a_roundabout_leads_round(extract):
    extract.way(11, 12, 22, 21, 11, highway="primary", junction="roundabout")
    for arm, node in ((1, 11), (2, 12), (32, 22), (31, 21)):
        extract.way(arm, node, highway="primary")
    network = network_of(extract)
    assert seconds_between(network, 11, 12) < seconds_between(network, 12, 11) / 2.5
    walk = network_of(extract, "walk")
    assert seconds_between(walk, 11, 12) == pytest.approx(seconds_between(walk, 12, 11))


@pytest.mark.parametrize(
    ("tags", "there", "back"),
    [
        ({"oneway": "yes"}, True, False),
        ({"oneway": "-1"}, False, True),
        ({"oneway": "reverse"}, False, True),
        ({"oneway": "no"}, True, True),
        ({"highway": "motorway"}, True, False),
        ({"highway": "motorway", "oneway": "no"}, True, True),
        ({"oneway": "yes", "oneway__motor_vehicle": "no"}, True, True),
    ],
)
def test_one_way_roads(extract, tags, there, back):
    extract.way(1, 2, **({"highway": "primary"} | tags))
    network = network_of(extract)
    assert (network.road_seconds < FAR).tolist() == [[there, back]]


@pytest.mark.parametrize(
    "tags",
    [
        {"oneway__bicycle": "no"},
        {"cycleway": "opposite_lane"},
        {"cycleway__left": "opposite_track"},
    ],
)
def test_bicycles_may_ride_against_where_it_says_so(extract, tags):
    extract.way(1, 2, highway="primary", oneway="yes", **tags)
    assert (network_of(extract, "cycle").road_seconds < FAR).tolist() == [[True, True]]
    assert (network_of(extract).road_seconds < FAR).tolist() == [[True, False]]
    assert (network_of(extract, "walk").road_seconds < FAR).tolist() == [[True, True]]


def test_ferries_take_their_duration_or_their_length(extract):
    extract.way(1, 2, route="ferry", duration="00:40")
    extract.way(2, 3, highway="primary")
    extract.way(3, 4, route="ferry", foot="yes", motor_vehicle="no")
    network = network_of(extract)
    ferry = network.road_class == "ferry"
    assert network.road_seconds[ferry].ravel().tolist() == [2400.0, 2400.0]
    assert ferry.sum() == 1
    walk = network_of(extract, "walk")
    untimed = int(np.flatnonzero((walk.road_class == "ferry") & (walk.road_seconds[:, 0] != 2400))[0])
    assert walk.road_seconds[untimed, 0] == pytest.approx(
        walk.road_m[untimed] * 3.6 / WALK["ferry"], rel=1e-6
    )


def test_barriers_stop_whom_they_stop(extract):
    extract.way(1, 2, 3, highway="residential")
    extract.way(3, 4, 5, highway="residential")
    extract.barrier(2, "bollard")
    extract.barrier(4, "gate", access="private")
    drive, walk = network_of(extract), network_of(extract, "walk")
    assert math.isinf(seconds_between(drive, 1, 3))
    assert seconds_between(drive, 1, 2) < 1000
    assert seconds_between(walk, 1, 3) < 2000
    assert math.isinf(seconds_between(walk, 3, 5))
    assert "barriers in use: 2" in drive.notes


@pytest.mark.parametrize(
    ("tags", "mode", "blocked"),
    [
        ({"barrier": "gate"}, "drive", False),
        ({"barrier": "gate", "access": "no"}, "drive", True),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, "drive", False),
        ({"barrier": "block"}, "drive", True),
        ({"barrier": "block"}, "cycle", False),
        ({"barrier": "stile"}, "cycle", True),
        ({"barrier": "stile"}, "walk", False),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, "walk", False),
        ({"barrier": "fence"}, "walk", True),
        ({"barrier": "cycle_barrier", "bicycle": "dismount"}, "cycle", False),
    ],
)
def test_who_passes_a_barrier(tags, mode, blocked):
    assert blocks(tags, mode) is blocked


@pytest.mark.parametrize(
    ("tags", "drive", "cycle", "walk"),
    [
        ({"highway": "primary"}, True, True, True),
        ({"highway": "motorway"}, True, False, False),
        ({"highway": "footway"}, False, True, True),
        ({"highway": "footway", "access": "yes"}, False, True, True),
        ({"highway": "footway", "motor_vehicle": "yes"}, True, True, True),
        ({"highway": "residential", "access": "private"}, False, False, False),
        ({"highway": "residential", "access": "no", "foot": "yes"}, False, False, True),
        ({"highway": "residential", "vehicle": "no"}, False, False, True),
        ({"highway": "residential", "vehicle": "no", "motorcar": "yes"}, True, False, True),
        ({"highway": "residential", "vehicle": "no", "bicycle": "yes"}, False, True, True),
        ({"highway": "residential", "motor_vehicle": "agricultural;forestry"}, False, True, True),
        ({"highway": "residential", "motor_vehicle": "destination"}, True, True, True),
        ({"highway": "residential", "motor_vehicle": "agricultural;destination"}, True, True, True),
        ({"highway": "service", "service": "emergency_access"}, False, True, True),
        ({"highway": "service", "service": "driveway", "access": "customers"}, True, True, True),
        ({"highway": "steps"}, False, True, True),
        ({"highway": "track"}, False, True, True),
        ({"highway": "trunk", "motorroad": "yes"}, True, False, False),
        ({"highway": "trunk", "motorroad": "yes", "bicycle": "yes"}, True, True, False),
        ({"highway": "cycleway", "foot": "no"}, False, True, False),
        ({"highway": "construction", "foot": "yes"}, False, False, False),
        ({"highway": "bus_guideway"}, False, False, False),
        ({"route": "ferry"}, True, True, True),
        ({"route": "ferry", "foot": "yes"}, False, True, True),
        ({"route": "ferry", "foot": "yes", "motor_vehicle": "yes"}, True, True, True),
        ({"route": "bus"}, False, False, False),
    ],
)
def test_who_may_go(tags, drive, cycle, walk):
    allowed = [read_way(tags, mode, OPEN[mode]).allowed for mode in MODES]
    assert allowed == [drive, cycle, walk]


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50),
        ("50 km/h", 50),
        ("30 mph", 48.28),
        ("walk", 7),
        ("DE:walk", 7),
        ("10 knots", 18.52),
        ("50.5", 50.5),
    ],
)
def test_posted_speeds(text, kmh):
    assert parse_maxspeed(text, 7) == pytest.approx(kmh, abs=0.01)


@pytest.mark.parametrize("text", ["CN:urban", "fast", "0", "-30", "999", "50;30", "5 0"])
def test_posted_speeds_that_say_nothing(text):
    assert parse_maxspeed(text, 7) is None


@pytest.mark.parametrize("text", ["none", "signals", None, ""])
def test_no_posted_speed(text):
    assert math.isnan(parse_maxspeed(text, 7))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:20", 1200), ("1:05:30", 3930), ("15", 900), ("15 min", 900), ("PT2H", 7200), ("P1DT1H", 90000)],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", [None, "", "soon", "00:00", "1:2"])
def test_durations_that_say_nothing(text):
    assert parse_duration(text) is None


def test_ground():
    assert read_ground({"surface": "gravel"}) == (0, False)
    assert read_ground({"tracktype": "grade1"}) == (1, False)
    assert read_ground({"bridge": "no", "tunnel": "culvert"}) == (-1, False)
    assert read_ground({"bridge": "viaduct"}) == (-1, True)


def test_posted_speeds_are_driven_and_zones_are_counted(extract):
    extract.way(1, 2, highway="primary", maxspeed="50", maxspeed__backward="30 mph")
    extract.way(2, 3, highway="primary", maxspeed="CN:urban")
    network = network_of(extract)
    kmh = network.road_m[:, None] * 3.6 / network.road_seconds
    np.testing.assert_allclose(
        sorted(kmh.ravel()), [48.28, 50, DRIVE["primary"], DRIVE["primary"]], rtol=1e-3
    )
    assert any("not understood" in note and "'CN:urban' × 1" in note for note in network.notes)
    cycle = network_of(extract, "cycle")
    assert (cycle.road_m[:, None] * 3.6 / cycle.road_seconds).round(3).max() == CYCLE["primary"]


def test_cyclists_who_must_dismount_push(extract):
    extract.way(1, 2, highway="residential", bicycle="dismount")
    network = network_of(extract, "cycle")
    assert network.road_m[0] * 3.6 / network.road_seconds[0, 0] == pytest.approx(4, rel=1e-4)


def test_speeds_are_overridden_opened_and_closed(extract):
    extract.way(1, 2, highway="primary")
    extract.way(2, 3, highway="track")
    assert len(network_of(extract).road_m) == 1
    both = network_of(extract, **{"drive.track": 12, "primary": 30})
    assert dict(
        zip(both.road_class, (both.road_m * 3.6 / both.road_seconds[:, 0]).round(3), strict=True)
    ) == {
        "primary": 30,
        "track": 12,
    }
    walk = network_of(extract, "walk", **{"drive.track": 12})
    assert (walk.road_m * 3.6 / walk.road_seconds[:, 0]).round(3).tolist() == [5, 5]
    closed = network_of(extract, **{"primary": 0, "drive.track": 12})
    assert closed.road_class.tolist() == ["track"]


@pytest.mark.parametrize("value", [-1, math.nan, math.inf, 301, True])
def test_speeds_that_are_none(value):
    with pytest.raises(RuleError, match=r"speeds\.primary.*write km/h"):
        choose_class_speeds("drive", {"primary": value})


def test_every_class_of_a_mode_has_a_speed_above_zero():
    for speeds in OPEN.values():
        assert min(speeds.values()) > 0
        assert {"other", "ferry", "residential"} <= set(speeds)
    assert {"motorway", "steps"} <= list_classes()
    assert "motorway" not in WALK
    assert "steps" not in DRIVE


def test_an_extract_that_leaves_nodes_out_is_cut_there(extract):
    extract.way(1, 2, 3, 4, 5, highway="primary")
    extract.way(14, 4, highway="primary")
    roads = read_osm(extract.write(without=(3,)))
    assert np.diff(roads.way_start).tolist() == [2, 2, 2]
    assert roads.way_id.tolist() == [101, 101, 102]
    assert any("leaves out" in note for note in roads.notes)


def test_only_roads_in_the_area_are_read(extract):
    extract.way(1, 2, highway="primary")
    extract.way(77, 78, highway="primary")
    extract.way(8, 88, highway="primary")
    path = extract.write()
    near = read_osm(path, shapely.box(113.99, 34.99, 114.025, 35.01))
    assert near.way_id.tolist() == [101]
    corner = shapely.Polygon([(114.07, 35.0), (114.09, 35.0), (114.07, 35.02)])
    assert read_osm(path, corner).way_id.tolist() == [103]
    with pytest.raises(SourceError, match=r"no roads in the area.*114\.0. to 114"):
        read_osm(path, shapely.box(10, 10, 11, 11))


def test_a_network_elsewhere_is_told(extract):
    extract.way(1, 2, 3, highway="primary")
    roads = read_osm(extract.write())
    assert measure_share_within(roads.lon, roads.lat, shapely.box(112, 34, 113, 36)) == 0
    assert measure_share_within(roads.lon, roads.lat, shapely.box(113, 34, 115, 36)) == 1


def test_files_that_are_no_extracts_are_refused(tmp_path, extract):
    with pytest.raises(SourceError, match="no such file"):
        read_osm(tmp_path / "none.osm.pbf")
    with pytest.raises(SourceError, match="no such file"):
        open_networks(tmp_path / "none.osm.pbf", ["drive"])
    for name, data in (
        ("a.osm.pbf", b""),
        ("b.osm.pbf", b"not a pbf" * 50),
        ("c.txt", b"text"),
        ("d.osm", b"<osm><way>"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(SourceError, match=f"{name}: (is empty|is not an OpenStreetMap file)"):
            read_osm(tmp_path / name)
    for number in range(1, 80):
        extract.way(number, number + 1, highway="primary", name=f"road {number * 7919}")
    whole = extract.write().read_bytes()
    for share in (0.3, 0.9, 0.99):
        (tmp_path / "cut.osm.pbf").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(SourceError, match="cut short"):
            read_osm(tmp_path / "cut.osm.pbf")


def test_an_extract_without_roads_is_refused(extract):
    extract.way(1, 2, building="yes")
    with pytest.raises(SourceError, match="holds no roads"):
        read_osm(extract.write())
    extract.way(1, 2, highway="primary")
    with pytest.raises(SourceError, match="not where they run"):
        read_osm(extract.write(without=(1, 2)))


def test_a_network_is_kept_and_built_anew_when_anything_changes(extract, monkeypatch, tmp_path):
    monkeypatch.setenv("SPATIAL_CACHE", str(tmp_path / "cache"))
    extract.way(1, 2, 3, highway="primary")
    path = extract.write()
    calls = []
    monkeypatch.setattr(
        "spatial.sources.networks.read_osm", lambda *given: calls.append(1) or read_osm(*given)
    )
    first = open_networks(path, ["drive", "walk"])
    assert len(calls) == 1
    again = open_networks(path, ["drive", "walk"])
    assert len(calls) == 1
    np.testing.assert_array_equal(again["walk"].road_seconds, first["walk"].road_seconds)
    assert again["drive"].notes == first["drive"].notes
    faster = open_networks(path, ["drive"], travel=Travel(speeds={"primary": 80}))
    assert len(calls) == 2
    assert faster["drive"].seconds[0] < first["drive"].seconds[0]
    extract.way(3, 4, highway="primary")
    extract.write()
    assert open_networks(path, ["drive"])["drive"].road_m.sum() > first["drive"].road_m.sum()
    assert len(calls) == 3
    for file in (tmp_path / "cache" / "networks").glob("*.npz"):
        assert file.with_suffix(".json").is_file()
        file.write_bytes(file.read_bytes()[:100])
    assert open_networks(path, ["drive"])["drive"].size[2] == 1
    assert len(calls) == 4


def test_heidelberg(real_data):
    roads = read_osm(real_data / "osm" / "heidelberg.osm.pbf")
    drive = build_mode(roads, "drive")
    walk = build_mode(roads, "walk")
    assert drive.crs == "EPSG:32632"
    assert 8000 < len(drive.node_xy) < len(walk.node_xy) < 40000
    assert (drive.component == 0).mean() > 0.85
    assert (walk.component == 0).mean() > 0.95
    assert drive.seconds.min() > 0
    assert drive.road_seconds.max() <= FAR
    split = next(note for note in drive.notes if note.startswith("nodes added"))
    assert int(split.split(": ")[1]) < 0.05 * len(drive.node_xy)
    assert len(drive.indptr) == len(drive.node_xy) + 1
    assert (np.diff(drive.shape_start) >= 2).all()


def test_andorra_by_car_as_a_routing_engine_publishes_it(real_data):
    network = open_networks(real_data / "osm" / "andorra.osm.pbf", ["drive"], kept=False)["drive"]
    project = Transformer.from_crs("EPSG:4490", network.crs, always_xy=True).transform
    lon, lat = zip(*ANDORRA, strict=True)
    snaps = snap_points(network, np.column_stack(project(lon, lat)), 200)
    places = list(zip(snaps.road.tolist(), snaps.share.tolist(), strict=True))
    near, far, farther = (seconds_along(network, places[:1], [place]) for place in places[1:])
    assert near < 150 < far < 300 < farther


def test_andorra_walks_uphill(real_data):
    path, heights = real_data / "osm" / "andorra.osm.pbf", real_data / "dem" / "N42E001.hgt.zip"
    flat = open_networks(path, ["walk"], kept=False)["walk"]
    steep = open_networks(path, ["walk"], travel=Travel(heights=heights), kept=False)["walk"]
    ratio = steep.road_seconds / flat.road_seconds
    assert 0.83 < ratio.min() < 1
    assert 1.05 < np.median(ratio) < 1.3
    up = np.abs(ratio[:, 0] - ratio[:, 1])
    assert (up > 0.01).mean() > 0.8
    snaps = snap_points(steep, steep.node_xy[steep.component == 0], 1)
    # All but the ends of tunnels and long bridges, on which no journey starts.
    assert (snaps.road >= 0).mean() > 0.98
