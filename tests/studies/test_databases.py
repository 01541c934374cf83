"""A plan as a database of the norm: Jiyuan's own export has no error, and what cannot be written is refused."""

import struct
from datetime import date
from types import SimpleNamespace

import geopandas as gpd
import pyogrio
import pytest
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.errors import OutputError, PlanError
from spatial.outputs.formats.profilefiles import write_profile
from spatial.plan.profiles import read_profile
from spatial.sources.databases import read_database
from spatial.studies import databases
from spatial.studies.databases import export_profile, make_layers
from spatial.studies.validation import validate_data

PLANNING = read_profile("planning")


@pytest.fixture(scope="module")
def built():
    from spatial.pipeline import check_plan

    return check_plan("jiyuan", besides=("land_faces",))


@pytest.fixture
def quick(built, monkeypatch):
    """Let exports take the plan as built once."""
    monkeypatch.setattr(databases, "check_plan", lambda *_, **__: built)


@pytest.mark.parametrize("form", ["gpkg", "fgdb", "shp"])
def test_the_plan_of_jiyuan_has_no_error_in_any_format(quick, tmp_path, form):
    made = export_profile("jiyuan", "planning", tmp_path, form)
    found = validate_data(made.file, "planning")
    assert found.findings.loc[found.findings["severity"] == "error", "message_en"].tolist() == []
    assert found.layers == made.layers
    assert {"XZQ", "STBHHX", "YJJBNT", "CZKFBJ", "GHFQ"} == set(made.layers)
    # The illustrative claims of Jiyuan leave slivers and sharp corners where lines cut zones; nothing else.
    rules = set(found.findings["rule"])
    assert rules <= {"database.geometry_sliver", "database.geometry_spike", "database.geometry_hole"}


def test_layers_are_the_lines_and_a_partition_by_zone(built):
    layers = make_layers(built, PLANNING)
    whole = straight_area_m2(layers["XZQ"].geometry).sum()
    assert layers["GHFQ"]["MJ"].sum() == pytest.approx(whole, abs=len(layers["GHFQ"]) * 0.005)
    zones = layers["GHFQ"]
    for line, name in PLANNING.table.under("export.line").items():
        part = built.layers["lines"].query("line == @line")
        land = straight_area_m2(layers[name].geometry).sum()
        assert land == pytest.approx(part["area_ha"].sum() * 1e4)
        meant = PLANNING.table.value(f"export.zone.{line}")
        assert straight_area_m2(zones[zones["GHFQDM"] == meant].geometry).sum() >= land - 0.01
    keys = [key for frame in layers.values() for key in frame["BSM"]]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 18 and key.startswith("419001") for key in keys)


def test_same_plan_same_bytes(quick, tmp_path):
    one = export_profile("jiyuan", "planning", tmp_path / "one", "gpkg").file.read_bytes()
    assert export_profile("jiyuan", "planning", tmp_path / "two", "gpkg").file.read_bytes() == one


def test_fields_have_the_widths_and_aliases_of_the_profile(quick, tmp_path):
    for form in ("gpkg", "fgdb"):
        data = read_database(export_profile("jiyuan", "planning", tmp_path, form).file)
        for layer in data.layers:
            for spec in PLANNING.layers[layer.name].fields:
                field = layer.find(spec.name)
                assert field.alias == spec.title.pick("zh")
                assert field.width == (spec.width if spec.kind == "text" else None)


def test_shapefiles_say_their_encoding_twice(quick, tmp_path):
    folder = export_profile("jiyuan", "planning", tmp_path, "shp").file
    table = (folder / "GHFQ.dbf").read_bytes()
    assert table[29] == 0x4D
    assert (folder / "GHFQ.cpg").read_text() == "936"
    assert "生态保护区".encode("gbk") in table
    count, start = struct.unpack("<IH", table[4:10])
    assert count == len(pyogrio.read_dataframe(folder / "GHFQ.shp", encoding="GB18030"))
    assert start > 32


def frame(**columns):
    return gpd.GeoDataFrame(columns, geometry=[shapely.box(112, 35, 112.1, 35.1)], crs="EPSG:4490")


def test_texts_that_do_not_fit_are_refused_all_at_once(tmp_path):
    long = frame(XZQMC=["长" * 60], BSM=["1" * 19])
    with pytest.raises(OutputError) as caught:
        write_profile({"XZQ": long}, PLANNING.layers, tmp_path / "a", "shp", stamp=date(2026, 1, 1))
    assert {fault.key for fault in caught.value.faults} == {"XZQ.XZQMC", "XZQ.BSM"}
    assert any("120 bytes in GBK" in fault.problem for fault in caught.value.faults)
    write_profile(
        {"XZQ": frame(XZQMC=["长" * 60])}, PLANNING.layers, tmp_path / "b", "gpkg", stamp=date(2026, 1, 1)
    )
    with pytest.raises(OutputError, match="lacks a character"):
        write_profile(
            {"XZQ": frame(XZQMC=["𠮷"])}, PLANNING.layers, tmp_path / "c", "shp", stamp=date(2026, 1, 1)
        )
    assert sorted(one.name for one in tmp_path.iterdir()) == ["b.gpkg"]


def test_what_a_profile_cannot_hold_is_refused(built, quick, tmp_path):
    with pytest.raises(PlanError, match="is not a format of a profile"):
        export_profile("jiyuan", "planning", tmp_path, "geojson")
    with pytest.raises(PlanError, match="no layers that a plan could fill"):
        export_profile("jiyuan", "survey", tmp_path, "gpkg")
    with pytest.raises(PlanError, match="no such profile"):
        export_profile("jiyuan", "village", tmp_path, "gpkg")
    bare = SimpleNamespace(adcode=None)
    without = SimpleNamespace(
        plan=SimpleNamespace(territory=bare), besides={"land_faces": built.besides["land_faces"]}
    )
    with pytest.raises(PlanError, match="administrative code"):
        make_layers(without, PLANNING)
    assert not list(tmp_path.iterdir())


def test_commands(quick, tmp_path, capsys):
    from typer.testing import CliRunner

    from spatial.cli import app

    run = CliRunner().invoke
    made = run(app, ["export", "jiyuan", "--profile", "planning", "-o", str(tmp_path)])
    assert made.exit_code == 0, made.output
    file = made.output.strip().splitlines()[-1]
    assert run(app, ["check", file, "--profile", "planning"]).exit_code == 0
    told = run(app, ["validate", file, "-o", str(tmp_path / "report")])
    assert told.exit_code == 0, told.output
    assert "findings.xlsx" in told.output
    broken = pyogrio.read_dataframe(file, layer="STBHHX").assign(BSM="1")
    pyogrio.write_dataframe(broken, tmp_path / "STBHHX.shp", encoding="UTF-8")
    assert run(app, ["validate", str(tmp_path / "STBHHX.shp")]).exit_code == 1
    refused = run(app, ["export", "jiyuan"])
    assert isinstance(refused.exception, PlanError)
