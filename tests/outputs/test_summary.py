"""The summary in the terminal: right numbers, readable at any width, deaf to markup."""

import io

import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console

from spatial.outputs.summary import print_summary
from spatial.plan.contract import Column, Contract
from spatial.plan.findings import Finding, frame_findings

EVIL = "[red]承留镇[/red] [link=x]\x1b[31m\u202e"


def text(zh, en):
    return Column("text", zh, en, nullable=True)


def number(zh, en):
    return Column("number", zh, en, nullable=True)


CONTRACTS = {
    "zone_balance": Contract(
        "平衡表",
        "Balance",
        "none",
        {
            "section": text("部分", "Section"),
            "key": text("代码", "Key"),
            "area_ha": number("面积（公顷）", "Area (ha)"),
            "share": number("占比", "Share"),
            "parts": Column("integer", "图斑数", "Parts"),
        },
    ),
    "circle_coverage": Contract(
        "通勤圈承诺",
        "Promises",
        "none",
        {
            "circle": text("圈层", "Circle"),
            "promise": text("目标", "Promise"),
            "subject": text("对象", "Subject"),
            "method": text("方法", "Method"),
            "inside": number("圈内", "Inside"),
            "total": number("总量", "Total"),
            "share": number("占比", "Share"),
            "required_share": number("要求", "Required"),
            "verdict": text("结论", "Verdict"),
            "outside": text("圈外", "Outside"),
        },
    ),
    "belts": Contract("带", "Belts", "Polygon"),
}
BALANCE = pd.DataFrame(
    [
        ("b1", "生态空间", "zone", "ecology", 100234.5, 0.5190, 12),
        ("b2", "农业空间", "zone", "farming", 70234.25, 0.3637, 5),
        ("b3", "城镇空间", "zone", "urban", 22656.25, 0.1173, 1),
        ("b4", "永久基本农田", "line", "permanent_farmland", 40123.0, 0.2078, 3),
        ("b5", "济源市", "territory", "territory", 193125.0, 1.0, 1),
    ],
    columns=["id", "name", "section", "key", "area_ha", "share", "parts"],
)
COVERAGE = pd.DataFrame(
    [
        ("c1", "15 分钟核心圈：面积", "c15", "core", "area", "buffer", 31.25, 31.25, 1.0, 1.0, "kept", ""),
        (
            "c2",
            "30 分钟圈：镇",
            "c30",
            "towns[tag=plain]",
            "towns",
            "buffer",
            8,
            11,
            8 / 11,
            1.0,
            "broken",
            f"王屋镇、{EVIL}",
        ),
        (
            "c3",
            "30 分钟圈：人口",
            "c30",
            "towns[tag=plain]",
            "people",
            "buffer",
            150_000,
            200_000,
            0.75,
            None,
            "info",
            "50000",
        ),
        (
            "c4",
            "60 分钟圈：人口",
            "c60",
            "territory",
            "people",
            "buffer",
            None,
            None,
            None,
            1.0,
            "undecidable",
            "没有人口数据",
        ),
        ("c5", "60 分钟圈：全域", "c60", None, "area", "buffer", 1.0, 2.0, 0.5, None, "info", "1.00 km2"),
    ],
    columns=["id", "name", *CONTRACTS["circle_coverage"].columns],
)
FINDINGS = [
    Finding(
        "structure.count", "error", "belts", "", f"要 2 条带，只有 1 条{EVIL}", "2 belts wanted, 1 given"
    ),
    *(Finding("belts.outside", "warning", "belts", f"belt-{n:02d}", "越界", "outside") for n in range(23)),
    *(Finding("zones.unclaimed", "info", "zones", "", "未划定", "unclaimed") for _ in range(4)),
]


def show(width=80, *, layers=None, findings=(), files=(), language="zh", title="济源", colour=False):
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        highlight=False,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
    )
    layers = {"zone_balance": BALANCE, "circle_coverage": COVERAGE} if layers is None else layers
    print_summary(console, layers, CONTRACTS, frame_findings(findings), files, language=language, title=title)
    return stream.getvalue()


def row(output, *words):
    (line,) = [line for line in output.splitlines() if all(word in line for word in words)]
    return line.split()


def test_balance_adds_up_to_the_territory():
    output = show()
    assert row(output, "生态空间") == ["生态空间", "100,234.50", "51.90%", "12"]
    assert row(output, "三区合计", "%") == ["三区合计", "193,125.00", "100.00%", "18"]
    assert row(output, "济源市") == ["济源市", "193,125.00", "100.00%", "1"]
    assert "三区合计减规划范围: +0.00 m2" in output
    assert output.index("济源市") < output.index("永久基本农田")


def test_a_gap_of_a_square_metre_shows():
    balance = BALANCE.assign(area_ha=BALANCE["area_ha"].where(BALANCE["key"] != "urban", 22656.2499))
    assert "三区合计减规划范围: -1.00 m2" in show(layers={"zone_balance": balance})


def test_promises_have_numbers_and_those_outside_are_named():
    output = show()
    assert row(output, "√ 兑现") == [
        "√",
        "兑现",
        "15",
        "分钟核心圈：面积",
        "31.2",
        "/",
        "31.2",
        "km2",
        "100.00%",
        "100.00%",
    ]
    assert row(output, "× 未兑现")[-6:] == ["8", "/", "11", "个", "72.73%", "100.00%"]
    assert "towns[tag=plain]" in output
    assert "30 分钟圈：镇 · 圈外: 王屋镇、[red]承留镇[/red]" in output
    assert row(output, "- 参考")[-6:] == ["150,000", "/", "200,000", "人", "75.00%", "-"]
    assert "50000" not in output
    assert row(output, "? 无法判定")[-6:] == ["-", "/", "-", "人", "-", "100.00%"]
    assert "60 分钟圈：人口 · 原因: 没有人口数据" in output
    assert "全域" not in output


def test_a_promise_missed_by_a_trace_does_not_read_as_whole():
    coverage = COVERAGE.iloc[[0]].assign(share=0.999999, verdict="broken")
    assert row(show(layers={"circle_coverage": coverage}), "×")[-2:] == [">99.99%", "100.00%"]


def test_errors_and_warnings_are_listed_and_notes_counted():
    output = show(findings=FINDINGS)
    assert "检查结果: 1 错误 · 23 警告 · 4 提示" in output
    assert output.count("belts.outside · 带 · belt-") == 20
    assert "另有 3 条" in output
    assert "zones.unclaimed (x4)" in output
    assert output.count("未划定") == 1
    assert output.index("structure.count") < output.index("belts.outside") < output.index("zones.unclaimed")


def test_no_findings_are_said_too():
    assert "检查结果: 无" in show()


def test_english_and_both():
    english = show(language="en", findings=FINDINGS)
    assert row(english, "Ecological space")[-3:] == ["100,234.50", "51.90%", "12"]
    assert "Findings: 1 error · 23 warning · 4 note" in english
    assert "2 belts wanted, 1 given" in english
    assert "要 2 条带" not in english
    both = show(language="both", findings=FINDINGS)
    assert "生态空间 Ecological space" in both
    assert "要 2 条带" in both
    assert "2 belts wanted, 1 given" in both


@pytest.mark.parametrize("language", ["zh", "en", "both"])
@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_wider_than_the_terminal_and_columns_stand_in_line(width, language):
    output = show(width, language=language, findings=FINDINGS)
    assert max(cell_len(line) for line in output.splitlines()) <= width
    assert "…" not in output
    ends = {cell_len(line.rstrip()) for line in output.splitlines() if line.rstrip().endswith("100.00%")}
    assert len(ends) <= 2, "the balance and the promises"


def test_markup_and_control_characters_of_users_do_nothing():
    output = show(findings=FINDINGS, title=EVIL, files=[])
    assert "[red]承留镇[/red]" in output
    assert "\x1b" not in output
    assert "\u202e" not in output
    coloured = show(findings=[FINDINGS[0]], layers={}, title="题", colour=True)
    assert "[red]承留镇[/red] [link=x]" in coloured
    assert "\x1b[31m" not in coloured


def test_what_is_missing_is_left_out():
    output = show(layers={"zone_balance": BALANCE.iloc[:0]}, findings=[])
    assert "平衡表" not in output
    assert "通勤圈承诺" not in output
    assert "通勤圈承诺" not in show(layers={"circle_coverage": COVERAGE.tail(1)})
    zones = BALANCE[BALANCE["section"] == "zone"]
    assert "减" not in show(layers={"zone_balance": zones})


def test_files_have_sizes_and_unbroken_paths(tmp_path):
    long = tmp_path / ("很长的文件名" * 12 + "[red].gpkg")
    long.write_bytes(b"x" * 1_234_567)
    output = show(files=[long, tmp_path / "gone.html"])
    assert f"1.2 MB  {long}\n" in output
    assert f"-  {tmp_path / 'gone.html'}\n" in output


def test_own_words_are_known_to_gbk_terminals():
    plain = [finding for finding in FINDINGS if "\x1b" not in finding.message_zh]
    for language in ("zh", "en", "both"):
        show(findings=plain, language=language).encode("gbk")
