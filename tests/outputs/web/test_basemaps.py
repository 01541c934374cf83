"""Basemaps: only on request, only what needs no key of another, and their hosts as a policy names them."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import xyzservices.providers

from spatial.errors import OutputError
from spatial.outputs.web.basemaps import choose_basemap

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import City

KEYLESS = sorted(name for name, one in xyzservices.providers.flatten().items() if not one.requires_token())


def test_every_keyless_provider_is_taken_whole_or_refused_in_words() -> None:
    taken = 0
    for name in KEYLESS:
        provider = xyzservices.providers.query_name(name)
        if (
            "3857" not in provider.get("crs", "3857")
            or provider.get("status") == "broken"
            or "bbox" in provider["url"]
        ):
            with pytest.raises(OutputError, match=r"Web Mercator|out of order"):
                choose_basemap(name)
            continue
        tiles, (warning,) = choose_basemap(name)
        taken += 1
        assert tiles is not None
        (address,) = tiles.addresses
        parts = urlsplit(address.replace("{s}", tiles.subdomains[0]))
        assert all(part in address for part in ("{z}", "{x}"))
        assert "{y}" in address or "{-y}" in address
        assert "<" not in address
        (host,) = tiles.hosts
        assert fnmatch.fnmatch(f"{parts.scheme}://{parts.netloc}", host)
        assert warning.zh
        assert warning.en
        assert tiles.shifted == name.startswith("Gaode")
    assert taken > 500


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("moon", "is not known"),
        ("Esri.WorldImagry", "near to it: Esri.WorldImagery"),
        ("MapBox", "needs a key"),
        ("Esri.ArcticImagery", "not in Web Mercator"),
        ("<script>", "is not known"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_remedy(name: str, said: str) -> None:
    with pytest.raises(OutputError, match=said):
        choose_basemap(name)


def test_a_provider_of_xyzservices_reaches_the_page_and_the_page_says_so(city: City, tmp_path: Path) -> None:
    (warning,) = city.write(tmp_path / "map.html", basemap="Esri.WorldImagery")
    text = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "img-src data: https://server.arcgisonline.com;" in text
    assert "World_Imagery/MapServer/tile/{z}/{y}/{x}" in text
    assert warning in text
    assert "需要联网" in warning


def test_no_basemap_leaves_no_address_of_a_tile_service(city: City, tmp_path: Path) -> None:
    city.write(tmp_path / "map.html")
    text = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "L.tileLayer(\n" not in text
    assert "autonavi" not in text
    assert "img-src data:;" in text
