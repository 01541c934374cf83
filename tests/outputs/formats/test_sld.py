"""Styles as SLD: the structure of the OGC schema, filters that hold for the right rows, and QGIS reads them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from spatial.outputs.formats.exports import export_layers
from spatial.outputs.formats.sld import PART_NAMES, Sheet, list_sld, style_to_sld
from spatial.plan.styles import OTHER, UNSTYLED, ClassStyle, LayerStyle, read_styles
from spatial.results import Build

SLD, OGC = "{http://www.opengis.net/sld}", "{http://www.opengis.net/ogc}"
FILTERS = (
    "PropertyIsEqualTo|PropertyIsNotEqualTo|PropertyIsLessThan|PropertyIsGreaterThan|"
    "PropertyIsLessThanOrEqualTo|PropertyIsGreaterThanOrEqualTo|PropertyIsNull|And|Or|Not"
)
STROKE = "Stroke"
# What StyledLayerDescriptor.xsd 1.0.0 and filter.xsd 1.0.0 allow inside each element, in order.
CONTENT = {
    "StyledLayerDescriptor": r"(Name )?(Title )?(Abstract )?((NamedLayer|UserLayer) )*",
    "NamedLayer": r"Name (LayerFeatureConstraints )?((NamedStyle|UserStyle) )*",
    "UserStyle": r"(Name )?(Title )?(Abstract )?(IsDefault )?(FeatureTypeStyle )+",
    "FeatureTypeStyle": r"(Name )?(Title )?(Abstract )?(FeatureTypeName )?(SemanticTypeIdentifier )*(Rule )+",
    "Rule": r"(Name )?(Title )?(Abstract )?(LegendGraphic )?((Filter|ElseFilter) )?(MinScaleDenominator )?"
    r"(MaxScaleDenominator )?((Line|Polygon|Point|Text|Raster)Symbolizer )+",
    "PolygonSymbolizer": r"(Geometry )?(Fill )?(Stroke )?",
    "LineSymbolizer": r"(Geometry )?(Stroke )?",
    "PointSymbolizer": r"(Geometry )?(Graphic )?",
    "TextSymbolizer": r"(Geometry )?(Label )?(Font )?(LabelPlacement )?(Halo )?(Fill )?",
    "Fill": r"(GraphicFill )?(CssParameter )*",
    "Stroke": r"((GraphicFill|GraphicStroke) )?(CssParameter )*",
    "GraphicFill": r"Graphic ",
    "Graphic": r"((ExternalGraphic|Mark) )*(Opacity )?(Size )?(Rotation )?",
    "Mark": r"(WellKnownName )?(Fill )?(Stroke )?",
    "Label": r"PropertyName ",
    "Font": r"(CssParameter )*",
    "LabelPlacement": r"(PointPlacement|LinePlacement) ",
    "PointPlacement": r"(AnchorPoint )?(Displacement )?(Rotation )?",
    "LinePlacement": r"(PerpendicularOffset )?",
    "AnchorPoint": r"AnchorPointX AnchorPointY ",
    "Displacement": r"DisplacementX DisplacementY ",
    "Halo": r"(Radius )?(Fill )?",
    "Filter": rf"({FILTERS}) ",
    "And": rf"(({FILTERS}) ){{2,}}",
    "Or": rf"(({FILTERS}) ){{2,}}",
    "Not": rf"({FILTERS}) ",
    "PropertyIsNull": r"PropertyName ",
    **{f"PropertyIs{how}": r"PropertyName Literal " for how in ("EqualTo", "GreaterThan", "LessThanOrEqualTo")},
}  # fmt: skip
CSS = {
    "fill": r"#[0-9a-f]{6}", "fill-opacity": r"[01]|0?\.\d+", "stroke": r"#[0-9a-f]{6}",
    "stroke-opacity": r"[01]|0?\.\d+", "stroke-width": r"\d+(\.\d+)?", "stroke-linejoin": "round",
    "stroke-linecap": "butt|round", "stroke-dasharray": r"[\d. ]+", "font-size": r"\d+(\.\d+)?",
    "font-weight": "normal|bold",
}  # fmt: skip
IN_FILTERS = {"Filter", "And", "Or", "Not", "PropertyName", "Literal"}


def tag(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def assert_valid(text: str) -> ElementTree.Element:
    """Hold a document against the content models of the schema."""
    root = ElementTree.fromstring(text)
    assert root.get("version") == "1.0.0"
    for element in root.iter():
        name = tag(element)
        inside = "".join(f"{tag(child)} " for child in element)
        assert re.fullmatch(CONTENT.get(name, ""), inside), f"{name}: {inside}"
        assert element.tag.startswith(OGC if name in IN_FILTERS or name.startswith("PropertyIs") else SLD)
        if name == "CssParameter":
            assert re.fullmatch(CSS[element.get("name", "")], element.text or ""), (
                element.get("name"),
                element.text,
            )
    return root


def holds(test: ElementTree.Element, row: dict[str, Any]) -> bool:
    """Say whether a filter holds for a row, as the Filter Encoding norm has it."""
    name = tag(test)
    if name in ("And", "Or"):
        return (all if name == "And" else any)(holds(part, row) for part in test)
    if name == "Not":
        return not holds(test[0], row)
    value = row.get(str(test[0].text))
    if name == "PropertyIsNull":
        return bool(pd.isna(value))
    if pd.isna(value):
        return False
    literal = str(test[1].text)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(literal)
        return {
            "EqualTo": value == number,
            "GreaterThan": value > number,
            "LessThanOrEqualTo": value <= number,
        }[name[10:]]
    assert name == "PropertyIsEqualTo"
    return str(value) == literal


def classify(root: ElementTree.Element, frame: pd.DataFrame) -> list[list[str]]:
    """Return the names of the rules that draw each row, but for those that write names only."""
    rules = [
        rule
        for rule in root.iter(f"{SLD}Rule")
        if any(tag(part) != "TextSymbolizer" for part in rule if tag(part).endswith("Symbolizer"))
    ]
    found = []
    for row in frame.drop(columns="geometry").to_dict("records"):
        filters = [(rule.findtext(f"{SLD}Name") or "", rule.find(f"{OGC}Filter")) for rule in rules]
        found.append([name for name, test in filters if test is None or holds(test[0], row)])
    return found


def test_documents_of_the_shipped_plan_keep_to_the_schema(jiyuan: Build) -> None:
    sheets = list_sld(jiyuan.order())
    assert {"zones", "lines", "roads", "commute_bands", "structure_polygon", "structure_point"} <= set(sheets)
    for sheet in sheets.values():
        assert_valid(style_to_sld(sheet, "both"))


@pytest.mark.parametrize("part", ["Point", "LineString", "Polygon"])
@pytest.mark.parametrize("key", read_styles().layers)
def test_every_style_keeps_to_the_schema_for_every_geometry(key: str, part: str) -> None:
    style = read_styles().layers[key]
    classes = {**style.classes, UNSTYLED: read_styles().unstyled}
    for whole in (True, False):
        root = assert_valid(style_to_sld(Sheet(key, style, part, classes, whole)))  # type: ignore[arg-type]
        names = [rule.findtext(f"{SLD}Name") for rule in root.iter(f"{SLD}Rule")]
        assert names[: len(classes)] == list(classes)


def test_rules_draw_the_rows_that_the_style_gives_each_class(jiyuan: Build) -> None:
    compared = 0
    for name, sheet in list_sld(jiyuan.order()).items():
        frame = jiyuan.layers[sheet.layer]
        ending = next((end for end in PART_NAMES if name.endswith(f"_{end}")), None)
        if ending:
            frame = frame[frame.geometry.geom_type.str.removeprefix("Multi") == PART_NAMES[ending]]
        drawn = frame if sheet.whole else sheet.style.select(frame)
        wanted = sheet.style.classify(frame).where(frame.index.isin(drawn.index), None)
        got = classify(ElementTree.fromstring(style_to_sld(sheet)), frame)
        assert got == [[] if pd.isna(key) else [key] for key in wanted], name
        compared += len(frame)
    assert compared > 500


@pytest.mark.parametrize("other", [True, False], ids=["with other", "without"])
@pytest.mark.parametrize("graded", [True, False], ids=["graded", "named"])
def test_every_row_falls_in_one_rule_whatever_it_holds(graded: bool, other: bool) -> None:
    look = ClassStyle(label="甲", fill="#123456")
    keys = ["10", "5.5", *(["other"] if other else [])]
    style = LayerStyle(
        title="层",
        group="base",
        order=1,
        class_column="grade",
        graded=graded,
        classes=dict.fromkeys(keys, look),
    )
    values = [5.5, 10.0, 0.0, 7.0, 10.1, None] if graded else ["10", "5.5", "生态", "", "<a>&\"'", None]
    frame = gpd.GeoDataFrame({"grade": values}, geometry=[shapely.Point(0, 0)] * len(values), crs=4490)
    sheet = Sheet("layer", style, "Point", {**style.classes, UNSTYLED: look})
    got = classify(assert_valid(style_to_sld(sheet)), frame)
    assert got == [[key] for key in style.classify(frame)]


def test_hostile_words_stay_text() -> None:
    word = "</Title><script>&\"'"
    style = LayerStyle(
        title=word,
        group="base",
        order=1,
        class_column="kind",
        classes={word: ClassStyle(label=word, fill="#112233")},
    )
    root = assert_valid(style_to_sld(Sheet("layer", style, "Polygon", style.classes)))
    assert root.findtext(f".//{SLD}UserStyle/{SLD}Title") == word
    assert root.findtext(f".//{OGC}Literal") == word


def test_a_hatch_is_a_graphic_fill_and_graded_classes_are_rules() -> None:
    styles = read_styles().layers
    lines = assert_valid(style_to_sld(Sheet("lines", styles["lines"], "Polygon", styles["lines"].classes)))
    turns = [graphic.findtext(f"{SLD}Rotation") for graphic in lines.iter(f"{SLD}Graphic")]
    assert turns == ["135", "45"]
    circles = styles["commute_circles"]
    graded = assert_valid(
        style_to_sld(Sheet("commute_circles", circles, "Polygon", circles.classes, whole=True))
    )
    limits = [
        [tag(test) for test in rule.iter() if tag(test).startswith("PropertyIs")]
        for rule in graded.iter(f"{SLD}Rule")
    ]
    assert limits == [
        ["PropertyIsLessThanOrEqualTo"],
        ["PropertyIsGreaterThan", "PropertyIsLessThanOrEqualTo"],
        ["PropertyIsGreaterThan", "PropertyIsLessThanOrEqualTo"],
        ["PropertyIsGreaterThan"],
    ]


@pytest.fixture(scope="module")
def qgis() -> list[str]:
    """The command that runs a script inside Debian's QGIS."""
    python = "/usr/bin/python3"
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen")
    environment.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(
            [python, "-c", "import qgis.core"], capture_output=True, check=False, env=environment
        )
    except OSError:
        pytest.skip("no Python of the system")
    if done.returncode:
        pytest.skip("no QGIS: apt-get install --no-install-recommends qgis qgis-providers python3-qgis")
    return [python, str(Path(__file__).with_name("qgis_probe.py"))]


def probe(qgis: list[str], jobs: list[dict[str, str]], folder: Path) -> list[dict[str, Any]]:
    file = folder / "jobs.json"
    file.write_text(json.dumps(jobs), encoding="utf-8")
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", XDG_RUNTIME_DIR=str(folder))
    environment.pop("PYTHONPATH", None)
    done = subprocess.run([*qgis, str(file)], capture_output=True, check=True, env=environment, timeout=300)
    return json.loads(done.stdout)


def test_qgis_draws_stored_styles_and_sld_alike(jiyuan: Build, qgis: list[str], tmp_path: Path) -> None:
    order = jiyuan.order(language="zh")
    gpkg = next(path for path in jiyuan.files if path.name == "plan.gpkg")
    styles = {
        path.stem: path
        for path in export_layers(order, tmp_path / "sld", "sld").files
        if path.suffix == ".sld"
    }
    types = {"polygon": "Polygon", "line": "LineString", "point": "Point"}
    jobs, sheets = [], list_sld(order)
    for name, sheet in sheets.items():
        ending = name.removeprefix(f"{sheet.layer}_") if name.startswith(f"{sheet.layer}_") else ""
        uri = f"{gpkg}|layername={sheet.layer}" + (
            f"|geometrytype={types[ending]}" if ending in types else ""
        )
        jobs.append({"uri": uri, "png": str(tmp_path / f"{name}_sld.png"), "sld": str(styles[name])})
        jobs.append({"uri": uri, "png": str(tmp_path / f"{name}_qml.png")})
    answers = iter(probe(qgis, jobs, tmp_path))
    for name, sheet in sheets.items():
        sld, stored = next(answers), next(answers)
        assert sld["ok"], (name, sld["message"])
        assert stored["ok"], (name, stored["message"])
        if not sheet.whole and sheet.style.select(jiyuan.layers[sheet.layer]).empty:
            continue  # such as the sheet of an alternative that is the recommended one and drawn as such
        assert sld["inked"] > 20, name
        assert stored["inked"] > 20, name
        labels = [look.label.pick("zh") for look in sheet.classes.values()]
        frame = jiyuan.layers[sheet.layer]
        if len(frame) != sld["features"]:
            ending = name.rsplit("_", 1)[-1]
            frame = frame[frame.geometry.geom_type.str.removeprefix("Multi") == PART_NAMES[ending]]
        drawn = frame if sheet.whole else sheet.style.select(frame)
        counted = Counter(sheet.classes[key].label.pick("zh") for key in sheet.style.classify(drawn))
        if sheet.style.class_column is not None:
            assert sld["legend"] == labels, name
            # The root of QGIS's rules counts every row, under no label of ours.
            assert {key: count for key, count in sld["counts"].items() if key in labels} == dict(counted), (
                name
            )
        if sheet.style.of is None and sheet.style.class_column is not None:
            # In a layer of several geometry types the stored style has the rules of all of them.
            mixed = name != sheet.layer
            told = [label for label in stored["legend"] if not mixed or label in labels]
            assert (list(dict.fromkeys(told)) if mixed else told) == labels, name
            # For the category of all other values QGIS 3.22 names no legend entry.
            rest = sheet.style.classes.get(OTHER)
            known = {
                key: count for key, count in counted.items() if rest is None or key != rest.label.pick("zh")
            }
            got = {key: count for key, count in stored["counts"].items() if key in known}
            assert got == known, name
