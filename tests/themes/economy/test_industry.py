"""The industry map: a city of three districts worked out by hand, and what must not leave it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.checks.industry import industry_findings
from spatial.checks.industry_shown import industry_shown_findings
from spatial.outputs.papers.industry_chapter import tell_competition
from spatial.plan.contract import contract_of
from spatial.plan.parts.industry import Industry
from spatial.plan.rules import read_rules
from spatial.plan.styles import read_styles
from spatial.themes.economy import industry, industry_clusters, industry_pairs, industry_structure

CRS, METRIC = "EPSG:4490", "EPSG:4547"
RULES, CODES = read_rules("industry"), read_rules("industries")
UNITS = {"东区": shapely.box(114.2, 35.6, 114.3, 35.7), "西区": shapely.box(114.0, 35.6, 114.1, 35.7),
         "南区": shapely.box(114.1, 35.5, 114.2, 35.6)}  # fmt: skip
LAND = gpd.GeoDataFrame({"name": ["市"]}, geometry=[shapely.box(114.0, 35.5, 114.3, 35.7)], crs=CRS)


def draw_units(units: dict[str, Any] = UNITS) -> gpd.GeoDataFrame:
    rows = {"id": list(units), "name": list(units), "name_en": ""}
    return gpd.GeoDataFrame(rows, geometry=list(units.values()), crs=CRS)


def list_firms(*rows: tuple[str, str, int, float | None], **columns: Any) -> gpd.GeoDataFrame:
    """Firms as (unit, code, how many, jobs of each), side by side in their unit."""
    table = [(unit, code, jobs) for unit, code, many, jobs in rows for _ in range(many)]
    number = pd.Series([unit for unit, *_ in table]).groupby([unit for unit, *_ in table]).cumcount()
    at = [UNITS.get(unit, shapely.box(115, 36, 115.1, 36.1)).bounds[:2] for unit, *_ in table]
    frame = {
        "id": [f"firms-{row + 1:04d}" for row in range(len(table))],
        "name": [f"企业 {row + 1:04d}" for row in range(len(table))],
        "source": "firms", "illustrative": True,
        "code": [code for _, code, _ in table], "jobs": [jobs for *_, jobs in table],
    }  # fmt: skip
    points = [shapely.Point(x + 0.01 + 0.002 * (n % 40), y + 0.01 + 0.002 * (n // 40))
              for (x, y), n in zip(at, number, strict=True)]  # fmt: skip
    return gpd.GeoDataFrame(frame | columns, geometry=points, crs=CRS)


def make(
    firms: gpd.GeoDataFrame,
    links: pd.DataFrame | None = None,
    rules: dict[str, Any] | None = None,
    **given: Any,
) -> dict[str, Any]:
    """Run all nodes as the pipeline does, and hold the layers to their contracts."""
    table = RULES.override(rules or {})
    if links is not None:
        given |= {"links": "links"}
    spec = Industry.model_validate({"firms": "firms"} | given)
    frames, tables = {"firms": firms}, {"links": links} if links is not None else {}
    codes = industry.industry_codes(CODES)
    least = industry.industry_least(spec, table)
    grounds = industry.industry_grounds(spec, frames, draw_units(), draw_units({}))
    roll = industry.industry_roll(
        industry_spec=spec,
        source_frames=frames,
        industry_codes=codes,
        industry_grounds=grounds,
        territory=LAND,
    )
    made = industry_structure.industry_tabulation(
        industry_roll=roll,
        industry_grounds=grounds,
        industry_spec=spec,
        industry_least=least,
        industry_rules=table,
    )
    leading = industry_structure.industry_leading(made, table)
    units = industry_structure.industry_units(
        industry_tabulation=made, industry_leading=leading, industry_grounds=grounds, industry_codes=codes
    )
    chain = industry_pairs.industry_chain(spec, tables, roll)
    middles = industry_pairs.industry_middles(roll, grounds, least)
    layers = {
        industry.firms: industry.firms(roll, spec, codes, grounds),
        industry.industry_density: industry.industry_density(roll, METRIC, least, table),
        industry_structure.industry_structure: industry_structure.industry_structure(made, leading, codes),
        industry_structure.industry_units: units,
        industry_pairs.industry_similarity: industry_pairs.industry_similarity(
            industry_tabulation=made, industry_units=units, industry_middles=middles, industry_codes=codes, industry_rules=table,
            metric_crs=METRIC,
        ),
        industry_pairs.industry_links: industry_pairs.industry_links(
            industry_chain=chain, industry_roll=roll, industry_units=units, industry_middles=middles, industry_spec=spec,
            industry_least=least, industry_rules=table,
        ),
        industry_clusters.industry_clusters: industry_clusters.industry_clusters(
            industry_roll=roll, industry_tabulation=made, industry_codes=codes, industry_least=least,
            industry_rules=table, metric_crs=METRIC,
        ),
    }  # fmt: skip
    for function, frame in layers.items():
        contract = contract_of(function)
        assert contract is not None
        contract.schema(function.__name__).validate(frame)
    done = {function.__name__: frame for function, frame in layers.items()}
    found = industry_findings(
        industry_spec=spec, source_frames=frames, source_tables=tables, industry_roll=roll,
        industry_grounds=grounds, industry_codes=codes, industry_rules=table, plan_year=2019,
    )  # fmt: skip
    found += industry_shown_findings(
        industry_spec=spec, firms=done["firms"], industry_structure=done["industry_structure"],
        industry_units=units, industry_similarity=done["industry_similarity"], industry_chain=chain,
        industry_least=least, industry_rules=table,
    )  # fmt: skip
    return done | {"findings": found, "rules": sorted(finding.rule for finding in found)}


CITY = (("东区", "36", 6, 10.0), ("东区", "39", 4, 10.0), ("西区", "39", 6, 10.0), ("西区", "13", 4, 10.0),
        ("南区", "13", 5, 20.0))  # fmt: skip


def test_a_city_by_hand() -> None:
    city = make(list_firms(*CITY))
    table = city["industry_structure"].set_index(["unit", "code"])
    # East has 60 of its 100 jobs in vehicles, which the city has 60 of 300 in.
    row = table.loc[("东区", "36")]
    assert (row["firms"], row["jobs"], row["share"], row["quotient"], row["leading"]) == (
        6,
        60,
        0.6,
        pytest.approx(3.0),
        True,
    )
    assert table.loc[("东区", "39"), "quotient"] == pytest.approx(0.4 / (100 / 300))
    assert table.loc[("西区", "13"), "quotient"] == pytest.approx(0.4 / (140 / 300))
    assert not table.loc[("西区", "13"), "leading"]
    assert table.loc[("合计", "13"), ["firms", "jobs", "share"]].tolist() == [9, 140, 140 / 300]
    assert table.loc[("合计", ""), ["firms", "jobs"]].tolist() == [25, 300]
    units = city["industry_units"].set_index("name")
    assert units["leading"].to_dict() == {
        "东区": "汽车制造业、计算机、通信和其他电子设备制造业", "西区": "计算机、通信和其他电子设备制造业",
        "南区": "农副食品加工业",
    }  # fmt: skip
    assert units["family"].tolist() == ["vehicles", "electrical", "food"]
    assert units.loc["东区", "specialisation"] == pytest.approx(0.4 + abs(0.4 - 1 / 3) + 140 / 300)
    assert units.loc["南区", "diversity"] == 0
    pairs = city["industry_similarity"].set_index("name")
    # East and west share electronics: 40 * 60 / (sqrt(60² + 40²) sqrt(60² + 40²)).
    assert pairs.loc["东区—西区", "similarity"] == pytest.approx(2400 / 5200)
    assert pairs.loc["西区—南区", "similarity"] == pytest.approx(40 / np.sqrt(5200))
    assert pairs.loc["东区—南区", "similarity"] == 0
    assert set(pairs["verdict"]) == {"different"}
    assert pairs.loc["东区—西区", "shared"] == "计算机、通信和其他电子设备制造业"


def test_units_of_one_structure_compete() -> None:
    city = make(list_firms(("东区", "36", 5, 10.0), ("东区", "13", 5, 9.0), ("西区", "36", 5, 20.0),
                           ("西区", "13", 5, 19.0), ("南区", "65", 5, 5.0)))  # fmt: skip
    (finding,) = [one for one in city["findings"] if one.rule == "industry.competing"]
    assert "东区与西区" in finding.message_zh
    assert "汽车制造业" in finding.message_zh
    assert finding.geometry is not None
    pairs = city["industry_similarity"]
    assert pairs.loc[pairs["verdict"] == "competing", "name"].tolist() == ["东区—西区"]


def test_small_numbers_are_in_no_layer() -> None:
    """A firm of 7919 jobs is alone in its industry: neither it nor what tells of it is in any layer."""
    firms = list_firms(*CITY, ("南区", "65", 1, 7919.0), ("南区", "72", 4, 30.0), ("东区", "72", 4, 30.0))
    city = make(firms, show="none")
    assert city["firms"].empty
    table = city["industry_structure"].set_index(["unit", "code"])
    assert table.loc[("南区", "65"), "shown"] == "hidden"
    hidden = table[table["shown"] != "published"]
    assert hidden[["firms", "jobs", "output_wan", "share", "quotient"]].isna().all(axis=None)
    assert not hidden["leading"].any()
    shown = table[table["shown"] == "published"]["jobs"]
    assert not shown.isin([7919.0]).any()
    # Neither totals less parts, nor any measure, gives it away.
    south = table.loc["南区"]
    assert pd.isna(south.loc["", "jobs"]) or south["jobs"].isna().sum() > 1
    other = firms.assign(jobs=firms["jobs"].replace(7919.0, 7926.0))
    again = make(other, show="none")
    for name in ("industry_units", "industry_similarity", "industry_density", "industry_clusters"):
        pd.testing.assert_frame_equal(pd.DataFrame(city[name]), pd.DataFrame(again[name]))


def test_a_firm_that_is_nearly_all_of_an_industry_is_hidden() -> None:
    city = make(list_firms(*CITY, ("南区", "26", 3, 1.0), ("南区", "26", 1, 500.0)))
    table = city["industry_structure"].set_index(["unit", "code"])["shown"]
    assert table["南区", "26"] == "hidden"
    assert "industry.hidden" in city["rules"]
    open_ = make(list_firms(*CITY, ("南区", "26", 1, 500.0)), least_firms=1)
    assert set(open_["industry_structure"]["shown"]) == {"published"}
    assert "industry.all_shown" in open_["rules"]


def test_places_show_firms_without_numbers() -> None:
    city = make(list_firms(*CITY, output=50.0, role="重点"), show="places")
    assert len(city["firms"]) == 25
    assert city["firms"][["jobs", "output_wan"]].isna().all(axis=None)
    assert set(city["firms"]["role"]) == {"key"}
    assert "industry.points" not in city["rules"]
    assert "industry.points" in make(list_firms(*CITY), show="points")["rules"]


def test_numbers_of_single_firms_are_shown_only_where_asked_and_undo_what_is_kept_back() -> None:
    firms = list_firms(*CITY, ("南区", "65", 1, 7919.0), output=50.0)
    plain = make(firms)
    assert len(plain["firms"]) == 26
    assert plain["firms"][["jobs", "output_wan"]].isna().all(axis=None)
    asked = make(firms, show="points")
    assert asked["firms"]["jobs"].max() == 7919
    (told,) = [one for one in asked["findings"] if one.rule == "industry.points"]
    hidden = int((asked["industry_structure"]["shown"] == "hidden").sum())
    assert told.severity == "warning"
    assert f"{hidden} 个不公开的合计可由此算出" in told.message_zh
    # Nothing is kept back: the list undoes nothing.
    for city in (make(list_firms(*CITY), show="points"), make(firms, show="points", least_firms=1)):
        assert [one.severity for one in city["findings"] if one.rule == "industry.points"] == ["info"]


def test_why_a_number_is_hidden_is_not_told() -> None:
    """Of few firms, of one large firm, or for the sake of others: one word in every layer and every finding."""
    rows = (
        *CITY,
        ("南区", "65", 1, 30.0),
        ("南区", "26", 3, 1.0),
        ("南区", "26", 1, 500.0),
        ("东区", "72", 2, 9.0),
    )
    firms = list_firms(*rows, output=50.0)
    names = firms["name"].to_numpy()
    links = pd.DataFrame(
        {"supplier": names[:5], "buyer": names[[10, 11, 12, 20, 20]], "amount": "7"}, range(2, 7)
    )
    city = make(firms, links)
    table = city["industry_structure"]
    assert (table["shown"] == "hidden").sum() > 4
    for name, frame in city.items():
        if "shown" in getattr(frame, "columns", ()):
            assert set(frame["shown"]) <= {"published", "hidden"}, name
    (told,) = [one for one in city["findings"] if one.rule == "industry.hidden"]
    assert [int(number) for number in re.findall(r"\d+", told.message_zh)] == [
        len(table), (table["shown"] == "hidden").sum(), 3,
    ]  # fmt: skip
    words = read_styles().terms["shown"]
    assert set(words) == {"published", "hidden"}


def test_a_pair_of_which_something_is_hidden_is_undecided_below_the_limit() -> None:
    """West hides more than half of its jobs: it may be as East is."""
    rows = (("东区", "36", 5, 10.0), ("东区", "13", 5, 9.0), ("西区", "36", 5, 1.0), ("西区", "13", 2, 40.0),
            ("西区", "26", 2, 40.0), ("南区", "36", 5, 10.0), ("南区", "65", 5, 30.0))  # fmt: skip
    city = make(list_firms(*rows))
    pairs = city["industry_similarity"].set_index("name")
    assert (pairs["similarity"] < 0.85).all()
    assert (pairs["pooled"] > 0).all()
    assert set(pairs["verdict"]) == {"undecided"}
    whole = make(list_firms(*rows), least_firms=1)["industry_similarity"]
    assert (whole["pooled"] == 0).all()
    assert set(whole["verdict"]) == {"different"}
    (told,) = [one for one in city["findings"] if one.rule == "industry.undecided"]
    assert told.value == (pairs["verdict"] == "undecided").sum()
    assert read_styles().terms["verdict"]["undecided"].zh.startswith("未定")
    assert "未定" in tell_competition(city["industry_similarity"]).zh


def test_slips_of_unit_are_named() -> None:
    firms = list_firms(("东区", "36", 6, 10.0), ("东区", "391", 1, 9000.0), ("西区", "392", 6, 10.0),
                       ("西区", "13", 1, 900.0))  # fmt: skip
    output = np.full(len(firms), 100.0)
    output[3], output[9] = 1_000_000.0, np.nan
    found = [one for one in make(firms.assign(output=output))["findings"] if one.rule == "industry.slip"]
    assert [one.severity for one in found] == ["warning"] * 3
    # Electronics: one of 9000 jobs beside ten; the only firm of its division has none to be held against.
    assert [re.findall(r"第 (\d+) 行", one.message_zh) for one in found] == [["7"], ["4"], ["4"]]
    assert [
        "从业人员" in found[0].message_zh,
        "产值" in found[1].message_zh,
        "人均产值" in found[2].message_zh,
    ] == [True] * 3
    looser = make(firms.assign(output=output), rules={"slip.ratio": 1000, "slip.output_per_job": 200_000})
    (left,) = [one for one in looser["findings"] if one.rule == "industry.slip"]
    assert "产值超过" in left.message_zh
    assert "industry.slip" not in make(list_firms(*CITY, output=50.0))["rules"]


def test_hexagons_hide_few_firms_and_are_the_same_grid_everywhere() -> None:
    city = make(list_firms(*CITY, ("东区", "13", 1, 99.0)))
    cells = city["industry_density"]
    hidden = cells["shown"] != "published"
    assert cells.loc[hidden, ["firms", "jobs", "jobs_km2"]].isna().all(axis=None)
    assert (cells.loc[~hidden, "firms"] >= 3).all()
    assert cells["id"].is_unique
    alone = make(list_firms(*CITY[:2]))["industry_density"]
    assert set(alone["id"]) <= set(cells["id"])


def test_links_are_summed_between_units_and_drawn_from_supplier_to_buyer() -> None:
    firms = list_firms(*CITY)
    names = firms["name"].to_numpy()
    links = pd.DataFrame(
        {"supplier": [*names[:3], names[0], names[0], "无名厂", names[2]],
         "buyer": [*names[10:13], names[20], names[1], names[1], names[11]],
         "amount": ["10", "20", "30", "99", "5", "1", "-4"]},
        index=range(2, 9),
    )  # fmt: skip
    city = make(firms, links, show="points")
    lines = city["industry_links"]
    units = lines[lines["between"] == "units"].set_index("name")
    assert units.loc["东区 → 西区", ["links", "amount_wan", "shown"]].tolist() == [4, 60, "published"]
    assert units.loc["东区 → 南区", "shown"] == "hidden"
    assert pd.isna(units.loc["东区 → 南区", "amount_wan"])
    east, west = UNITS["东区"], UNITS["西区"]
    start, *_, end = units.loc["东区 → 西区", "geometry"].coords
    assert east.contains(shapely.Point(start))
    assert west.contains(shapely.Point(end))
    inside = units.loc["东区 → 东区", "geometry"]
    assert inside.is_ring
    assert east.contains(inside)
    single = lines[lines["between"] == "firms"]
    assert len(single) == 6
    assert single["amount_wan"].sum() == pytest.approx(164)
    found = {one.rule: one.message_zh for one in city["findings"]}
    assert "第 7 行“无名厂”" in found["industry.link_unknown"]
    assert "第 8 行 -4" in found["industry.link_amount"]
    quiet = make(firms, links, show="none")["industry_links"]
    assert set(quiet["between"]) == {"units"}
    assert (
        make(firms, links, show="places")["industry_links"]
        .query("between == 'firms'")["amount_wan"]
        .isna()
        .all()
    )


def test_links_without_their_columns_are_an_error() -> None:
    city = make(list_firms(*CITY), pd.DataFrame({"from": ["a"], "to": ["b"]}, index=[2]))
    assert [one.severity for one in city["findings"] if one.rule == "industry.no_link_column"] == [
        "error"
    ] * 2
    assert city["industry_links"].empty


def test_bad_firms_are_told_with_their_rows() -> None:
    firms = list_firms(*CITY, ("东区", "F39", 1, 5.0), ("东区", "998", 2, 5.0), ("远方", "36", 1, 5.0),
                       ("东区", "36", 1, -3.0), ("东区", "36", 1, None))  # fmt: skip
    firms = pd.concat([firms, firms.iloc[[0]].assign(id="firms-0099")], ignore_index=True)
    firms["year"] = [2019.0] * 25 + [2010.0] * (len(firms) - 25)
    firms["role"] = ["重点"] * 25 + ["老板"] * (len(firms) - 25)
    city = make(gpd.GeoDataFrame(firms, crs=CRS))
    found = {one.rule: one for one in city["findings"]}
    assert "第 26 行" in found["industry.unknown_code"].message_zh or "第 27 行" in found[
        "industry.unknown_code"].message_zh  # fmt: skip
    told = " ".join(one.message_zh for one in city["findings"] if one.rule == "industry.unknown_code")
    assert "39 计算机、通信和其他电子设备制造业" in told
    assert "97 国际组织" in told
    assert "第 29 行" in found["industry.outside"].message_zh
    assert "第 99 行" in found["industry.duplicate"].message_zh
    amounts = [one.message_en for one in city["findings"] if one.rule == "industry.jobs"]
    assert any("row 30" in text for text in amounts)
    assert any("row 31" in text for text in amounts)
    assert found["industry.year"].value == 7
    assert found["industry.role"].value == 7
    assert city["firms"]["state"].value_counts().to_dict() == {
        "counted": 27, "no_code": 3, "outside": 1, "duplicate": 1,
    }  # fmt: skip
    total = city["industry_structure"].query("unit == '合计' and code == ''")
    assert total["jobs"].tolist() == [300]


def test_lists_that_tell_nothing_are_errors() -> None:
    firms = list_firms(*CITY)
    for wrong, rule in (
        (make(firms.drop(columns="code")), "industry.no_column"),
        (make(firms.drop(columns="jobs")), "industry.no_column"),
        (make(firms.assign(code="xyz")), "industry.none"),
        (make(firms, units="nowhere"), "industry.no_units"),
    ):
        assert [one.severity for one in wrong["findings"] if one.rule == rule] == ["error"], rule
        for name in ("industry_units", "industry_similarity", "industry_density", "industry_clusters"):
            assert wrong[name] is not None
    assert (
        not make(firms.drop(columns="jobs"), measure="firms")["industry_units"]["specialisation"].isna().any()
    )


def test_a_firm_counts_where_the_list_says() -> None:
    firms = list_firms(*CITY, zone=["西区"] + [None] * 24)
    city = make(firms)
    assert city["firms"]["unit"].iloc[0] == "西区"
    assert [one.value for one in city["findings"] if one.rule == "industry.moved"] == [1]


def test_nothing_is_made_without_the_part() -> None:
    grounds = industry.industry_grounds(None, {}, draw_units(), draw_units())
    roll = industry.industry_roll(
        industry_spec=None, source_frames={}, industry_codes=industry.industry_codes(CODES),
        industry_grounds=grounds, territory=LAND.assign(id="t"),
    )  # fmt: skip
    assert roll.empty
    assert industry.firms(roll, None, industry.industry_codes(CODES), grounds).empty
    assert industry.industry_density(roll, METRIC, 3, RULES).empty


def test_firms_that_lie_together_more_than_others_are_a_cluster() -> None:
    """Twelve car makers within a kilometre among firms that lie far apart; bakers lie as all firms do."""
    random = np.random.default_rng(1)
    firms = list_firms(("西区", "36", 12, 10.0), ("西区", "13", 60, 10.0), ("南区", "36", 8, 10.0))
    xy = np.column_stack([random.uniform(114.0, 114.1, 80), random.uniform(35.6, 35.7, 80)])
    xy[:12] = np.array([114.05, 35.65]) + random.uniform(-0.004, 0.004, (12, 2))
    xy[72:] = np.column_stack([114.1 + 0.012 * np.arange(1, 9), np.full(8, 35.55)])
    firms = firms.set_geometry(shapely.points(xy), crs=CRS)
    found = make(firms)["industry_clusters"]
    cars = found[found["code"] == "36"]
    assert len(cars) == 1
    row = cars.iloc[0]
    assert (row["verdict"], row["firms"], row["units"]) == ("clustered", 12, "西区")
    assert row["share"] == pytest.approx(12 / 20)
    assert shapely.contains_properly(row["geometry"], shapely.points(xy[:12])).all()
    assert (found[found["code"] == "13"]["verdict"] == "with_all").all()


def test_a_cluster_that_leaves_one_firm_of_its_unit_keeps_its_numbers() -> None:
    firms = list_firms(("西区", "36", 6, 10.0), ("西区", "36", 1, 7919.0), ("西区", "13", 6, 9.0))
    xy = shapely.get_coordinates(firms.geometry.to_numpy())
    xy[6] = [114.09, 35.69]
    found = make(firms.set_geometry(shapely.points(xy), crs=CRS), rules={"suppress.dominance": 1})[
        "industry_clusters"
    ]
    row = found[found["code"] == "36"].iloc[0]
    assert row["shown"] == "hidden"
    assert pd.isna(row["jobs"])


def test_two_clusters_that_leave_one_firm_keep_their_numbers() -> None:
    firms = list_firms(("西区", "36", 13, 10.0), ("西区", "13", 6, 9.0))
    xy = np.column_stack([np.repeat([114.02, 114.08, 114.05], [6, 6, 1]), np.full(13, 35.62)])
    xy[:, 1] += 0.001 * (np.arange(13) % 6)
    xy[12] = [114.05, 35.69]
    xy = np.vstack([xy, np.column_stack([114.05 + 0.001 * np.arange(6), np.full(6, 35.65)])])
    found = make(firms.set_geometry(shapely.points(xy), crs=CRS))["industry_clusters"]
    cars = found[found["code"] == "36"]
    assert cars["shown"].tolist() == ["hidden", "hidden"]
    assert cars[["firms", "jobs", "share"]].isna().all(axis=None)
    assert found[found["code"] == "13"]["firms"].tolist() == [6]


def test_a_cluster_with_one_large_firm_keeps_its_numbers() -> None:
    """In the whole unit that firm is not nearly all, in the cluster it is."""
    firms = list_firms(("西区", "36", 5, 1.0), ("西区", "36", 1, 500.0), ("西区", "36", 8, 100.0))
    xy = np.column_stack([np.full(14, 114.02), 35.62 + 0.0005 * np.arange(14)])
    xy[6:] = np.column_stack([114.06 + 0.0005 * np.arange(8), np.full(8, 35.68)])
    found = make(firms.set_geometry(shapely.points(xy), crs=CRS))["industry_clusters"]
    # The other cluster hides too: the unit less its numbers would be those of that firm.
    assert found["shown"].tolist() == ["hidden", "hidden"]
    assert len(make(firms.set_geometry(shapely.points(xy), crs=CRS), least_firms=1)["industry_clusters"]) == 2


def place_clusters(sizes: list[int], jobs: list[float], loose: list[float]) -> gpd.GeoDataFrame:
    """Clusters of car makers in the west, far apart, and makers that lie alone; jobs of each."""
    amounts = np.concatenate([np.repeat(jobs, sizes), loose])
    firms = list_firms(("西区", "36", len(amounts), 1.0)).assign(jobs=amounts)
    middle = np.column_stack([114.005 + 0.025 * np.arange(len(sizes)), np.full(len(sizes), 35.62)])
    at = np.repeat(middle, sizes, axis=0)
    at[:, 1] += 0.0005 * np.concatenate([np.arange(size) for size in sizes])
    alone = np.column_stack([114.005 + 0.03 * np.arange(len(loose)), np.full(len(loose), 35.69)])
    return firms.set_geometry(shapely.points(np.vstack([at, alone])), crs=CRS)


def test_a_cell_less_its_clusters_is_not_of_one_firm() -> None:
    """Three firms are left beside the cluster, of which one has nearly all jobs."""
    firms = place_clusters([6], [10.0], [1.0, 1.0, 60.0])
    assert make(firms)["industry_clusters"]["shown"].tolist() == ["hidden"]
    even = place_clusters([6], [10.0], [20.0, 20.0, 20.0])
    assert make(even)["industry_clusters"]["shown"].tolist() == ["published"]


@pytest.mark.parametrize("seed", range(12))
def test_what_clusters_leave_of_a_cell_is_never_too_little(seed: int) -> None:
    """Table less what is published, the hidden clusters among the rest: nothing, or enough and not of one."""
    random = np.random.default_rng(seed)
    sizes = random.integers(5, 9, 3).tolist()
    firms = place_clusters(sizes, random.choice([1.0, 5.0, 10.0], 3).tolist(),
                           random.choice([1.0, 4.0, 90.0], random.integers(0, 4)).tolist())  # fmt: skip
    if seed % 2:
        firms.loc[0, "jobs"] = 400.0
    city = make(firms)
    cell = city["industry_structure"].set_index(["unit", "code"]).loc[("西区", "36")]
    told = city["industry_clusters"].query("shown == 'published'")
    if cell["shown"] == "hidden":
        assert told.empty
        return
    left, jobs = cell["firms"] - told["firms"].sum(), cell["jobs"] - told["jobs"].sum()
    assert len(city["industry_clusters"]) == 3
    if len(told):
        assert left == 0 or left >= 3
        inside = np.zeros(len(firms), dtype=bool)
        for shape in told.geometry:
            inside |= shapely.covers(shape, firms.geometry.to_numpy())
        assert (~inside).sum() == left
        assert left == 0 or firms["jobs"].to_numpy()[~inside].max() <= 0.85 * jobs


def test_a_hidden_cluster_is_part_of_what_is_left() -> None:
    """Beside a cluster of one large firm two firms are left, but nothing tells them from it."""
    firms = place_clusters([6, 5], [10.0, 1.0], [9.0, 9.0])
    firms.loc[6, "jobs"] = 100.0
    found = make(firms, rules={"suppress.dominance": 0.9})["industry_clusters"]
    assert found[["rank", "shown"]].to_numpy().tolist() == [[1, "published"], [2, "hidden"]]


def test_the_place_of_a_hidden_cluster_among_others_does_not_tell_its_size() -> None:
    firms = place_clusters([5, 9, 7], [10.0, 1.0, 10.0], [20.0, 20.0, 20.0])
    firms.loc[5, "jobs"] = 200.0
    found = make(firms)["industry_clusters"]
    assert found["firms"].tolist()[:2] == [7, 5]
    assert found["shown"].tolist() == ["published", "published", "hidden"]
    assert found["rank"].tolist() == [1, 2, 3]


def test_hidden_hexagons_of_a_unit_are_not_of_one_firm_together() -> None:
    table = pd.DataFrame({"size": [1, 2, 5, 6, 7], "sum": [500.0, 2.0, 50.0, 400.0, 70.0],
                          "max": [500.0, 1.0, 10.0, 80.0, 10.0], "unit": [0, 0, 0, 0, 1]})  # fmt: skip
    shown = industry._tell_shown(table, 3, 0.85)
    # 500 of 502, then 500 of 552 is one firm; 500 of 952 is not. The other unit hides nothing.
    assert shown.tolist() == ["hidden"] * 4 + ["published"]
    assert set(industry._tell_shown(table, 1, 0.85)) == {"published"}


def test_a_hundred_thousand_firms_take_seconds() -> None:
    random = np.random.default_rng(9)
    many = 100_000
    codes = random.choice([f"{number:02d}" for number in range(1, 98)], many)
    firms = gpd.GeoDataFrame(
        {"id": [f"firms-{row:06d}" for row in range(many)], "name": [f"企业 {row}" for row in range(many)],
         "source": "firms", "illustrative": True, "code": codes, "jobs": random.gamma(1, 50, many).round()},
        geometry=shapely.points(random.uniform(114.0, 114.3, many), random.uniform(35.5, 35.7, many)), crs=CRS,
    )  # fmt: skip
    start = time.process_time()
    city = make(firms)
    took = time.process_time() - start
    assert len(city["firms"]) == many
    assert took < 30, f"{took:.1f} s"


PLAN = """
name: trial
title: {zh: 试验, en: Trial}
year: 2019
territory: {source: land}
industry: {firms: firms, links: links, units: units, show: none}
sources:
  land: {file: land.geojson, illustrative: true}
  units: {file: units.geojson, illustrative: true}
  firms: {file: firms.csv, crs: "EPSG:4490", illustrative: true}
  links: {file: links.csv, illustrative: true}
outputs: {files: [geopackage, webmap, workbook, report]}
"""


def write_plan(folder: Path) -> Path:
    LAND.to_file(folder / "land.geojson")
    draw_units().to_file(folder / "units.geojson")
    firms = list_firms(*CITY, ("南区", "65", 1, 71.919375), ("南区", "72", 4, 30.0), ("东区", "72", 4, 30.0))
    table = pd.DataFrame(firms.drop(columns=["geometry", "id", "source", "illustrative"]))
    table["lon"], table["lat"] = firms.geometry.x, firms.geometry.y
    table.loc[len(table)] = ["无坐标企业", "36", 5.0, None, None]
    table.to_csv(folder / "firms.csv", index=False)
    names = table["name"]
    pd.DataFrame({"supplier": names[:2], "buyer": names[10:12].to_numpy(), "amount": [6421.375, 3]}).to_csv(
        folder / "links.csv", index=False
    )
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    return folder / "plan.yaml"


def test_what_is_hidden_is_in_no_file(tmp_path: Path) -> None:
    from zipfile import ZipFile

    from openpyxl import load_workbook

    from spatial.pipeline import build_plan, list_layers

    layers = [name for name in list_layers() if name == "firms" or name.startswith("industry_")]
    assert len(layers) == 7
    build = build_plan(write_plan(tmp_path), tmp_path / "out", only=layers)
    rules = build.layers["findings"]["rule"].tolist()
    assert "industry.hidden" in rules
    assert "sources.no_geometry" in rules
    secret = re.compile(rb"71\.9|6421\.|6[ ,]421|6424\.")
    assert secret.search((tmp_path / "firms.csv").read_bytes())
    for file in sorted((tmp_path / "out").iterdir()):
        data = file.read_bytes()
        if file.suffix in (".xlsx", ".docx"):
            book = ZipFile(file)
            data = b"".join(book.read(name) for name in book.namelist())
        if file.suffix == ".gpkg":
            for layer in gpd.list_layers(file)["name"]:
                frame = pd.DataFrame(
                    gpd.read_file(file, layer=layer).drop(columns="geometry", errors="ignore")
                )
                assert not secret.search(frame.to_csv().encode()), layer
        elif file.suffix != ".json":
            assert not secret.search(data), file.name
    sheet = load_workbook(next((tmp_path / "out").glob("*.xlsx")))["产业结构相似系数矩阵"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    start = next(at for at, row in enumerate(rows) if row[1:4] == ["东区", "西区", "南区"])
    matrix = np.array([row[1:4] for row in rows[start + 1 : start + 4]], dtype=float)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert np.diag(matrix).tolist() == [1, 1, 1]
