"""Stops of GTFS feeds: written here, and the two real ones of Porto Alegre."""

from __future__ import annotations

import zipfile

import pytest

from spatial.errors import SourceError
from spatial.sources.gtfs import read_stops

STOPS = """\ufeffstop_id,stop_name,stop_lat,stop_lon,location_type
1, 济源站 ,35.09,112.59,0
2,"Market, north",35.10,112.60,
3,Station,35.11,112.61,1
4,Nowhere,,,0
5,Zero,0,0,0
"""


def feed(tmp_path, text=STOPS, inside="stops.txt"):
    with zipfile.ZipFile(tmp_path / "feed.zip", "w") as archive:
        archive.writestr(inside, text)
        archive.writestr("routes.txt", "route_id\n1\n")
    return tmp_path / "feed.zip"


@pytest.mark.parametrize("inside", ["stops.txt", "feed/stops.txt"])
def test_stops_are_points(tmp_path, inside):
    frame, findings = (read := read_stops("bus", feed(tmp_path, inside=inside))).frame, read.findings
    assert frame.crs == "EPSG:4490"
    assert frame[["id", "name", "source"]].to_numpy().tolist() == [
        ["1", "济源站", "bus"],
        ["2", "Market, north", "bus"],
    ]
    assert (frame.geometry.x.tolist(), frame.geometry.y.tolist()) == ([112.59, 112.60], [35.09, 35.10])
    assert [(finding.rule, finding.value) for finding in findings] == [("sources.stop_without_place", 2.0)]
    assert "4, 5" in findings[0].message_en


def test_a_folder_is_a_feed(tmp_path):
    (tmp_path / "stops.txt").write_text(STOPS, encoding="utf-8")
    assert len(read_stops("bus", tmp_path).frame) == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("stop_id,stop_name\n1,a\n", "lacks stop_lat, stop_lon"),
        ("stop_id,stop_lat,stop_lon\n1,,\n", "no stop with a place"),
        ("", "no stops.txt"),
    ],
)
def test_feeds_without_stops_are_refused(tmp_path, text, problem):
    with pytest.raises(SourceError, match=problem):
        read_stops("bus", feed(tmp_path, text))


def test_what_is_no_feed_is_refused(tmp_path):
    with pytest.raises(SourceError, match="no such feed"):
        read_stops("bus", tmp_path / "none.zip")
    (tmp_path / "text.zip").write_text("text")
    with pytest.raises(SourceError, match="is not a GTFS feed"):
        read_stops("bus", tmp_path / "text.zip")
    with pytest.raises(SourceError, match="cannot be read"):
        read_stops("bus", feed(tmp_path, "stop_id\n\xff".encode("latin-1")))


def test_porto_alegre(real_data):
    counts = [
        len(read_stops("bus", real_data / "poa" / f"poa_{name}.zip").frame) for name in ("eptc", "trensurb")
    ]
    assert counts[0] > 1000
    assert counts[1] == 24
