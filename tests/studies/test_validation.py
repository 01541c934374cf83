"""Validation: a clean database has no finding, and for every rule there is a file that breaks it and no other."""

import re
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from spatial.engine.areas import straight_area_m2
from spatial.errors import PlanError, SourceError
from spatial.outputs.formats.profilefiles import write_profile
from spatial.plan.base import Text
from spatial.plan.profiles import FieldSpec, read_measures, read_profile
from spatial.studies.validation import validate_data

PLANNING = read_profile("planning")
WEST, SOUTH, STEP = 112.0, 35.0, 0.01


def box(column, row, width=1, height=1):
    west, south = WEST + column * STEP, SOUTH + row * STEP
    return shapely.box(west, south, west + width * STEP, south + height * STEP)


def frame(shapes, **columns):
    made = gpd.GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:4490")
    return made.assign(
        XZQDM="419001", XZQMC="济源市", XJXZQDM="419001", XJXZQMC="济源市", YJJBNTMJ=0.0, MJ=0.0
    )


def measured(layers):
    """Fill areas and identifiers, as who hands a database in would."""
    number = 0
    for made in layers.values():
        areas = straight_area_m2(made.geometry).round(2)
        made["MJ"], made["YJJBNTMJ"] = areas, areas
        made["BSM"] = [f"4190010000{number + at:08d}" for at in range(1, len(made) + 1)]
        number += len(made)
    return layers


def clean():
    """A territory of 10 by 10 cells, four planning zones without a gap, and three lines apart."""
    quarters = [box(0, 0, 5, 5), box(5, 0, 5, 5), box(0, 5, 5, 5), box(5, 5, 5, 5)]
    # Neighbours share the vertices of their edges, those of the territory too.
    corners = [(0, 0), (5, 0), (10, 0), (10, 5), (10, 10), (5, 10), (0, 10), (0, 5)]
    whole = shapely.Polygon([(WEST + x * STEP, SOUTH + y * STEP) for x, y in corners])
    whole = shapely.Polygon([point for point in _round_trip(whole, quarters)])
    codes = ["200", "300", "400", "500"]
    names = [PLANNING.layers["GHFQ"].field("GHFQDM").codes[code] for code in codes]
    return measured(
        {
            "XZQ": frame([whole]),
            "STBHHX": frame([box(1, 1), box(3, 1)]),
            "YJJBNT": frame([box(6, 1), box(8, 1)]),
            "CZKFBJ": frame([box(1, 6, 2, 2)], GHFQDM=["400"], GHFQMC=["城镇发展区"]),
            "GHFQ": frame(quarters, GHFQDM=codes, GHFQMC=names, YSDM=["2090020610"] * 4),
        }
    )


def _round_trip(whole, quarters):
    """Return the corners of the whole exactly as the quarters have them."""
    known = np.unique(shapely.get_coordinates(quarters), axis=0)
    return [known[np.argmin(np.hypot(*(known - point).T))] for point in shapely.get_coordinates(whole)]


def write(path, layers, specs=None, form="gpkg", **options):
    specs = specs or PLANNING.layers
    return write_profile(layers, specs, path / "data", form, stamp=date(2026, 1, 1), **options)


def judge(file, **options):
    return validate_data(file, "planning", **options)


def broken(made):
    return {rule.removeprefix("database.") for rule in made.findings["rule"]}


def change(specs, layer, name, **changes):
    fields = tuple(
        replace(field, **changes) if field.name == name else field for field in specs[layer].fields
    )
    return specs | {layer: replace(specs[layer], fields=fields)}


def drop(specs, layer, name):
    fields = tuple(field for field in specs[layer].fields if field.name != name)
    return specs | {layer: replace(specs[layer], fields=fields)}


def put(layers, layer, column, value, row=0):
    table = layers[layer]
    values = list(table[column]) if column in table else [None] * len(table)
    values[row] = value
    layers[layer] = table.assign(
        **{column: pd.Series(values, dtype=object if isinstance(value, str) else None)}
    )
    return layers


def shape(layers, layer, row, made, *, area=True):
    shapes = list(layers[layer].geometry)
    shapes[row] = made
    layers[layer] = layers[layer].set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4490"))
    if area and made is not None:
        fresh = straight_area_m2([made]).round(2)[0]
        layers = put(put(layers, layer, "MJ", fresh, row), layer, "YJJBNTMJ", fresh, row)
    return layers


def add(layers, layer, made, **columns):
    fresh = measured({layer: frame([made])})[layer].assign(BSM="419001000000009999", **columns)
    layers[layer] = pd.concat([layers[layer], fresh], ignore_index=True)
    return layers


@pytest.mark.parametrize("form", ["gpkg", "fgdb", "shp"])
def test_a_clean_database_has_no_finding(tmp_path, form):
    made = judge(write(tmp_path, clean(), form=form))
    assert made.findings["message_en"].tolist() == []
    assert made.layers == {"XZQ": 1, "STBHHX": 2, "YJJBNT": 2, "CZKFBJ": 1, "GHFQ": 4}
    assert not made.has_errors
    assert ("bytes" in "".join(made.notes)) == (form == "shp")


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_shapefiles_hold_chinese_in_their_encoding(tmp_path, encoding):
    file = write(tmp_path, clean(), form="shp", encoding=encoding)
    assert "济源市".encode(encoding) in (file / "XZQ.dbf").read_bytes()
    assert broken(judge(file)) == set()
    (file / "XZQ.cpg").write_text("936" if encoding == "utf-8" else "UTF-8")
    assert "encoding" in broken(judge(file))


def thorn():
    """A square with a spike of a few degrees, 30 m long, on its upper edge."""
    base = shapely.get_coordinates(box(1, 1))[:-1].tolist()
    west, south, east, north = box(1, 1).bounds
    return shapely.Polygon([(west, south), (east, south), (east, north), (west + 0.0051, north),
                            (west + 0.005, north + 0.0015), (west + 0.00499, north), (west, north)]) if base else None  # fmt: skip


def pierced(turn):
    """A square with a hole of 100 m that turns with its shell or against it."""
    west, south, east, north = box(1, 1).bounds
    shell = [(west, south), (east, south), (east, north), (west, north)]
    hole = [(west + 0.002, south + 0.002), (west + 0.003, south + 0.002), (west + 0.003, south + 0.003),
            (west + 0.002, south + 0.003)]  # fmt: skip
    return shapely.Polygon(shell, [hole if turn else hole[::-1]])


def moved_edge(by):
    """Two zones of which the upper one reaches down into the lower one, or stays away from it, by degrees."""
    layers = clean()
    west, south, east, north = layers["GHFQ"].geometry.iloc[2].bounds
    upper = shapely.Polygon([(west, south - by), (west + 0.02, south - by), (west + 0.03, south), (east, south),
                             (east, north), (west, north)])  # fmt: skip
    return shape(layers, "GHFQ", 2, upper)


def bare_edge():
    """A zone with a vertex in the middle of an edge that its neighbour has not."""
    layers = clean()
    ring = shapely.get_coordinates(layers["GHFQ"].geometry.iloc[0])[:-1].tolist()
    for at in range(4):
        x, y = np.mean([ring[at], ring[(at + 1) % 4]], axis=0)
        if abs(y - (SOUTH + 5 * STEP)) < 1e-9:
            ring.insert(at + 1, [x, y])
            break
    return shape(layers, "GHFQ", 0, shapely.Polygon(ring), area=False)


VALUES = {
    "value_missing": lambda: put(clean(), "CZKFBJ", "XZQMC", ""),
    "value_domain": lambda: put(clean(), "GHFQ", "GHFQDM", "999"),
    "value_form": lambda: put(clean(), "STBHHX", "YSDM", "209"),
    "value_name": lambda: put(clean(), "GHFQ", "GHFQMC", "工业区"),
    "value_characters": lambda: put(clean(), "GHFQ", "BZ", "一\n二"),
    "value_range": lambda: put(clean(), "STBHHX", "MJ", -1.0),
    "value_date": lambda: put(clean(), "YJJBNT", "SJNF", 20240),
    "key_repeated": lambda: put(clean(), "YJJBNT", "BSM", "419001000000000001"),
    "reference_broken": lambda: put(clean(), "YJJBNT", "XZQDM", "419002"),
    "area_field": lambda: put(clean(), "YJJBNT", "YJJBNTMJ", 101.0),
    "geometry_repeated_vertex": lambda: shape(
        clean(),
        "STBHHX",
        0,
        shapely.Polygon(np.repeat(shapely.get_coordinates(box(1, 1))[:-1], [1, 2, 1, 1], axis=0)),
    ),
    "geometry_spike": lambda: shape(clean(), "STBHHX", 0, thorn()),
    "geometry_sliver": lambda: add(
        clean(), "STBHHX", shapely.box(112.045, 35.001, 112.04501, 35.0015), YSDM=None
    ),
    "geometry_hole": lambda: shape(
        clean(), "STBHHX", 0, box(1, 1) - shapely.box(112.012, 35.012, 112.0121, 35.0121)
    ),
    "overlap": lambda: shape(clean(), "STBHHX", 0, box(1, 1, 3, 1)),
    "outside": lambda: shape(clean(), "STBHHX", 0, box(-1, 1, 2, 1)),
    "lines_overlap": lambda: shape(clean(), "YJJBNT", 0, box(2, 6, 3, 1)),
    "edge": bare_edge,
    "value_decimals": clean,
}
ALSO = {
    "value_range": {"area_field"}, "value_domain": set(), "outside": set(), "value_missing": set(),
}  # fmt: skip


@pytest.mark.parametrize("rule", [rule for rule in VALUES if rule != "value_decimals"])
def test_each_rule_is_broken_by_its_own_file(tmp_path, rule):
    made = judge(write(tmp_path, VALUES[rule]()))
    assert broken(made) == {rule} | ALSO.get(rule, set())
    found = made.findings[made.findings["rule"] == f"database.{rule}"].iloc[0]
    assert found["severity"] in ("error", "warning", "info")
    assert found["message_zh"] != found["message_en"]
    assert found["layer"]
    assert found["feature_id"]


STRUCTURE = {
    "field_missing": (lambda: (clean(), drop(PLANNING.layers, "YJJBNT", "XZQMC"))),
    "field_type": (lambda: (clean(), change(PLANNING.layers, "STBHHX", "MJ", kind="text", width=20))),
    "field_width": (lambda: (clean(), change(PLANNING.layers, "STBHHX", "BSM", width=20))),
    "layer_named": (lambda: _rename("YJJBNT", "YJJBNTTB")),
    "layer_unknown": (lambda: _extra("GHFQX")),
    "layer_missing": (lambda: ({k: v for k, v in clean().items() if k != "CZKFBJ"}, PLANNING.layers)),
    "field_unknown": lambda: _extra_field(),  # noqa: PLW0108 (it is defined below)
    "value_long": (
        lambda: (put(clean(), "GHFQ", "BZ", "长" * 300), change(PLANNING.layers, "GHFQ", "BZ", width=None))
    ),
}


def _rename(name, other):
    layers = {other if key == name else key: made for key, made in clean().items()}
    return layers, PLANNING.layers | {other: replace(PLANNING.layers[name], name=other)}


def _extra(name):
    layers = clean()
    spec = replace(PLANNING.layers["GHFQ"], name=name)
    return layers | {name: layers["GHFQ"]}, PLANNING.layers | {name: spec}


def _extra_field():
    more = FieldSpec("SECRET", Text(zh="其他"), "text", 10)
    spec = PLANNING.layers["STBHHX"]
    return clean(), PLANNING.layers | {"STBHHX": replace(spec, fields=(*spec.fields, more))}


@pytest.mark.parametrize("rule", STRUCTURE)
def test_each_rule_of_structure_is_broken_by_its_own_file(tmp_path, rule):
    layers, specs = STRUCTURE[rule]()
    also = {"value_long": {"field_width"}}.get(rule, set())
    made = judge(write(tmp_path, layers, specs))
    assert broken(made) == {rule} | also
    assert made.findings["layer"].str.len().min() > 0


def test_widths_of_a_shapefile_are_bytes_and_decimals_are_declared(tmp_path):
    specs = change(PLANNING.layers, "STBHHX", "BSM", width=17)
    layers = clean()
    layers["STBHHX"]["BSM"] = layers["STBHHX"]["BSM"].str[:17]
    found = judge(write(tmp_path, layers, change(specs, "STBHHX", "MJ", decimals=1), form="shp"))
    assert {"field_width", "field_decimals"} <= broken(found)
    width = found.findings[found.findings["rule"] == "database.field_width"].iloc[0]
    assert width["value"] == 17
    assert width["limit"] == 18
    assert "bytes" in width["message_en"]


def rewrite(tmp_path, layers, layer, crs="EPSG:4490", **options):
    """Write the clean database with one layer as GDAL writes any frame."""
    file = write(tmp_path, {key: made for key, made in clean().items() if key != layer})
    own = {field.name for field in PLANNING.layers[layer].fields}
    table = layers[layer]
    table = table[[name for name in table.columns if name in own or name == "geometry"]].copy()
    for field in PLANNING.layers[layer].fields:
        if field.name not in table and not field.optional:
            table[field.name] = pd.Series([None] * len(table), dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4490")
        frame = frame.set_crs(None, allow_override=True) if crs is None else frame.to_crs(crs)
        pyogrio.write_dataframe(frame, file, layer=layer, append=True, **options)
    return file


LOOSE = {"field_width"}  # GDAL sets no widths of its own


def loosely(tmp_path, rule, layers, layer, **options):
    made = judge(rewrite(tmp_path, layers, layer, **options))
    assert broken(made) - LOOSE == rule
    return made


def test_systems(tmp_path):
    for number, (crs, rules) in enumerate({
        "EPSG:4547": {"crs_mixed"}, "EPSG:4326": {"crs_wrong", "crs_mixed"}, "EPSG:3857": {"crs_wrong", "crs_mixed"},
    }.items()):  # fmt: skip
        folder = tmp_path / str(number)
        folder.mkdir()
        loosely(folder, rules, clean(), "STBHHX", crs=crs)


def test_no_system_and_one_that_contradicts(tmp_path):
    file = write(tmp_path, clean(), form="shp")
    (file / "STBHHX.prj").unlink()
    assert broken(judge(file)) == {"crs_missing"}
    (file / "STBHHX.prj").write_text(pyogrio.read_info(file / "XZQ.shp")["crs"] and _wkt(4547))
    assert {"crs_contradicted", "crs_mixed"} <= broken(judge(file))


def _wkt(code):
    from pyproj import CRS

    return CRS.from_epsg(code).to_wkt("WKT1_ESRI")


def test_shapes_that_are_missing_invalid_repeated_or_of_parts(tmp_path):
    bowtie = shapely.Polygon([(112.01, 35.01), (112.02, 35.02), (112.02, 35.01), (112.01, 35.02)])
    cases = {
        "geometry_missing": (shape(clean(), "STBHHX", 0, None, area=False), {"geometry_missing"}),
        "geometry_invalid": (shape(clean(), "STBHHX", 0, bowtie, area=False), {"geometry_invalid", "area_field"}),
        "geometry_multipart": (
            shape(clean(), "STBHHX", 0, shapely.MultiPolygon([box(1, 1), box(1, 3)])), {"geometry_multipart"},
        ),
        "geometry_dimension": (
            shape(clean(), "STBHHX", 0, shapely.force_3d(box(1, 1), 100.0)), {"geometry_dimension"},
        ),
        "geometry_repeated": (
            add(clean(), "STBHHX", box(1, 1), YSDM=None),
            {"geometry_repeated", "attributes_repeated", "overlap"},
        ),
        "geometry_orientation": (shape(clean(), "STBHHX", 0, pierced(True)), {"geometry_orientation"}),
    }  # fmt: skip
    for name, (layers, rules) in cases.items():
        (tmp_path / name).mkdir()
        made = loosely(tmp_path / name, rules, layers, "STBHHX", geometry_type="Unknown")
        if name == "geometry_invalid":
            place = made.findings.set_index("rule").loc["database.geometry_invalid", "geometry"]
            assert place.distance(shapely.Point(112.015, 35.015)) < 1e-9
    (tmp_path / "right").mkdir()
    loosely(
        tmp_path / "right",
        set(),
        shape(clean(), "STBHHX", 0, pierced(False)),
        "STBHHX",
        geometry_type="Unknown",
    )


def test_lines_that_cross_themselves_and_layers_of_another_geometry(tmp_path):
    loop = shapely.LineString([(112.01, 35.01), (112.02, 35.02), (112.02, 35.01), (112.01, 35.02)])
    layers = clean() | {"STLD": measured({"STLD": frame([loop])})["STLD"].assign(BSM="419001000000000099")}
    loosely(tmp_path, {"geometry_crossing"}, layers, "STLD")
    (tmp_path / "points").mkdir()
    points = clean()
    points["STBHHX"] = points["STBHHX"].set_geometry(points["STBHHX"].geometry.representative_point())
    made = judge(rewrite(tmp_path / "points", points, "STBHHX"))
    assert "layer_geometry" in broken(made)


def test_a_layer_without_rows(tmp_path):
    layers = clean()
    layers["STBHHX"] = layers["STBHHX"].iloc[:0]
    assert broken(judge(write(tmp_path, layers))) == {"layer_empty"}


def test_overlap_and_gap_have_their_areas(tmp_path):
    over = judge(write(tmp_path, moved_edge(0.001)))
    assert broken(over) == {"overlap", "area_sum"}
    row = over.findings.set_index("rule").loc["database.overlap"]
    assert row["value"] == pytest.approx(straight_area_m2([row["geometry"]])[0])
    (tmp_path / "gap").mkdir()
    under = judge(write(tmp_path / "gap", moved_edge(-0.001)))
    # The upper zone has a vertex on the edge of the lower one, which has none there.
    assert broken(under) == {"gap", "area_sum", "edge"}
    hole = under.findings.set_index("rule").loc["database.gap"]
    total = under.findings.set_index("rule").loc["database.area_sum"]
    assert hole["value"] == pytest.approx(total["limit"] - total["value"], abs=0.1)


def test_numbers_with_more_decimals_than_the_field(tmp_path):
    layers = clean()
    layers["STBHHX"]["MJ"] += 0.001
    made = judge(write(tmp_path, layers, change(PLANNING.layers, "STBHHX", "MJ", decimals=None)))
    assert broken(made) == {"value_decimals"}


@pytest.mark.parametrize("unit", [1e4, 2000 / 3])
def test_areas_in_another_unit_are_named(tmp_path, unit):
    layers = clean()
    layers["STBHHX"]["MJ"] = (layers["STBHHX"]["MJ"] / unit).round(2)
    made = judge(write(tmp_path, layers))
    assert broken(made) == {"area_field"}
    assert made.findings["message_zh"].str.contains("公顷|亩").all()


def test_coarse_grids_of_geodatabases_and_curves(tmp_path, monkeypatch):
    from spatial.sources import databases

    file = write(tmp_path, clean(), form="fgdb")
    assert broken(judge(file)) == set()
    monkeypatch.setattr(databases, "_read_grid", lambda *_: (0.01, 0.02))
    monkeypatch.setattr(databases, "_count_curves", lambda *_: 2)
    made = judge(file)
    assert broken(made) == {"resolution", "geometry_curve"}
    assert sorted(set(made.findings["value"])) == [0.01, 0.02, 2.0]


def test_every_rule_has_a_case():
    here = set(VALUES) | set(STRUCTURE) | {
        "field_decimals", "crs_missing", "crs_wrong", "crs_mixed", "crs_contradicted", "resolution", "encoding",
        "geometry_missing", "geometry_invalid", "geometry_crossing", "geometry_dimension", "geometry_curve",
        "geometry_multipart", "geometry_orientation", "geometry_repeated", "attributes_repeated", "gap", "area_sum",
        "layer_empty", "layer_geometry",
    }  # fmt: skip
    assert here == set(read_measures().rules)


def test_findings_that_rest_on_what_is_not_established_are_warnings(tmp_path):
    made = judge(write(tmp_path, VALUES["value_domain"]()))
    assert set(made.findings["severity"]) == {
        "warning"
    }  # the width and domain of GHFQDM are of low confidence
    assert not made.has_errors


def test_reports_as_layer_table_and_workbook(tmp_path):
    file = write(tmp_path, VALUES["overlap"]())
    made = judge(file, out=tmp_path / "report")
    assert [one.name for one in made.files] == ["findings.gpkg", "findings.csv", "findings.xlsx"]
    stored = gpd.read_file(made.files[0], layer="findings")
    assert stored["rule"].tolist() == made.findings["rule"].tolist()
    table = pd.read_csv(made.files[1], encoding="utf-8-sig")
    assert table["title"].tolist() == ["图层内重叠"]
    assert table["lon"].between(112, 113).all()
    book = openpyxl.load_workbook(made.files[2])
    assert len(book.worksheets) == 2
    counts = [row for row in book.worksheets[0].iter_rows(values_only=True) if row[1] == "database.overlap"]
    assert counts[0][2] == 1
    first = [one.read_bytes() for one in made.files]
    assert [one.read_bytes() for one in judge(file, out=tmp_path / "report").files] == first


def test_bad_input_is_refused(tmp_path):
    (tmp_path / "a.gpkg").write_bytes(b"no database")
    (tmp_path / "a.zip").write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    for name in ("a.gpkg", "a.zip", "empty", "none.gpkg", "none"):
        with pytest.raises(SourceError) as caught:
            judge(tmp_path / name)
        assert all(fault.remedy and name in fault.where for fault in caught.value.faults)
    with pytest.raises(PlanError, match="planning"):
        validate_data(tmp_path / "a.gpkg", "nothing")


def test_many_findings_are_counted_and_not_all_listed(tmp_path):
    layers = clean()
    many = frame([box(1 + x / 40, 1 + y / 40, 1 / 41, 1 / 41) for x in range(20) for y in range(20)])
    layers["STBHHX"] = measured({"STBHHX": many})["STBHHX"].assign(
        BSM=[f"4190010001{at:08d}" for at in range(400)], MJ=1.0
    )
    made = judge(write(tmp_path, layers))
    assert broken(made) == {"area_field"}
    assert len(made.findings) == 201
    assert made.findings["value"].max() == 400


def test_the_guide_lists_every_rule_and_no_other():
    page = Path(__file__).resolve().parents[2] / "docs" / "howto" / "validation.md"
    listed = re.findall(
        r"^\| .* \| `database\.(\w+)` \| (\w+) \|", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    measures = read_measures()
    assert [rule for rule, _ in listed] == list(measures.rules)
    assert all(measures.severity(rule) == severity for rule, severity in listed)
