"""Tiles below the plan, only when asked for: what each service is, and what a user must know of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from spatial.errors import Fault, OutputError
from spatial.plan.base import Text

_KEY = re.compile(r"[0-9A-Za-z]{16,64}\Z")
_TIANDITU = (
    "https://t{{s}}.tianditu.gov.cn/{0}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={0}"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk="
)
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
    """

    addresses: tuple[str, ...]
    hosts: tuple[str, ...]
    subdomains: str
    credit: str
    warning: Text


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
            zh="底图“高德”是 GCJ-02 坐标，与规划图层相差数百米，不可据以描绘或量算；需要联网。",
            en="The Gaode basemap is in GCJ-02, some hundred metres off the plan's layers: never draw or "
            "measure on it. It needs a network.",
        ),
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
        ``none``, ``tianditu``, ``osm`` or ``gaode``.
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
        The name is not known.

    Examples
    --------
    >>> choose_basemap("none")
    (None, [])
    >>> tiles, warnings = choose_basemap("gaode")
    >>> "GCJ-02" in warnings[0].pick("en")
    True
    """
    if name == "none":
        return None, []
    if name not in _SERVICES:
        remedy = f"there is none, {', '.join(_SERVICES)}"
        raise OutputError(Fault("outputs", "basemap", f"'{name}' is not known", remedy))
    tiles = _SERVICES[name]
    if name != "tianditu":
        return tiles, [tiles.warning]
    # Only letters and digits: nothing else may reach the address, nor the page's template.
    if not _KEY.match(tianditu_key or ""):
        return None, [_NO_KEY]
    keyed = tuple(f"{address}{tianditu_key}" for address in tiles.addresses)
    return Tiles(keyed, tiles.hosts, tiles.subdomains, tiles.credit, tiles.warning), [tiles.warning]
