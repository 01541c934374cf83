"""Inlining: nothing of a page stays outside it, and what has no carrier is an error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from xstatic.pkg import jquery, leaflet

from spatial.errors import OutputError
from spatial.outputs.web.offline import inline_page, read_script, read_stylesheet, write_policy


def carried(package: object, name: str) -> Path:
    return Path(package.BASE_DIR, name)  # type: ignore[attr-defined]


def test_leaflet_comes_whole_with_its_icons() -> None:
    page = inline_page(
        '<head><script src="https://cdn.example/npm/leaflet@1.9.3/dist/leaflet.js"></script></head>'
    )
    original = carried(leaflet, "leaflet.js").read_text(encoding="utf-8")
    assert original.split("//# sourceMappingURL")[0] in page
    assert page.count("data:image/png;base64,") == 3
    assert 'L.Icon.Default.imagePath = "";' in page
    assert "sourceMappingURL" not in page
    assert "cdn.example" not in page


def test_jquery_is_found_under_its_versioned_name() -> None:
    page = inline_page('<script src="https://code.example/jquery-3.7.1.min.js"></script>')
    assert carried(jquery, "jquery.min.js").read_text(encoding="utf-8")[:2000] in page


def test_stylesheet_images_become_data() -> None:
    page = inline_page('<link href="https://cdn.example/leaflet@1.9.3/leaflet.css" rel="stylesheet"/>')
    assert "<style>" in page
    assert set(re.findall(r"url\([\"']?(\w+:|#)", page)) == {"data:", "#"}


def test_all_that_is_missing_is_named_at_once() -> None:
    page = '<script src="https://cdn.example/a.js"></script><link rel="stylesheet" href="b.css"><script src="spatial/none.js"></script>'
    with pytest.raises(OutputError) as caught:
        inline_page(page)
    assert [fault.key for fault in caught.value.faults] == [
        "https://cdn.example/a.js",
        "spatial/none.js",
        "b.css",
    ]


def test_another_version_is_refused() -> None:
    with pytest.raises(OutputError, match=r"has version 1\.9\.3"):
        inline_page('<script src="leaflet@2.0.0/leaflet.js"></script>')


def test_other_links_and_inline_scripts_stay() -> None:
    page = '<link rel="icon" href="data:,"/><script>var a = 1;</script><link rel="stylesheet"/>'
    assert inline_page(page) == page


def test_own_scripts_come_from_beside_the_module() -> None:
    page = inline_page(
        '<script src="spatial/panel.js"></script><link rel="stylesheet" href="spatial/panel.css"/>'
    )
    assert "addPanel" in page
    assert ".plan-panel" in page


def test_a_script_that_would_end_its_tag_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bad.js"
    file.write_text('var a = "</script>";', encoding="utf-8")
    with pytest.raises(OutputError, match=r"bad\.js"):
        read_script(file)


@pytest.mark.parametrize(
    "text",
    [
        '@import "other.css";',
        "a{background:url(https://cdn.example/a.png)}",
        "a{background:url(none.png)}",
        "</style>",
    ],
)
def test_a_stylesheet_that_needs_more_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.css"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(OutputError, match=r"bad\.css"):
        read_stylesheet(file)


def test_the_policy_allows_images_of_named_hosts_only() -> None:
    policy = write_policy(("https://*.tianditu.gov.cn",))
    assert "img-src data: https://*.tianditu.gov.cn;" in policy
    assert "default-src &#x27;none&#x27;" in policy
    assert "connect-src" not in policy
