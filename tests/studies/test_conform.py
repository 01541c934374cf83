"""Checking projects end to end on a small plan: files, exit codes, and whatever a file of projects may hold."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
import shapely.affinity
from typer.testing import CliRunner

from spatial import cli
from spatial.errors import PlanError, SourceError
from spatial.plan.findings import STORED_CRS
from spatial.plan.shelf import find_shelf
from spatial.studies.conform import Conformity, check_projects

PLAN = """\
name: small
title: {zh: 小县, en: Small county}
year: 2035
territory: {source: land}
zones:
  claims: [{zone: urban, source: zones, where: {zone: urban}}, {zone: farming, source: zones, where: {zone: farming}}]
lines:
  claims:
    - {line: permanent_farmland, source: lines, where: {line: permanent_farmland}}
    - {line: urban_boundary, source: lines, where: {line: urban_boundary}}
ledger:
  quotas: [{district: 甲镇, kind: 工业, area: 12 ha}, {district: 乙镇, kind: industry, area: 1 ha}]
  parcels: stock
sources:
  land: {file: land.geojson, crs: "EPSG:4490"}
  zones: {file: zones.geojson, crs: "EPSG:4490"}
  lines: {file: lines.geojson, crs: "EPSG:4490"}
  stock: {file: stock.geojson, crs: "EPSG:4490"}
"""
LAND = shapely.box(111.0, 34.9, 111.2, 35.1)
TOWN, FARM = shapely.box(111.05, 34.95, 111.1, 35.0), shapely.box(111.1, 34.95, 111.15, 35.0)
INSIDE = shapely.box(111.06, 34.96, 111.0625, 34.9625)
ACROSS = shapely.box(111.0985, 34.96, 111.101, 34.9625)


def write(path: Path, rows: list[dict[str, Any]], shapes: list[Any], crs: str = STORED_CRS) -> Path:
    frame = gpd.GeoDataFrame(rows, geometry=shapes, crs=STORED_CRS).to_crs(crs)
    frame.to_file(path)
    return path


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    (folder / "plan.yaml").write_text(PLAN, encoding="utf-8")
    write(folder / "land.geojson", [{"name": "小县"}], [LAND])
    write(folder / "zones.geojson", [{"zone": "urban"}, {"zone": "farming"}], [TOWN, FARM])
    write(
        folder / "lines.geojson", [{"line": "urban_boundary"}, {"line": "permanent_farmland"}], [TOWN, FARM]
    )
    stock = {"district": "甲镇", "kind": "工业", "status": "已供应"}
    write(folder / "stock.geojson", [stock], [shapely.box(111.055, 34.955, 111.06, 34.957)])
    return folder


def check(plan: Path, projects: Path, **more: Any) -> Conformity:
    return check_projects(plan, projects, **more)


def verdicts(made: Conformity) -> list[str]:
    return made.verdicts["verdict"].tolist()


SENT = {"id": "P1", "name": "厂房", "kind": "工业", "district": "甲镇"}


def test_forms_of_one_file_say_the_same(plan: Path, tmp_path: Path) -> None:
    rows = [SENT, SENT | {"id": "P2", "name": "二期"}]
    paths = [
        write(tmp_path / f"sent.{ending}", rows, [INSIDE, ACROSS]) for ending in ("gpkg", "geojson", "shp")
    ]
    metric = write(tmp_path / "metric.gpkg", rows, [INSIDE, ACROSS], "EPSG:4546")
    table = tmp_path / "sent.csv"
    lines = [
        f'{row["id"]},{row["name"]},工业,甲镇,"{shape.wkt}"'
        for row, shape in zip(rows, [INSIDE, ACROSS], strict=True)
    ]
    table.write_text("\n".join(["id,name,项目类型,乡镇,wkt", *lines]), encoding="utf-8")
    packed = tmp_path / "sent.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(paths[1], "folder/sent.geojson")
    made = [
        check(plan, path, crs="EPSG:4490" if path is table else None)
        for path in (*paths, metric, table, packed)
    ]
    for one in made:
        assert verdicts(one) == ["incomplete", "reject"]
        assert one.opinions["area_m2"].to_numpy() == pytest.approx(made[0].opinions["area_m2"], abs=0.1)


def test_boundary_point_text_is_read(plan: Path, tmp_path: Path) -> None:
    from spatial.engine.crs import transform_shapes

    (flat,) = transform_shapes([ACROSS], STORED_CRS, "EPSG:4546")
    points = shapely.get_coordinates(flat)[:-1]
    rows = [f"J{at},1,{y:.3f},{x:.3f}" for at, (x, y) in enumerate([*points, points[0]], 1)]
    head = [
        "[属性描述]",
        "坐标系=2000国家大地坐标系",
        "几度分带=3",
        "投影类型=高斯克吕格",
        "计量单位=米",
        "带号=37",
    ]
    text = [*head, "[地块坐标]", "5,6.3,地块一,二期,面,,工业,,@", *rows]
    path = tmp_path / "sent.txt"
    path.write_bytes("\r\n".join(text).encode("gbk"))
    made = check(plan, path)
    assert verdicts(made) == ["reject"]
    area = made.opinions.set_index("rule").loc["nr_farmland", "area_m2"]
    assert area == pytest.approx(float(shapely.area(flat)) * 0.4, rel=1e-2)


def test_files_are_whole_and_the_same_twice(plan: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "sent.gpkg", [SENT, SENT | {"id": "P2"}], [INSIDE, ACROSS])
    first, second = (
        check(plan, path, suggest=True, ledger=True, out=tmp_path / name).files for name in ("one", "two")
    )
    assert [file.name for file in first] == ["opinions.html", "opinions.xlsx", "opinions.gpkg"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    opinions = gpd.read_file(first[2], layer="opinions")
    assert {"project_id", "department", "rule", "verdict", "area_m2", "share"} <= set(opinions.columns)
    assert len(opinions) == 2 * 22
    assert gpd.read_file(first[2], layer="verdicts")["verdict"].tolist() == ["reject", "reject"]
    book = openpyxl.load_workbook(first[1])
    assert "部门意见" in book.sheetnames
    assert "用地指标扣减" in book.sheetnames


def test_users_texts_are_data(plan: Path, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>'; DROP TABLE opinions; --"
    rows = [
        SENT | {"id": "=1+1", "name": evil, "district": evil},
        SENT | {"id": evil, "name": "=HYPERLINK(1)"},
    ]
    path = write(tmp_path / "sent.gpkg", rows, [INSIDE, ACROSS])
    made = check(plan, path, out=tmp_path / "out", ledger=True)
    page = made.files[0].read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    book = openpyxl.load_workbook(made.files[1])
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert gpd.read_file(made.files[2], layer="verdicts")["id"].tolist() == ["=1+1", evil]


def test_pages_ask_for_nothing(plan: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "sent.gpkg", [SENT], [ACROSS])
    page = check(plan, path, out=tmp_path / "out").files[0].read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert "default-src 'none'" in page


def test_a_bow_tie_is_mended_and_said(plan: Path, tmp_path: Path) -> None:
    tie = shapely.Polygon([(111.06, 34.96), (111.07, 34.97), (111.07, 34.96), (111.06, 34.97)])
    path = write(tmp_path / "sent.gpkg", [SENT], [tie])
    made = check(plan, path)
    said = made.findings.set_index("rule").loc["sources.repaired"]
    assert "平方米变为" in said["message_zh"]
    assert made.projects["area_m2"][0] > 0


def test_ids_are_made_where_there_are_none_and_kept_apart(plan: Path, tmp_path: Path) -> None:
    bare = check(plan, write(tmp_path / "bare.geojson", [{"kind": "工业"}] * 2, [INSIDE, ACROSS]))
    assert bare.verdicts["id"].tolist() == ["project-0001", "project-0002"]
    assert "projects.no_id" in bare.findings["rule"].tolist()
    twice = check(plan, write(tmp_path / "twice.geojson", [SENT, SENT], [INSIDE, ACROSS]))
    assert twice.verdicts["id"].tolist() == ["P1", "P1-2"]
    assert "sources.duplicate_ids" in twice.findings["rule"].tolist()


def test_empty_shapes_are_named_and_a_file_of_them_refused(plan: Path, tmp_path: Path) -> None:
    some = write(tmp_path / "some.gpkg", [SENT, SENT | {"id": "P2"}], [INSIDE, None])
    made = check(plan, some)
    assert made.verdicts["id"].tolist() == ["P1"]
    assert "P2" in made.findings.set_index("rule").loc["sources.no_geometry", "message_zh"]
    with pytest.raises(SourceError, match="usable"):
        check(plan, write(tmp_path / "none.gpkg", [SENT], [None]))


def test_points_and_lines_are_judged_and_doubted(plan: Path, tmp_path: Path) -> None:
    line = shapely.LineString([(111.06, 34.97), (111.14, 34.97)])
    path = write(tmp_path / "sent.geojson", [SENT, SENT | {"id": "P2"}], [line, shapely.Point(111.12, 34.97)])
    made = check(plan, path, out=tmp_path / "out", suggest=True, ledger=True)
    assert verdicts(made) == ["reject", "reject"]
    assert "projects.no_area" in made.findings["rule"].tolist()


def test_a_million_vertices(plan: Path, tmp_path: Path) -> None:
    turn = np.linspace(0, 2 * np.pi, 1_000_000)
    round_ = shapely.Polygon(np.column_stack([111.1 + 0.01 * np.cos(turn), 34.97 + 0.01 * np.sin(turn)]))
    path = write(tmp_path / "sent.gpkg", [SENT], [round_])
    made = check(plan, path, out=tmp_path / "out")
    assert verdicts(made) == ["reject"]
    assert made.opinions.set_index("rule").loc["nr_farmland", "share"] == pytest.approx(0.5, abs=1e-4)
    assert made.files[0].stat().st_size < 300_000


def test_archives_of_every_kind(plan: Path, tmp_path: Path) -> None:
    sent = write(tmp_path / "sent.geojson", [SENT], [INSIDE])
    many, out = tmp_path / "many.zip", tmp_path / "outside.zip"
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(1000):
            archive.writestr(f"p{number}.geojson", sent.read_bytes())
    with pytest.raises(SourceError, match="several files") as caught:
        check(plan, many)
    assert len(str(caught.value)) < 2000
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../sent.geojson", sent.read_bytes())
    assert verdicts(check(plan, out)) == ["incomplete"]
    assert not (tmp_path.parent.parent / "sent.geojson").exists()


def test_what_is_outside_is_not_passed(plan: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "sent.geojson", [SENT], [shapely.box(113, 36, 113.01, 36.01)])
    made = check(plan, path, suggest=True)
    assert verdicts(made) == ["reject"]
    assert "projects.outside" in made.findings["rule"].tolist()
    assert set(made.opinions["verdict"]) == {"reject", "not_judged"}


def test_strange_values_are_named(plan: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "sent.geojson", [SENT | {"kind": "飞船"}], [INSIDE])
    made = check(plan, path)
    assert "飞船" in made.findings.set_index("rule").loc["projects.unknown_value", "message_zh"]


def test_quotas_are_drawn_in_order_and_not_twice(plan: Path, tmp_path: Path) -> None:
    def box(at: int) -> shapely.Polygon:
        return shapely.box(111.061 + 0.003 * at, 34.962, 111.0635 + 0.003 * at, 34.9645)

    stock = shapely.box(111.056, 34.9555, 111.059, 34.9565)
    rows = [SENT | {"id": f"P{at}"} for at in range(3)] + [SENT | {"id": "P9", "district": "丙镇"}]
    path = write(tmp_path / "sent.geojson", rows, [box(0), stock, box(1), box(2)])
    made = check(plan, path, ledger=True)
    draws = made.draws.set_index("project_id")
    assert draws.loc["P0", "before_ha"] == pytest.approx(12 - 10.13, abs=0.05)
    assert draws["verdict"].tolist() == ["reject", "pass", "reject", "not_judged"]
    assert draws.loc["P1", "new_ha"] == pytest.approx(0, abs=1e-6)
    assert draws.loc["P1", "before_ha"] == draws.loc["P0", "before_ha"]
    counted = draws[draws["counted"]]
    assert (counted["after_ha"] >= -1e-9).all()


UNITS = """\
functional_zones: {source: zones, units: towns}
sources:
  towns: {file: towns.geojson, crs: "EPSG:4490"}
"""


@pytest.fixture(scope="module")
def plan_with_towns(plan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("towns")
    for file in plan.glob("*.geojson"):
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "plan.yaml").write_text(PLAN.replace("sources:\n", UNITS), encoding="utf-8")
    halves = [shapely.box(111.0, 34.9, 111.1, 35.1), shapely.box(111.1, 34.9, 111.2, 35.1)]
    write(folder / "towns.geojson", [{"name": "甲镇"}, {"name": "乙镇"}], halves)
    return folder


def test_a_stated_district_is_held_against_the_map(plan_with_towns: Path, tmp_path: Path) -> None:
    away = shapely.box(113, 36, 113.01, 36.01)
    rows = [
        SENT,
        SENT | {"id": "P2", "district": "乙镇"},
        SENT | {"id": "P3"},
        SENT | {"id": "P4", "district": "丙镇"},
    ]
    path = write(tmp_path / "sent.geojson", rows, [INSIDE, INSIDE, away, ACROSS])
    made = check(plan_with_towns, path, ledger=True, out=tmp_path / "out")
    assert made.projects["located"].tolist() == ["甲镇", "甲镇", "", "甲镇 60.0%，乙镇 40.0%"]
    assert made.draws["verdict"].tolist() == ["reject", "not_judged", "not_judged", "not_judged"]
    assert "乙镇" in made.draws["text_zh"][1]
    assert "规划范围以外" in made.draws["text_zh"][2]
    said = made.findings.set_index("rule")
    assert "P2, P4" in said.loc["projects.district", "message_zh"]
    assert said.loc["projects.district", "severity"] == "warning"
    page = made.files[0].read_text(encoding="utf-8").split('<section class="page"')
    assert "填报所在区镇为“乙镇”" in page[3]
    assert "填报所在区镇为" not in page[2]


def test_an_overdraft_is_measured_and_hatches_nothing(plan: Path, tmp_path: Path) -> None:
    """The row is about what the quota lacks, which lies nowhere in particular."""
    path = write(tmp_path / "sent.geojson", [SENT], [shapely.box(111.07, 34.96, 111.0735, 34.9642)])
    made = check(plan, path, ledger=True, suggest=True)
    row = made.opinions.set_index("rule").loc["land_ledger"]
    draw = made.draws.iloc[0]
    over = draw["new_ha"] - draw["before_ha"]
    assert 1 < over < draw["new_ha"]
    assert row["verdict"] == "reject"
    assert row["area_m2"] == pytest.approx(over * 1e4)
    assert row["share"] == pytest.approx(over * 1e4 / made.projects["area_m2"][0])
    assert row.geometry is None
    assert f"核减新增用地 {over:,.4f} 公顷" in row["text_zh"]
    (cut,) = made.suggestions.to_dict("records")
    assert (cut["method"], cut["project_id"]) == ("trim", "P1")
    assert cut["kept"] == pytest.approx(1 - row["share"])


PRINTED = "6 无法避让且符合县级以上规划的线性基础设施、通讯、防洪、供水及既有合法设施运行维护"


def test_headings_that_the_form_prints_are_read(plan: Path, tmp_path: Path) -> None:
    rows = [
        {"标识": "甲-1", "项目名称": "路", "项目类型": "交通", "区镇": "甲镇", "有限人为活动类别": text, "建设单位": "某公司",
         "项目代码": "2026-01", "备注": "x"}
        for text in ("6", PRINTED, PRINTED[2:])
    ]  # fmt: skip
    for number, row in enumerate(rows):
        row["标识"] = f"甲-{number}"
    made = check(plan, write(tmp_path / "sent.geojson", rows, [INSIDE] * 3), out=tmp_path / "out")
    assert made.projects["id"].tolist() == ["甲-0", "甲-1", "甲-2"]
    assert set(made.projects["activity"]) == {"linear"}
    assert set(made.projects["district"]) == {"甲镇"}
    said = made.findings.set_index("rule")["message_zh"]
    assert "备注" in said["projects.unknown_columns"]
    assert "建设单位" not in said["projects.unknown_columns"]
    assert "projects.unknown_value" not in said
    page = made.files[0].read_text(encoding="utf-8")
    assert page.count("<td>某公司</td>") == 3
    assert page.count("<th>经办人</th>") == 3


def test_attributes_are_given_for_a_whole_file(plan: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "sent.geojson", [{"id": "P1"}, SENT | {"id": "P2", "kind": "居住"}], [INSIDE] * 2)
    made = check(plan, path, attributes=["kind=工业", "所在区镇=甲镇"])
    assert made.projects["kind"].tolist() == ["industry", "housing"]
    assert made.projects["district"].tolist() == ["甲镇", "甲镇"]
    with pytest.raises(PlanError, match="飞船") as caught:
        check(plan, path, attributes=["kind=飞船", "colour=red"])
    assert "colour" in str(caught.value)


def test_what_was_mended_and_what_is_shared_stands_on_the_page(plan: Path, tmp_path: Path) -> None:
    tie = shapely.Polygon([(111.06, 34.96), (111.07, 34.97), (111.07, 34.96), (111.06, 34.97)])
    beside = shapely.box(111.08, 34.96, 111.082, 34.962)
    rows = [SENT | {"id": name, "name": name} for name in ("T1", "A1", "B1")]
    path = write(tmp_path / "sent.geojson", rows, [tie, beside, shapely.affinity.translate(beside, 0.001)])
    made = check(plan, path, out=tmp_path / "out")
    pages = made.files[0].read_text(encoding="utf-8").split('<section class="page"')[2:]
    assert ["已修复" in page for page in pages] == [True, False, False]
    assert ["用地重叠" in page for page in pages] == [False, True, True]
    shared = made.findings.set_index("rule").loc["projects.shared_land_of_project"]
    assert shared["feature_id"].tolist() == ["A1", "B1"]
    half = f"{made.projects['area_m2'][1] / 2:,.0f} m²"
    assert half in made.findings.set_index("rule").loc["projects.shared_land", "message_zh"]


def test_rules_are_told_in_words(plan: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "sent.geojson", [SENT], [INSIDE])
    book = openpyxl.load_workbook(check(plan, path, out=tmp_path / "out").files[1])
    texts = [str(cell.value) for row in book["审查规则"].iter_rows() for cell in row if cell.value]
    assert not [text for text in texts if "{" in text or "('" in text or "overlaps" in text]
    assert "只审查项目类型为居住、工业的项目" in texts
    assert book["部门意见"].oddHeader.left.text == "小县"


def test_archives_say_what_they_lack_and_where_their_paths_lead(plan: Path, tmp_path: Path) -> None:
    empty, out = tmp_path / "empty.zip", tmp_path / "outside.zip"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(SourceError, match="holds no boundary point"):
        check(plan, empty)
    sent = write(tmp_path / "sent.geojson", [SENT], [INSIDE])
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../sent.geojson", sent.read_bytes())
    assert "../" in check(plan, out).findings.set_index("rule").loc["sources.member_paths", "message_zh"]


def run(*words: object) -> Any:
    return CliRunner().invoke(cli.app, [str(word) for word in words])


RULES = """\
name: few
version: "1"
title: {zh: 表, en: Table}
tolerance: {area: 1 m2, width: 1 mm}
departments:
  - key: agriculture
    name: {zh: 农业, en: Agriculture}
    rules:
      - {id: farm, title: {zh: 农业空间, en: Farming}, layer: zones, where: {zone: farming}, relation: overlaps,
         verdict: conditional, todo: {zh: 补划, en: Replace}, basis: {zh: 例, en: e}, confidence: default}
"""
LACKING = """  - key: heritage
    name: {zh: 文物, en: Heritage}
    rules:
      - {id: sites, title: {zh: 文物, en: Sites}, source: nowhere, relation: overlaps, verdict: reject,
         basis: {zh: 例, en: e}, confidence: default}
"""


@pytest.mark.parametrize(
    ("rules", "shape", "said", "code"),
    [
        (RULES, INSIDE, "pass", 0),
        (RULES, ACROSS, "conditional", 0),
        (RULES + LACKING, INSIDE, "incomplete", 1),
        (RULES + LACKING, ACROSS, "incomplete", 1),
        (RULES.replace("conditional", "reject"), ACROSS, "reject", 1),
    ],
)
def test_exit_codes(
    plan: Path, tmp_path: Path, rules: str, shape: shapely.Polygon, said: str, code: int
) -> None:
    """What nobody looked at is not agreed: it outranks conditions, on the sheet and in the exit code."""
    table = tmp_path / "few.yaml"
    table.write_text(rules, encoding="utf-8")
    path = write(tmp_path / "sent.geojson", [SENT], [shape])
    done = run("conform", plan, path, "-o", tmp_path / "out", "--departments", table)
    assert done.exit_code == code
    assert verdicts(check(plan, path, departments=table)) == [said]
    assert (tmp_path / "out" / "opinions.html").is_file()


def test_bad_questions_are_refused(plan: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "sent.geojson", [SENT], [INSIDE])
    with pytest.raises(PlanError, match="tolerance"):
        check(plan, path, tolerance=["5 km/h"])
    with pytest.raises(SourceError, match="no such file"):
        check(plan, tmp_path / "nowhere.shp")
    (tmp_path / "sent.csv").write_text(f'id,wkt\na,"{INSIDE.wkt}"\n', encoding="utf-8")
    with pytest.raises(SourceError, match="--crs"):
        check(plan, tmp_path / "sent.csv")
    with pytest.raises(SourceError, match="--crs says"):
        check(plan, write(tmp_path / "sent.gpkg", [SENT], [INSIDE]), crs="EPSG:4547")
    text = (plan / "plan.yaml").read_text(encoding="utf-8")
    bare = tmp_path / "bare"
    bare.mkdir()
    for file in plan.glob("*.geojson"):
        (bare / file.name).write_bytes(file.read_bytes())
    (bare / "plan.yaml").write_text(
        text[: text.index("ledger:")] + text[text.index("sources:") :], encoding="utf-8"
    )
    with pytest.raises(PlanError, match="land ledger"):
        check(bare, path, ledger=True)


def test_the_ten_samples_touch_every_verdict(tmp_path: Path) -> None:
    projects = find_shelf() / "jiyuan" / "projects.geojson"
    assert all(
        row["properties"]["illustrative"] for row in json.loads(projects.read_text("utf-8"))["features"]
    )
    made = check_projects("jiyuan", projects, suggest=True, ledger=True, out=tmp_path)
    assert len(made.verdicts) == 10
    assert set(made.verdicts["verdict"]) == {"pass", "conditional", "reject", "incomplete"}
    assert set(made.suggestions["method"]) == {"trim", "shift", "none"}
    assert made.opinions["touch"].any()
    assert "示意数据" in made.files[0].read_text(encoding="utf-8")
