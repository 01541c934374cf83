"""Connections: towns to an expressway, villages to a stop, hamlets to pavement; by hand, and what is not known."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from spatial.checks.connections import connection_findings
from spatial.engine.travel.assembly import build_network
from spatial.engine.travel.network import Mode, Network
from spatial.engine.travel.roads import draw_links
from spatial.plan.contract import contract_of
from spatial.plan.findings import frame_findings
from spatial.plan.records import Connections, Roads
from spatial.plan.rules import read_rules
from spatial.themes.access.connections import connections

GEOD = pyproj.Geod(a=6378137, rf=298.257222101)
KM = GEOD.inv(112.5, 35.1, 112.51, 35.1)[2] / 1000
ROADS = Roads.model_validate({"source": "roads", "snap": "500 m", "off_road_speed": "9 km/h"})  # on foot: 5
FAR_AWAY = (112.3, 35.3)


def network(mode: Mode = "drive", motorway: bool = True) -> Network:
    """A road of ten hundredths of a degree; a motorway goes north from its western end; the east is unpaved."""
    lon = np.append(112.5 + 0.01 * np.arange(11), 112.5)
    lat = np.append(np.full(11, 35.1), 35.2)
    links = [[n, n + 1] for n in range(10)] + [[0, 11]]
    table = draw_links(lon, lat, links, mode=mode)
    table.class_[10] = "motorway"
    table.name[10] = "G55"
    table.paved[:] = [1] * 4 + [-1] * 3 + [0] * 3 + [1]
    speeds = {"other": 60.0 if mode == "drive" else 6.0, "motorway": 100.0 if motorway else 0.0}
    return build_network(table, crs="EPSG:4546", speeds=speeds)


def points(*steps: float | tuple[float, float], names: str = "甲乙丙丁") -> gpd.GeoDataFrame:
    spots = [
        shapely.Point(step) if isinstance(step, tuple) else shapely.Point(112.5 + 0.01 * step, 35.1)
        for step in steps
    ]
    ids = [f"p-{n}" for n in range(len(spots))]
    frame = {"id": ids, "name": list(names[: len(spots)]), "name_en": [f"P{n}" for n in range(len(spots))]}
    return gpd.GeoDataFrame(frame, geometry=spots, crs=4490)


def connect(
    spec: Connections | None,
    networks: dict[Mode, Network],
    *,
    towns: gpd.GeoDataFrame | None = None,
    sources: dict[str, gpd.GeoDataFrame] | None = None,
    roads: Roads | None = ROADS,
) -> gpd.GeoDataFrame:
    frame = connections(
        connection_spec=spec,
        road_spec=roads,
        road_networks=networks,
        towns=points() if towns is None else towns,
        source_frames=sources or {},
        facility_rules=read_rules("facilities"),
    )
    contract = contract_of(connections)
    assert contract is not None
    contract.schema("connections").validate(frame, lazy=True)
    assert len(frame_findings(connection_findings(frame))) >= 0
    return frame


def test_towns_are_timed_to_where_the_motorway_can_be_entered() -> None:
    frame = connect(Connections(), {"drive": network()}, towns=points(2, 10, FAR_AWAY))
    assert frame["kind"].unique().tolist() == ["expressway"]
    assert frame["time_min"].tolist() == pytest.approx([2 * KM, 10 * KM, np.nan], abs=0.02, nan_ok=True)
    assert frame["verdict"].tolist() == ["kept", "kept", "undecidable"]
    assert frame["to"].tolist()[:2] == ["G55", "G55"]
    assert "no road near" in frame["reason"].iloc[2]
    late = connect(
        Connections.model_validate({"to_expressway": "5 min"}), {"drive": network()}, towns=points(2, 10)
    )
    assert late["verdict"].tolist() == ["kept", "broken"]


def test_without_an_entrance_nothing_is_decided() -> None:
    frame = connect(Connections(), {"drive": network(motorway=False)}, towns=points(2))
    assert frame["verdict"].tolist() == ["undecidable"]
    assert "no expressway entrance" in frame["reason"].iloc[0]
    assert np.isnan(frame["time_min"].iloc[0])


def test_villages_walk_to_the_nearest_stop() -> None:
    spec = Connections(villages="villages", stops="stops")
    sources = {"villages": points(1, 4, 9, FAR_AWAY), "stops": points(3, 3.2, names="东西")}
    nets: dict[Mode, Network] = {"drive": network(), "walk": network("walk")}
    frame = connect(spec, nets, sources=sources)
    bus = frame[frame["kind"] == "bus"]
    pace = 10.0  # minutes a kilometre
    by_hand = [2 * KM * pace, 0.8 * KM * pace, 5.8 * KM * pace, np.nan]
    assert bus["time_min"].tolist() == pytest.approx(by_hand, abs=0.3, nan_ok=True)
    assert bus["to"].tolist()[:3] == ["东", "西", "西"]
    assert bus["limit_min"].unique().tolist() == [10.0]  # of the table of facilities
    assert bus["verdict"].tolist() == ["broken", "kept", "broken", "undecidable"]
    near = connect(spec.model_copy(update={"to_stop_min": 20.0}), nets, sources=sources)
    assert near["limit_min"].unique().tolist() == [20.0]


def test_the_way_off_the_road_counts_at_both_ends() -> None:
    spec = Connections(villages="villages", stops="stops")
    aside = 0.002
    metres = GEOD.inv(112.52, 35.1, 112.52, 35.1 + aside)[2]
    sources = {
        "villages": points((112.52, 35.1 + aside)),
        "stops": points((112.53, 35.1 - aside), names="站"),
    }
    frame = connect(spec, {"walk": network("walk")}, sources=sources)
    assert frame["time_min"].iloc[0] == pytest.approx(KM * 10 + 2 * metres / 1000 * 12, abs=0.1)


def test_hamlets_are_measured_to_known_pavement() -> None:
    spec = Connections(hamlets="hamlets")
    off = (112.52, 35.105)
    sources = {"hamlets": points(2, off, 5.5, 9, names="甲乙丙丁")}
    frame = connect(spec, {"drive": network()}, sources=sources)
    metres = GEOD.inv(112.52, 35.1, *off)[2]
    assert frame["distance_m"].tolist()[:2] == pytest.approx([0, metres], abs=1.0)
    assert frame["verdict"].tolist() == ["kept", "broken", "undecidable", "broken"]
    assert "pavement of the nearest road unknown" in frame["reason"].iloc[2]
    assert frame["distance_m"].iloc[3] == pytest.approx(5 * KM * 1000, rel=1e-3)


def test_where_nothing_is_said_of_pavement_nothing_is_decided() -> None:
    table = draw_links([112.5, 112.6], [35.1, 35.1], [[0, 1]], mode="drive")
    net = build_network(table, crs="EPSG:4546", speeds={"other": 60})
    frame = connect(Connections(hamlets="hamlets"), {"drive": net}, sources={"hamlets": points(2, FAR_AWAY)})
    assert frame["verdict"].tolist() == ["undecidable", "undecidable"]
    assert "no road is known to be paved" in frame["reason"].iloc[1]


def test_what_the_plan_does_not_ask_for_is_not_made() -> None:
    full = connect(Connections(), {"drive": network()}, towns=points(2))
    for empty in (
        connect(None, {"drive": network()}, towns=points(2)),
        connect(Connections(), {}, towns=points(2)),
        connect(Connections(), {"drive": network()}, towns=points(2), roads=None),
        connect(Connections(), {"drive": network()}),
    ):
        assert empty.empty
        assert empty.dtypes.astype(str).tolist() == full.dtypes.astype(str).tolist()


def table(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    base = {"kind": "expressway", "name": "甲", "time_min": 10.0, "limit_min": 30.0, "distance_m": np.nan, "limit_m": np.nan,
            "verdict": "kept", "reason": ""}  # fmt: skip
    frame = pd.DataFrame([base | row for row in rows], columns=list(base))
    return gpd.GeoDataFrame(frame, geometry=[shapely.Point(112, 35)] * len(rows), crs=4490)


def test_offenders_are_listed_the_worst_first() -> None:
    late = [{"name": f"镇{n}", "verdict": "broken", "time_min": 30.0 + n} for n in range(1, 4)]
    far, kept = connection_findings(table({}, *late)), connection_findings(table({}))
    assert [found.rule for found in far] == ["connections.far"]
    assert "3 of 4 are beyond 30 min: 镇3 33 min、镇2 32 min、镇1 31 min" in far[0].message_en
    assert (far[0].value, far[0].limit) == (3.0, 30.0)
    assert [found.rule for found in kept] == ["connections.kept"]
    assert connection_findings(table()) == []


def test_what_cannot_be_reached_or_told_is_named() -> None:
    rows = table(
        {"verdict": "broken", "time_min": np.nan, "name": "乙"},
        {"verdict": "undecidable", "time_min": np.nan, "name": "丙", "reason": "附近没有道路 · no road near"},
    )
    far, open_ = connection_findings(rows)
    assert "乙 ∞" in far.message_en
    assert (open_.rule, open_.value) == ("connections.undecidable", 1.0)
    assert "(no road near): 丙" in open_.message_en
    assert "（附近没有道路）" in open_.message_zh


def test_long_lists_are_cut_and_metres_are_metres() -> None:
    rows = [
        {
            "kind": "paved",
            "name": f"组{n}",
            "verdict": "broken",
            "time_min": np.nan,
            "distance_m": 300.0 + n,
            "limit_m": 200.0,
        }
        for n in range(25)
    ]
    found = connection_findings(table(*rows))[0]
    assert "25 of 25 are beyond 200 m: 组24 324 m" in found.message_en
    assert found.message_en.endswith("… (25)")


def test_a_hamlet_leads_to_nothing_by_name() -> None:
    frame = connect(Connections(hamlets="hamlets"), {"drive": network()}, sources={"hamlets": points(2)})
    assert frame["to"].isna().all()
    lost = connect(Connections(), {"drive": network()}, towns=points(2, FAR_AWAY))
    assert lost["to"].isna().tolist() == [False, True]
