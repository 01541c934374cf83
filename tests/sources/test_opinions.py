"""Opinions are read from the file that has them; any other file is told what it lacks."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from spatial.errors import SourceError
from spatial.sources.opinions import read_opinions


def test_opinions_are_read_with_and_without_a_shape(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"project_id": ["p1", "p2"], "verdict": ["pass", "reject"]},
        geometry=[None, shapely.box(112, 35, 112.1, 35.1)],
        crs=4490,
    )
    frame.to_file(tmp_path / "opinions.gpkg", layer="opinions", VERSION="1.3")
    back = read_opinions(tmp_path / "opinions.gpkg")
    assert back["verdict"].tolist() == ["pass", "reject"]
    assert back.geometry.isna().tolist() == [True, False]
    assert back.crs == "EPSG:4490"


def test_other_files_are_told_what_they_lack(tmp_path: Path) -> None:
    file = tmp_path / "plan.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.Point(112, 35)], crs=4490).to_file(file, layer="towns", VERSION="1.3")
    with pytest.raises(SourceError, match="no layer opinions; it has towns"):
        read_opinions(file)
    (tmp_path / "text.gpkg").write_text("no database")
    for name in ("text.gpkg", "absent.gpkg"):
        with pytest.raises(SourceError, match="cannot be read as opinions"):
            read_opinions(tmp_path / name)
