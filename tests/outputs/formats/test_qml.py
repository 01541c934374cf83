"""Styles as QGIS documents: the right renderer, the right sizes, and expressions that QGIS can read."""

from xml.etree import ElementTree

import pytest

from spatial.outputs.formats.qml import style_to_qml
from spatial.plan.base import Text
from spatial.plan.contract import Column, Contract
from spatial.plan.styles import ClassStyle, LayerStyle, read_styles

TEXT = Column("text", "种类", "Kind")


def make_style(classes, **fields):
    return LayerStyle.model_validate({"title": "题", "group": "g", "order": 1, "classes": classes} | fields)


def draw(style, shape="Polygon", **options):
    columns = {"kind": TEXT} if style is None or style.class_column is None else {style.class_column: TEXT}
    return ElementTree.fromstring(style_to_qml(style, Contract("层", "Layer", shape, columns), **options))


def options_of(layer):
    return {option.get("name"): option.get("value") for option in layer.findall("Option/Option")}


def symbol_layers(document, at=0):
    symbol = document.findall("renderer-v2/symbols/symbol")[at]
    return [(layer.get("class"), options_of(layer)) for layer in symbol.findall("layer")]


@pytest.mark.parametrize("name", sorted(read_styles().layers))
@pytest.mark.parametrize("shape", ["Point", "LineString", "Polygon", "any", "none"])
def test_every_shipped_style_parses_in_every_shape(name, shape):
    style = read_styles().layers[name]
    document = draw(style, shape, unstyled=read_styles().unstyled, terms=read_styles().terms)
    symbols = {symbol.get("name") for symbol in document.findall("renderer-v2/symbols/symbol")}
    used = [node.get("symbol") for node in document.iter() if node.tag in {"category", "rule"}]
    assert set(used) <= symbols
    assert (document.find("renderer-v2") is None) == (shape == "none")


def test_one_symbol_without_a_class_column():
    document = draw(make_style({"all": {"label": "镇", "fill": "#336699"}}))
    assert document.find("renderer-v2").get("type") == "singleSymbol"
    assert document.find("layerGeometryType").text == "2"
    assert document.get("labelsEnabled") == "0"


def test_categories_carry_keys_and_chinese_labels_and_an_empty_value_for_the_rest():
    classes = {
        "1": {"label": {"zh": "一级", "en": "First"}, "stroke": "#000000"},
        "other": {"label": "其他", "stroke": "#111111"},
    }
    document = draw(make_style(classes, class_column="rank"), "LineString")
    renderer = document.find("renderer-v2")
    assert (renderer.get("type"), renderer.get("attr")) == ("categorizedSymbol", "rank")
    categories = [
        (node.get("value"), node.get("label"), node.get("type")) for node in renderer.iter("category")
    ]
    assert categories == [("1", "一级", "string"), ("", "其他", "NULL")]


def test_the_warning_style_stands_behind_classes_only_when_asked():
    style = make_style({"a": {"label": "甲", "fill": "#000000"}}, class_column="kind")
    warning = ClassStyle(label=Text(zh="未定义"), fill="#ff00ff")
    labels = [node.get("label") for node in draw(style, unstyled=warning).iter("category")]
    assert labels == ["甲", "未定义"]
    assert [node.get("label") for node in draw(style).iter("category")] == ["甲"]


def test_a_fill_has_halo_ground_hatches_and_a_dashed_outline_in_millimetres():
    rule = {
        "label": "线",
        "fill": "#ff8000",
        "fill_opacity": 0.5,
        "hatch": "cross",
        "stroke": "#102030",
        "width": 96,
        "dash": [9.6, 19.2, 4.8],
    }
    rule["width"] = 9.6
    layers = symbol_layers(draw(make_style({"all": rule | {"halo": "#ffffff"}})))
    assert [kind for kind, _ in layers] == [
        "SimpleFill",
        "LinePatternFill",
        "LinePatternFill",
        "SimpleLine",
        "SimpleLine",
    ]
    ground, rising, falling, halo, outline = (options for _, options in layers)
    assert ground["color"] == "255,128,0,128"
    assert ground["outline_style"] == "no"
    assert (rising["angle"], falling["angle"]) == ("45", "135")
    assert rising["color"].startswith("16,32,48,")
    assert outline["line_color"] == "16,32,48,255"
    assert outline["line_width"] == "2.54"
    assert outline["customdash"] == "2.54;5.08;1.27;2.54;5.08;1.27"
    assert (outline["use_custom_dash"], outline["customdash_unit"], outline["line_width_unit"]) == (
        "1",
        "MM",
        "MM",
    )
    assert float(halo["line_width"]) > 2.54
    assert "use_custom_dash" not in halo


def test_hatch_lines_are_a_symbol_inside():
    document = draw(make_style({"all": {"label": "线", "stroke": "#102030", "hatch": "back"}}))
    inner = document.find("renderer-v2/symbols/symbol/layer[@class='LinePatternFill']/symbol")
    assert inner.get("type") == "line"
    assert options_of(inner.find("layer"))["line_color"].startswith("16,32,48,")


def test_a_class_without_colours_is_clear_as_an_area_and_black_as_a_line():
    bare = make_style({"all": {"label": "空"}})
    assert symbol_layers(draw(bare)) == [
        ("SimpleFill", {"color": "0,0,0,0", "style": "no", "outline_style": "no"}),
    ]
    assert symbol_layers(draw(bare, "LineString"))[0][1]["line_color"] == "0,0,0,255"


@pytest.mark.parametrize("symbol", ["circle", "square", "diamond", "triangle", "star"])
def test_markers_have_shape_and_diameter(symbol):
    rule = {
        "label": "点",
        "fill": "#ffb300",
        "fill_opacity": 1,
        "stroke": "#5a2a00",
        "radius": 9.6,
        "symbol": symbol,
    }
    ((kind, options),) = symbol_layers(draw(make_style({"all": rule}), "Point"))
    assert kind == "SimpleMarker"
    assert (options["name"], options["size"], options["size_unit"]) == (symbol, "5.08", "MM")
    assert (options["color"], options["outline_color"]) == ("255,179,0,255", "90,42,0,255")


def test_labels_stand_as_the_style_says():
    label = {
        "size": 16,
        "colour": "#8c1d04",
        "bold": True,
        "place": "centre",
        "priority": 100,
        "min_zoom": 10,
    }
    style = make_style({"all": {"label": "核", "fill": "#000000"}}, label_column="name", label=label)
    document = draw(style)
    text, placement, rendering = (
        document.find(f"labeling/settings/{tag}") for tag in ("text-style", "placement", "rendering")
    )
    assert document.get("labelsEnabled") == "1"
    assert (text.get("fieldName"), text.get("isExpression"), text.get("fontSize")) == ("name", "0", "12")
    assert text.get("textColor") == "140,29,4,255"
    assert text.find("text-buffer").get("bufferDraw") == "1"
    assert placement.get("priority") == "10"
    assert (rendering.get("scaleVisibility"), rendering.get("scaleMax")) == ("1", "545979")


def test_graded_classes_are_half_open_ranges_and_pick_rows():
    classes = {key: {"label": key, "stroke": "#000000"} for key in ("30", "15", "other")}
    style = make_style(classes, class_column="time_min", graded=True, where={"form": ["band", "it's"]})
    form = "\"form\" IN ('band', 'it''s') AND "
    filters = {rule.get("label"): rule.get("filter") for rule in draw(style).iter("rule")}
    assert filters == {
        "30": f'{form}"time_min" > 15 AND "time_min" <= 30',
        "15": f'{form}"time_min" <= 15',
        "other": f'{form}"time_min" > 30',
    }
    whole = [rule.get("filter") for rule in draw(style, whole=True).iter("rule")]
    assert whole[1] == '"time_min" <= 15'


def test_mixed_layers_get_a_rule_for_each_class_and_geometry_type():
    classes = {"core": {"label": "核", "fill": "#000000"}, "a\\b'c": {"label": "怪", "fill": "#000000"}}
    style = make_style(classes, class_column="kind")
    pairs = [("core", "Polygon"), ("a\\b'c", "Point"), ("unstyled", "LineString")]
    document = draw(style, "any", parts=pairs, unstyled=ClassStyle(label=Text(zh="未定义"), stroke="#ff00ff"))
    assert [rule.get("filter") for rule in document.iter("rule")] == [
        "to_string(\"kind\") = 'core' AND geometry_type($geometry) = 'Polygon'",
        "to_string(\"kind\") = 'a\\\\b''c' AND geometry_type($geometry) = 'Point'",
        "(\"kind\" IS NULL OR NOT to_string(\"kind\") IN ('core', 'a\\\\b''c')) AND geometry_type($geometry) = 'Line'",
    ]
    assert [symbol.get("type") for symbol in document.findall("renderer-v2/symbols/symbol")] == [
        "fill",
        "marker",
        "line",
    ]
    # With a geometry type of its own the style could not be given to the parts of a mixed layer.
    assert document.find("layerGeometryType") is None
    assert len(list(draw(style, "any").iter("rule"))) == 6


def test_columns_have_chinese_names_and_coded_values_words():
    style = make_style(
        {"core": {"label": "核", "fill": "#000000"}, "other": {"label": "余"}}, class_column="kind"
    )
    document = draw(style, terms={"name": {"x": Text(zh="某", en="Some")}})
    aliases = {alias.get("field"): alias.get("name") for alias in document.iter("alias")}
    assert aliases == {"id": "标识", "name": "名称", "kind": "种类"}
    words = {
        field.get("name"): [
            (option.get("name"), option.get("value"))
            for option in field.iter("Option")
            if option.get("value")
        ]
        for field in document.iter("field")
    }
    assert words == {"name": [("某", "x")], "kind": [("核", "core")]}


def test_tables_and_layers_without_a_style_get_names_of_columns():
    for document in (
        draw(None),
        draw(None, "none"),
        draw(make_style({"all": {"label": "x"}}, label_column="name"), "none"),
    ):
        assert document.find("renderer-v2") is None
        assert document.find("labeling") is None
        assert document.get("labelsEnabled") == "0"
        assert [alias.get("name") for alias in document.iter("alias")] == ["标识", "名称", "种类"]


def test_hostile_words_stay_text():
    evil = "\"><script>'&"
    style = make_style({evil: {"label": evil, "fill": "#000000"}}, class_column="kind")
    (category,) = draw(style).iter("category")
    assert (category.get("value"), category.get("label")) == (evil, evil)
