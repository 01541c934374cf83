"""Addresses never hold a password, and no message ever repeats one."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from spatial.errors import OutputError, SpatialError
from spatial.plan.postgres import read_address

pytest.importorskip("psycopg", reason="psycopg is not installed: extra postgis")

SECRET = "Geheim-7351"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://wang@10.0.0.5:5433/plan", "wang@10.0.0.5:5433/plan"),
        ("postgres://10.0.0.5/plan?sslmode=require", "10.0.0.5/plan"),
        ("postgresql://%E7%8E%8B@host/%E8%A7%84%E5%88%92", "王@host/规划"),
        ("postgresql:///plan", "localhost/plan"),
        ("postgresql://host:5432/plan?application_name=a@b", "host:5432/plan"),
    ],
)
def test_addresses_are_shown_without_what_one_need_not_know(url: str, shown: str) -> None:
    assert str(read_address(url)) == shown


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://wang:{SECRET}@host/plan",
        f"postgresql://wang@host/plan?password={SECRET}",
        f"postgresql://wang:{SECRET}/x@host/plan",
        f"postgresql://wang:{SECRET}#@host:port/plan",
        f"postgresql://wang:{SECRET}@host",
        f"host=host user=wang password={SECRET} dbname=plan",
        f"mysql://wang:{SECRET}@host/plan",
        f"postgresql://wang:%zz{SECRET}@host/plan",
    ],
)
def test_a_password_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(OutputError) as caught:
        read_address(url, "--at")
    text = f"{caught.value} {caught.value.__cause__}"
    assert SECRET not in text
    assert "--at" in text


@given(st.text(max_size=30))
@example("postgresql://[::1/plan")
@example("postgresql://a@b:99999999/plan")
def test_any_text_is_read_or_refused(text: str) -> None:
    for url in (text, f"postgresql://{text}", f"postgresql://wang:{SECRET}{text}@host/plan"):
        said = ""
        try:
            read_address(url)
        except SpatialError as error:
            said = str(error)
        assert SECRET not in said
        assert said or SECRET not in url


@pytest.mark.parametrize(
    ("url", "words"), [("plan.gpkg", "no address"), ("postgresql://host", "names no database")]
)
def test_what_is_no_address_is_told_how_to_be_written(url: str, words: str) -> None:
    with pytest.raises(OutputError, match=f"{words}.*postgresql://USER@HOST"):
        read_address(url)
