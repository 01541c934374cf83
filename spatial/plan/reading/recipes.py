"""How an element of the structure is made, in one line of Chinese that a planner can check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from spatial.plan.parts.structure import (
    AxisElement,
    BeltElement,
    CoreElement,
    DistrictElement,
    Element,
    PointElement,
    RingElement,
    Spot,
)

_SIDES = {"north": "北侧", "south": "南侧", "east": "东侧", "west": "西侧"}
_ENDS = {"round": "圆端", "flat": "平端", "taper": "尖端渐收"}


def write_recipe(element: Element, names: Mapping[str, str]) -> str:
    """Say how an element is made.

    Parameters
    ----------
    element : Element
        As the plan gives it.
    names : mapping of str to str
        Id to Chinese name of the plan's elements, for those that this one refers to.

    Examples
    --------
    >>> belt = BeltElement.model_validate({
    ...     "id": "b", "kind": "belt", "name": "带", "source": "rivers", "along": ["黄河"],
    ...     "width": "4 km", "side": "north", "ends": "taper", "cut": ["core"]})
    >>> write_recipe(belt, {"core": "核心区"})
    '沿 黄河 北侧 4 km，尖端渐收，扣除 核心区'
    """
    match element:
        case CoreElement() | DistrictElement():
            smooth = f"，平滑 {write_length(element.smooth_m)}" if element.smooth_m else ""
            return f"合并 {'；'.join(_list_parts(element))}{smooth}"
        case BeltElement():
            side = "两侧共" if element.side == "both" else _SIDES[element.side]
            cut = f"，扣除 {_join(names.get(other, other) for other in element.cut)}" if element.cut else ""
            width = write_length(element.width_m)
            return f"{_write_line(element)} {side} {width}，{_ENDS[element.ends]}{cut}"
        case AxisElement():
            return _write_line(element)
        case PointElement():
            return f"位于 {write_spot(element.at)}"
        case RingElement():
            inner = names.get(element.round, element.round)
            distance, width = write_length(element.distance_m), write_length(element.width_m)
            return f"环绕 {inner}，距外缘 {distance}，宽 {width}"


def write_length(metres: float) -> str:
    """Write a length in km from 1 000 m on, else in m.

    Examples
    --------
    >>> write_length(2500), write_length(900)
    ('2.5 km', '900 m')
    """
    return f"{metres / 1000:.6g} km" if metres >= 1000 else f"{metres:.6g} m"


def write_spot(spot: Spot) -> str:
    """Write a place by its name, or a position in degrees.

    Examples
    --------
    >>> write_spot((112.59, 35.09))
    '112.5900°E 35.0900°N'
    """
    if isinstance(spot, str):
        return spot
    lon, lat = spot
    return f"{abs(lon):.4f}°{'E' if lon >= 0 else 'W'} {abs(lat):.4f}°{'N' if lat >= 0 else 'S'}"


def _join(names: Iterator[str]) -> str:
    return "、".join(names)


def _list_parts(element: CoreElement | DistrictElement) -> Iterator[str]:
    if element.source and element.areas:
        yield f"{_join(iter(element.areas))}（来源 {element.source}）"
    elif element.source and not element.towns:
        yield f"来源 {element.source} 的全部面"
    if element.towns:
        yield f"镇域 {_join(iter(element.towns))}"
    if element.districts:
        yield f"行政区 {_join(iter(element.districts))}"
    for disc in element.discs:
        yield f"{write_spot(disc.at)} 周围 {write_length(disc.radius_m)}"


def _write_line(element: BeltElement | AxisElement) -> str:
    if element.through:
        way = "平滑曲线" if element.smooth and len(element.through) > 2 else "折线"
        return f"经 {_join(map(write_spot, element.through))} 的{way}"
    return f"沿 {_join(iter(element.along))}" if element.along else f"沿 来源 {element.source} 的全部线"
