"""Tiles below the plan, only when asked for: what each service is, and what a user must know of it."""

from __future__ import annotations

import difflib
import html
import re
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import folium
import xyzservices.providers
from folium.template import Template

from spatial.errors import Fault, OutputError
from spatial.plan.base import Text

_KEY = re.compile(r"[0-9A-Za-z]{16,64}\Z")
_TIANDITU = (
    "https://t{{s}}.tianditu.gov.cn/{0}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={0}"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk="
)
_LARGEST_ZOOM = 19
_NEAR_NAMES = 3
# Providers of xyzservices whose tiles are in GCJ-02, which its records do not say.
_GCJ02 = "Gaode."
_MERCATOR = (None, "EPSG3857", "EPSG:3857")
_GAODE = "https://webrd0{s}.is.autonavi.com/appmaptile?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}"


@dataclass(frozen=True)
class Tiles:
    """A tile service.

    Parameters
    ----------
    addresses : tuple of str
        Addresses of its layers, lowest first, with ``{s}``, ``{x}``, ``{y}`` and ``{z}``.
    hosts : tuple of str
        The hosts they lie on: all that the page may ask.
    subdomains : str
        One letter each.
    credit : str
        Attribution that the service asks for.
    warning : Text
        What a user must know.
    shifted : bool
        Whether the tiles are in GCJ-02; the page then moves each one to where it belongs.
    most_zoom : int
        The largest zoom that has tiles; above it they are enlarged.
    from_south : bool
        Whether rows are counted from the south.
    """

    addresses: tuple[str, ...]
    hosts: tuple[str, ...]
    subdomains: str
    credit: str
    warning: Text
    shifted: bool = False
    most_zoom: int = 18
    from_south: bool = False

    def describe(self) -> dict[str, Any]:
        """Return what the page tells its reader: credit, hosts that it asks, warning."""
        warning = {"zh": self.warning.zh, "en": self.warning.en}
        return {"credit": self.credit, "hosts": list(self.hosts), "warning": warning}


class ShiftedTiles(folium.TileLayer):
    """A tile layer in GCJ-02, each tile drawn where its land lies in CGCS2000 (`tiles.js`)."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = "
        "SpatialMap.shiftedTiles({{ this.tiles|tojson }}, {{ this.options|tojavascript }});"
        "{% endmacro %}"
    )


_SERVICES = {
    "tianditu": Tiles(
        (_TIANDITU.format("vec"), _TIANDITU.format("cva")),
        ("https://*.tianditu.gov.cn",),
        "01234567",
        "天地图",
        Text(
            zh="底图“天地图”需要联网；您的密钥写在 map.html 中，分享前请想到这一点。",
            en="The Tianditu basemap needs a network; map.html holds your key: mind whom you give it to.",
        ),
    ),
    "osm": Tiles(
        ("https://tile.openstreetmap.org/{z}/{x}/{y}.png",),
        ("https://tile.openstreetmap.org",),
        "a",
        "© OpenStreetMap contributors",
        Text(
            zh="底图 OpenStreetMap 需要联网；其国界画法未经审核，不得公开使用。",
            en="The OpenStreetMap basemap needs a network; its borders are not approved for public maps.",
        ),
    ),
    "gaode": Tiles(
        (_GAODE,),
        ("https://*.is.autonavi.com",),
        "1234",
        "高德地图（GCJ-02）",
        Text(
            zh="底图“高德”是 GCJ-02 坐标，已按公开公式逐块移到 CGCS2000，仍差数米，"
            "不可据以描绘或量算；需要联网。",
            en="The Gaode basemap is in GCJ-02; its tiles are moved to CGCS2000 by the public formula, "
            "right to some metres: never draw or measure on it. It needs a network.",
        ),
        shifted=True,
    ),
}
_NO_KEY = Text(
    zh="没有有效的天地图密钥，地图不带底图；请提供密钥（16 位以上的字母和数字）。",
    en="There is no valid Tianditu key, so the map has no basemap; give one (16 letters or digits at least).",
)


def choose_basemap(name: str, tianditu_key: str | None = None) -> tuple[Tiles | None, list[Text]]:
    """Choose a tile service by name.

    Parameters
    ----------
    name : str
        ``none``, ``tianditu``, ``osm``, ``gaode``, or a provider of the package xyzservices, such as
        ``Esri.WorldImagery``, that needs no key.
    tianditu_key : str, optional
        Put into Tianditu's addresses; without a valid one there is no basemap.

    Returns
    -------
    Tiles or None
        None for no basemap.
    list of Text
        What a user must know.

    Raises
    ------
    OutputError
        The name is not known, or the provider needs a key, is out of order or not in Web Mercator.

    Examples
    --------
    >>> choose_basemap("none")
    (None, [])
    >>> tiles, warnings = choose_basemap("gaode")
    >>> "GCJ-02" in warnings[0].pick("en")
    True
    >>> choose_basemap("Esri.WorldImagery")[0].hosts
    ('https://server.arcgisonline.com',)
    """
    if name == "none":
        return None, []
    tiles = _SERVICES[name] if name in _SERVICES else _find_provider(name)
    if name != "tianditu":
        return tiles, [tiles.warning]
    # Only letters and digits: nothing else may reach the address, nor the page's template.
    if not _KEY.match(tianditu_key or ""):
        return None, [_NO_KEY]
    keyed = tuple(f"{address}{tianditu_key}" for address in tiles.addresses)
    return replace(tiles, addresses=keyed), [tiles.warning]


def add_tiles(plan_map: folium.Map, tiles: Tiles) -> None:
    """Add a tile service to a folium map, below all layers; its element ids are the same in every run."""
    kind = ShiftedTiles if tiles.shifted else folium.TileLayer
    for number, address in enumerate(tiles.addresses):
        layer = kind(
            address,
            attr=html.escape(tiles.credit),
            name=f"basemap {number}",
            subdomains=tiles.subdomains,
            max_zoom=_LARGEST_ZOOM,
            max_native_zoom=tiles.most_zoom,
            tms=tiles.from_south,
        )
        layer._id = str(number)
        plan_map.add_child(layer)


def _find_provider(name: str) -> Tiles:
    """Return a provider of xyzservices as tiles."""
    try:
        provider = xyzservices.providers.query_name(name)
    except ValueError:
        raise _refuse(name, "is not known", _suggest(name)) from None
    if provider.requires_token():
        raise _refuse(name, "needs a key of its own", "choose a provider without one; Tianditu takes a key")
    if provider.get("crs") not in _MERCATOR or "bbox" in provider["url"]:
        raise _refuse(name, "is not in Web Mercator, which the map is shown in", "choose another provider")
    if provider.get("status") == "broken":
        raise _refuse(name, "is out of order, as xyzservices says", "choose another provider")
    address = provider.build_url(fill_subdomain=False)
    shifted = provider.name.startswith(_GCJ02)
    if shifted:
        address = address.replace("http://", "https://", 1)
    return Tiles(
        (address,),
        (_find_host(address),),
        str(provider.get("subdomains", "abc")),
        str(provider.get("attribution", provider.name)) if not shifted else _SERVICES["gaode"].credit,
        _SERVICES["gaode"].warning if shifted else _warn_of(provider.name),
        shifted=shifted,
        most_zoom=int(provider.get("max_zoom", 18)),
        from_south=bool(provider.get("tms", False)),
    )


def _refuse(name: str, problem: str, remedy: str) -> OutputError:
    return OutputError(Fault("outputs", "basemap", f"'{name}' {problem}", remedy))


def _suggest(name: str) -> str:
    own = ["none", *_SERVICES]
    near = difflib.get_close_matches(name, [*own, *xyzservices.providers.flatten()], _NEAR_NAMES, 0.5)
    known = f"there are {', '.join(own)}, and the providers of xyzservices"
    return f"{known}; near to it: {', '.join(near)}" if near else known


def _find_host(address: str) -> str:
    """Return the host of an address as a content policy names it; subdomains become one wildcard."""
    parts = urlsplit(address)
    first, _, rest = parts.netloc.partition(".")
    host = f"*.{rest}" if "{s}" in first else parts.netloc
    return f"{parts.scheme}://{host}"


def _warn_of(name: str) -> Text:
    return Text(
        zh=f"底图 {name} 需要联网；其国界画法未经审核，不得公开使用。",
        en=f"The {name} basemap needs a network; its borders are not approved for public maps.",
    )
