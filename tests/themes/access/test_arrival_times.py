"""Tests of arrival times: they agree with the coverage and the promises made of the same journeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from spatial.plan.records import Circle
from spatial.themes.access.arrival_times import circle_times

if TYPE_CHECKING:
    from spatial.results import Build


def test_counts_are_those_of_the_coverage(jiyuan: Build) -> None:
    times, coverage = jiyuan.layers["circle_times"], jiyuan.layers["circle_coverage"]
    towns = times[times["target"].str.startswith("town-")]
    inside = towns[towns["state"] == "inside"].groupby("circle").size()
    told = coverage[(coverage["subject"] == "towns") & coverage["required_share"].isna()]
    assert len(told) == 3
    for row in told.itertuples():
        assert inside[row.circle] == row.inside


def test_margin_is_limit_less_arrival_and_agrees_with_the_promise(jiyuan: Build) -> None:
    times, promises = jiyuan.layers["circle_times"], jiyuan.layers["promises"].set_index("circle")
    known = times[times["time_min"].notna()]
    assert (known["margin_min"] == known["limit_min"] - known["time_min"]).all()
    assert ((known["margin_min"] >= 0) == (known["state"] == "inside")).all()
    plain = {town.code for town in jiyuan.plan.towns if "plain" in town.tags}
    rows = times[(times["circle"] == "plain_30") & times["target"].str.removeprefix("town-").isin(plain)]
    assert rows["margin_min"].min() == pytest.approx(promises.loc["plain_30", "margin_min"])


def test_earliest_first_in_the_order_of_the_plan(jiyuan: Build) -> None:
    times = jiyuan.layers["circle_times"]
    assert list(dict.fromkeys(times["circle"])) == [circle.id for circle in jiyuan.plan.circles]
    for _, rows in times.groupby("circle"):
        assert rows["time_min"].dropna().is_monotonic_increasing


def test_no_circles_no_rows(jiyuan: Build) -> None:
    from spatial.themes.access.margins import circle_margins

    specs: tuple[Circle, ...] = ()
    targets = jiyuan.layers["towns"].rename(columns={"id": "target"})[
        ["target", "name", "name_en", "accuracy_m", "geometry"]
    ]
    empty = circle_margins(
        circle_specs=specs,
        circle_reaches=targets.iloc[:0],
        circle_journeys={},
        circle_targets=targets,
        road_networks={},
        road_spec=None,
    )
    assert circle_times(specs, empty).empty
