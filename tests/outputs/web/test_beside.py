"""A second set of layers on one map: only what differs, under its own name, in views that say what each shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from spatial.outputs.web.beside import Beside, choose_beside, list_beside_views
from spatial.outputs.web.features import choose_layers
from spatial.outputs.web.pointer import describe_grid
from spatial.plan.base import Text

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import City

TITLE = Text(zh="方案二", en="Second")


def test_only_what_differs_is_drawn_again(city: City) -> None:
    shown = choose_layers(city.layers, city.styles, city.contracts)
    same = Beside(TITLE, dict(city.layers))
    assert choose_beside(same, shown, city.styles, city.contracts) == []
    assert choose_beside(None, shown, city.styles, city.contracts) == []
    towns = city.layers["towns"]
    other = Beside(TITLE, {**city.layers, "towns": towns.assign(name=towns["name"] + "新")})
    (layer,) = choose_beside(other, shown, city.styles, city.contracts)
    assert (layer.key, layer.style.group, layer.style.show) == ("beside_towns", "beside", False)
    assert layer.style.title.pick("zh") == "乡镇街道（方案二）"
    assert layer.style.order == city.styles.layers["towns"].order


def test_views_hold_what_the_second_set_has_and_nothing_it_lacks(city: City) -> None:
    shown = choose_layers(city.layers, city.styles, city.contracts)
    other = {key: frame for key, frame in city.layers.items() if key != "belts"}
    other["zones"] = city.layers["zones"].head(2)
    beside = Beside(TITLE, other)
    second = choose_beside(beside, shown, city.styles, city.contracts)
    views = {view["key"]: view["layers"] for view in list_beside_views(beside, second, shown, city.styles)}
    assert set(views) == {"beside_structure", "beside_zones"}
    assert "belts" not in views["beside_structure"]
    assert {"beside_zones", "cores", "towns", "territory"} <= set(views["beside_structure"])
    assert "zones" not in views["beside_zones"]


def test_the_same_two_sets_give_the_same_bytes(city: City, tmp_path: Path) -> None:
    beside = Beside(
        TITLE, {**city.layers, "zones": city.layers["zones"].head(2), "table": pd.DataFrame({"id": [1]})}
    )
    for name in ("one.html", "two.html"):
        city.write(tmp_path / name, beside=beside)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


@pytest.mark.parametrize("code", ["EPSG:3857", "EPSG:4490", "ESRI:102025", "EPSG:2436"])
def test_a_system_that_is_no_gauss_krueger_of_cgcs2000_is_not_written(code: str) -> None:
    assert describe_grid(code) is None
