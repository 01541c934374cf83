"""Opinions are read from the file that has them; any other file is told what it lacks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from spatial.errors import SourceError
from spatial.sources.opinions import read_opinions


def write_file(
    file: Path, opinions: gpd.GeoDataFrame, provenance: str | None = '{"plan_sha256": "ab"}'
) -> None:
    opinions.to_file(file, layer="opinions", VERSION="1.3")
    places = gpd.GeoDataFrame({"id": ["p1", "p2"]}, geometry=[shapely.Point(112, 35)] * 2, crs=4490)
    places.to_file(file, layer="projects", VERSION="1.3")
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS gpkg_metadata (md_standard_uri TEXT, metadata TEXT)")
        if provenance is not None:
            uri = "urn:spatial-planning-toolkit:provenance:1"
            database.execute("INSERT INTO gpkg_metadata VALUES (?, ?)", (uri, provenance))


def test_opinions_are_read_with_and_without_a_shape(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"project_id": ["p1", "p2"], "verdict": ["pass", "reject"]},
        geometry=[None, shapely.box(112, 35, 112.1, 35.1)],
        crs=4490,
    )
    file = tmp_path / "意见 1?.gpkg"
    write_file(file, frame)
    made = read_opinions(file)
    assert made.provenance == {"plan_sha256": "ab"}
    assert made.projects["id"].tolist() == ["p1", "p2"]
    back = made.opinions
    assert back["verdict"].tolist() == ["pass", "reject"]
    assert back.geometry.isna().tolist() == [True, False]
    assert back.crs == "EPSG:4490"


def test_other_files_are_told_what_they_lack(tmp_path: Path) -> None:
    file = tmp_path / "plan.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.Point(112, 35)], crs=4490).to_file(file, layer="towns", VERSION="1.3")
    with pytest.raises(SourceError, match="no layer opinions; it has towns"):
        read_opinions(file)
    (tmp_path / "text.gpkg").write_text("no database")
    with pytest.raises(SourceError, match="cannot be read as opinions"):
        read_opinions(tmp_path / "text.gpkg")
    with pytest.raises(SourceError, match="there is no such file"):
        read_opinions(tmp_path / "absent.gpkg")
    one = gpd.GeoDataFrame({"project_id": ["p1"]}, geometry=[shapely.Point(112, 35)], crs=4490)
    for at, told in enumerate((None, "{}", "no json", '["a"]')):
        write_file(tmp_path / f"{at}.gpkg", one, told)
        with pytest.raises(SourceError, match="does not say which plan"):
            read_opinions(tmp_path / f"{at}.gpkg")
