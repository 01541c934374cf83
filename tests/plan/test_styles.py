"""The style file: everything it names exists, and what readers must tell apart differs."""

from __future__ import annotations

from itertools import combinations

import pandas as pd
import pytest
from pydantic import ValidationError

from spatial.plan.records import Plan
from spatial.plan.rules import read_rules
from spatial.plan.styles import OTHER, UNSTYLED, ClassStyle, LayerStyle, Styles, read_styles


def lightness(colour: str) -> float:
    """CIE lightness (0 black, 100 white) of ``#rrggbb``."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


def make_style(**changes: object) -> LayerStyle:
    plain = {"title": "甲", "group": "base", "order": 1, "classes": {"all": {"label": "甲"}}}
    return LayerStyle.model_validate(plain | changes)


def test_zones_and_lines_have_a_style_for_every_class_of_the_rules() -> None:
    styles = read_styles().layers
    assert set(styles["zones"].classes) == set(read_rules("zones").value("priority"))
    assert set(styles["lines"].classes) == set(read_rules("lines").value("priority"))


def test_zones_differ_in_grey_print() -> None:
    fills = [style.fill for style in read_styles().layers["zones"].classes.values()]
    for one, other in combinations(fills, 2):
        assert abs(lightness(one or "") - lightness(other or "")) > 8


def test_lines_differ_in_more_than_colour() -> None:
    looks = [(style.hatch, style.width) for style in read_styles().layers["lines"].classes.values()]
    assert len({hatch for hatch, _ in looks}) == len(looks)


def test_shown_layers_are_the_first_view() -> None:
    styles = read_styles()
    first = next(iter(styles.views.values()))
    assert {key for key, layer in styles.layers.items() if layer.show} == set(first.layers)


def test_every_text_has_both_languages() -> None:
    styles = read_styles()
    texts = [*styles.groups.values(), *(view.title for view in styles.views.values())]
    texts += [layer.title for layer in styles.layers.values()]
    texts += [one.label for layer in styles.layers.values() for one in layer.classes.values()]
    texts += [text for named in styles.terms.values() for text in named.values()]
    assert all(text.zh and text.en for text in texts)


def test_modes_and_methods_of_plans_have_words() -> None:
    circle = Plan.model_json_schema()["$defs"]["Circle"]["properties"]
    terms = read_styles().terms
    assert set(circle["mode"]["enum"]) == set(terms["mode"])
    assert set(circle["method"]["enum"]) == set(terms["method"])


def test_values_find_their_class() -> None:
    ranked = make_style(class_column="rank", classes={"1": {"label": "一"}, OTHER: {"label": "余"}})
    frame = pd.DataFrame({"rank": [1, 2]})
    assert ranked.classify(frame).tolist() == ["1", OTHER]
    assert ranked.classify(frame.astype(float)).tolist() == ["1", OTHER]
    strict = make_style(class_column="zone", classes={"a": {"label": "甲"}})
    found = strict.classify(pd.DataFrame({"zone": ["a", "unknown", None]}, index=[7, 8, 9]))
    assert found.to_dict() == {7: "a", 8: UNSTYLED, 9: UNSTYLED}
    assert strict.classify(pd.DataFrame({"id": ["x"]})).tolist() == [UNSTYLED]
    assert make_style().classify(pd.DataFrame({"id": ["x"]})).tolist() == ["all"]


def test_grades_are_upper_limits() -> None:
    classes = {"30": {"label": "丙"}, "15": {"label": "乙"}}
    graded = make_style(class_column="time_min", graded=True, classes=classes)
    times = pd.DataFrame({"time_min": [0.0, 15.0, 15.1, 30.0, 31.0, None]})
    assert graded.classify(times).tolist() == ["15", "15", "30", "30", UNSTYLED, UNSTYLED]


def test_rows_are_chosen_for_maps() -> None:
    frame = pd.DataFrame({"kind": ["ring", "core", "ring"]})
    assert len(make_style(where={"kind": ["ring"]}).select(frame)) == 2
    assert len(make_style(where={"kind": ["ring"]}, at_least=3).select(frame)) == 0
    assert len(make_style(where={"absent": ["x"]}).select(frame)) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"graded": True}, "without `class_column`"),
        ({"classes": {"a": {"label": "甲"}}}, "without `class_column`"),
        ({"class_column": "t", "graded": True, "classes": {"soon": {"label": "甲"}}}, "are numbers"),
        ({"classes": {}}, "at least 1"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_styles_that_cannot_be_drawn_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make_style(**changes)


def test_unknown_groups_and_layers_are_named() -> None:
    plain = ClassStyle.model_validate({"label": "甲"})
    view = {"title": "甲", "group": "base", "layers": ["moon"]}
    with pytest.raises(ValidationError, match="moon"):
        Styles.model_validate(
            {"version": "1", "groups": {"base": "甲"}, "unstyled": plain, "views": {"v": view}, "layers": {}}
        )
    with pytest.raises(ValidationError, match="base"):
        Styles.model_validate(
            {"version": "1", "groups": {}, "unstyled": plain, "layers": {"x": make_style()}}
        )


@pytest.mark.parametrize(
    ("minutes", "bands", "rings"),
    [
        ([15, 30], ["15 分钟以内", "15～30 分钟", "30～60 分钟", "60 分钟以上"], None),
        ([5], ["5 分钟以内"], ["5 分钟以内"]),
        ([30], ["30 分钟以内"], ["30 分钟以内"]),
        ([15, 60], ["15 分钟以内", "15～60 分钟"], ["15 分钟以内", "60 分钟以内"]),
        ([20, 45.5], ["20 分钟以内", "20～45.5 分钟"], ["20 分钟以内", "45.5 分钟以内"]),
        (
            [5, 10, 15, 90],
            ["5 分钟以内", "5～10 分钟", "10～15 分钟", "15～90 分钟"],
            ["5 分钟以内", "10 分钟以内", "15 分钟以内", "90 分钟以内"],
        ),
    ],
)
def test_legends_give_the_times_of_the_circles(
    minutes: list[float], bands: list[str], rings: list[str] | None
) -> None:
    forms = ("cumulative", "band", "beside")
    frame = pd.DataFrame([{"time_min": float(time), "form": form} for time in minutes for form in forms])
    fitted = read_styles().fit({"commute_circles": frame})
    assert [one.label.zh for one in fitted.layers["commute_bands"].classes.values()] == bands
    if rings is not None:
        style = fitted.layers["commute_circles"]
        assert [one.label.zh for one in style.classes.values()] == rings
        assert style.classify(style.select(frame)).tolist() == [f"{time:g}" for time in minutes]
        assert all("minutes" in one.label.en for one in style.classes.values())
    assert fitted.layers["zones"] == read_styles().layers["zones"]


def test_with_each_every_value_is_a_class_in_the_looks_of_the_file():
    style = read_styles().layers["ecosystem_zones"]
    names = [f"生态圈 {number:02d}" for number in range(1, 21)]
    frame = pd.DataFrame(
        {"ecosystem": ["", *names, names[0]], "ecosystem_en": ["", *"abcdefghijklmnopqrst", "a"]}
    )
    fitted = style.fit(frame)
    assert list(fitted.classes) == names
    assert (fitted.classes[names[1]].label.zh, fitted.classes[names[1]].label.en) == (names[1], "b")
    looks = list(style.classes.values())
    assert fitted.classes[names[len(looks)]].fill == looks[0].fill
    assert fitted.classify(fitted.select(frame)).tolist() == [*names, names[0]]
    assert style.fit(frame.head(1)).classes == style.classes
    assert len(style.fit(frame.head(1)).select(frame.head(1))) == 0
