"""Quotas from a CSV file: read in UTF-8 and GBK, every bad row at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from spatial.errors import SourceError
from spatial.plan.parts.ledger import Ledger
from spatial.sources.quotas import complete_ledger

SPEC = Ledger(parcels="stock", quota_file="q.csv")


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gbk"])
def test_rows_are_quotas(tmp_path: Path, codec: str) -> None:
    text = "district,kind,area_ha\n甲镇,工业,12.5\n\n甲镇,居住,3\n"
    (tmp_path / "q.csv").write_bytes(text.encode(codec))
    made = complete_ledger(SPEC, tmp_path)
    assert [(one.district, one.kind, one.area_m2) for one in made.quotas] == [
        ("甲镇", "工业", 125_000.0),
        ("甲镇", "居住", 30_000.0),
    ]
    assert made.quota_file is None


def test_every_bad_row_is_named_with_its_line(tmp_path: Path) -> None:
    text = "乡镇,用途,公顷\n甲镇,工业,多\n甲镇,居住,-3\n,工业,1\n甲镇\n乙镇,工业,1\n"
    (tmp_path / "q.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        complete_ledger(SPEC, tmp_path)
    assert [fault.where for fault in caught.value.faults] == ["q.csv:2", "q.csv:3", "q.csv:4", "q.csv:5"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("district,kind\na,b\n", "area_ha"),
        ("", "column"),
        ("district,kind,area_ha\na,b,1\na,b,2\n", "given twice"),
    ],
)
def test_what_is_no_table_of_quotas_is_refused(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "q.csv").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=word):
        complete_ledger(SPEC, tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"q\.csv"):
        complete_ledger(SPEC, tmp_path)


def test_without_a_file_nothing_changes(tmp_path: Path) -> None:
    spec = Ledger.model_validate({"parcels": "s", "quotas": [{"district": "a", "kind": "b", "area": "1 ha"}]})
    assert complete_ledger(spec, tmp_path) is spec
    assert complete_ledger(None, tmp_path) is None
