"""Functional zones 功能区: areas with a management of their own, their system, and the units they lie in."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from spatial.plan.base import Name, Record, Slug, Text
from spatial.plan.reading.zone_formula import check_system

ZoneKind = Literal["farming", "manufacturing", "services", "new_economy"]
"""农业, 制造业, 服务业, 新经济."""
KIND_NAMES: dict[str, Text] = {
    "farming": Text(zh="农业", en="Farming"),
    "manufacturing": Text(zh="制造业", en="Manufacturing"),
    "services": Text(zh="服务业", en="Services"),
    "new_economy": Text(zh="新经济", en="New economy"),
}
UNKNOWN_KIND = "unknown"
"""Kind of a zone whose column says something else; empty is a zone of which nothing is said."""
_KIND_WORDS: dict[str, tuple[str, ...]] = {
    "farming": ("农业", "现代农业", "都市农业", "agriculture"),
    "manufacturing": ("制造", "制造业", "先进制造业", "industry"),
    "services": ("服务", "服务业", "现代服务业", "service"),
    "new_economy": ("新经济", "new economy"),
}
_KIND_OF_WORD = {word: kind for kind, words in _KIND_WORDS.items() for word in (kind, *words)}
CONTROLS: dict[str, Text] = {
    "plot_ratio": Text(zh="容积率", en="Plot ratio"),
    "height_m": Text(zh="建筑高度（米）", en="Height (m)"),
    "building_density": Text(zh="建筑密度（%）", en="Building density (%)"),
    "green_share": Text(zh="绿地率（%）", en="Green share (%)"),
}
"""Numbers that a control plan 控规 sets for a block."""


def read_kind(value: str) -> str:
    """Return the kind of a zone that a word stands for, ``unknown`` for any other, empty for none.

    Examples
    --------
    >>> [read_kind(word) for word in ("制造业", "服务类", "new_economy", "海洋", "")]
    ['manufacturing', 'services', 'new_economy', 'unknown', '']
    """
    word = value.strip().lower()
    short = re.sub(r"(类|型|产业)$", "", word)
    return _KIND_OF_WORD.get(word, _KIND_OF_WORD.get(short, UNKNOWN_KIND)) if word else ""


def split_industries(value: str) -> tuple[str, ...]:
    """Return the names in a cell of leading industries, each once.

    Examples
    --------
    >>> split_industries("集成电路、 新型显示；集成电路")
    ('集成电路', '新型显示')
    """
    return tuple(dict.fromkeys(filter(None, (part.strip() for part in re.split(r"[、,，;；/|]", value)))))


class ZoneColumns(Record):
    """Columns of the zones' source that say more of a zone than its name.

    A column that is not named here is looked for under the name of the key and taken where it is there,
    unless `where` picks by it; a column that is named has to be there.

    Parameters
    ----------
    ecosystem, kind, industries, district : str, optional
        生态圈, 类别 (农业, 制造业, 服务业, 新经济), 主导产业 (joined by 、), 管理区县.
    short : str, optional
        简称: a short name or number, such as 03-07, which maps show in place of the name.
    """

    ecosystem: Name | None = None
    kind: Name | None = None
    industries: Name | None = None
    district: Name | None = None
    short: Name | None = None


class Ecosystem(Record):
    """An industry ecosystem 产业生态圈 as the plan lists it.

    Parameters
    ----------
    name : Text
    zones : int, optional
        How many zones the plan says it has.
    established : bool
        Whether the name is from the plan's text; else it is a neutral label.
    kind : {"industry", "civil_military"}
        What the second number of the formula counts is ``civil_military``.
    """

    name: Text
    zones: int | None = Field(default=None, ge=0, le=9999)
    established: bool = True
    kind: Literal["industry", "civil_military"] = "industry"


class ZoneSystem(Record):
    """The system that the zones make up: its formula and its ecosystems."""

    formula: Annotated[Name, AfterValidator(check_system)] | None = None
    ecosystems: tuple[Ecosystem, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> ZoneSystem:
        names = [one.name.pick("zh") for one in self.ecosystems]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"listed twice among the ecosystems: {'、'.join(twice)}")
        return self


class ControlColumns(Record):
    """Columns of what a control plan 控规 sets for a block; found as those of `ZoneColumns` are.

    Parameters
    ----------
    use : str, optional
        用地性质, as text.
    plot_ratio, height_m, building_density, green_share : str, optional
        容积率, 建筑高度（米）, 建筑密度（%）, 绿地率（%）.
    """

    use: Name | None = None
    plot_ratio: Name | None = None
    height_m: Name | None = None
    building_density: Name | None = None
    green_share: Name | None = None


class StartupAreas(Record):
    """Core start-up areas 核心起步区, or blocks of them: `column` names the zone that each belongs to."""

    source: Slug
    column: Name = "zone"
    columns: ControlColumns = ControlColumns()


class Communities(Record):
    """Community parts 产业社区 of the zones: `column` names the zone that each belongs to."""

    source: Slug
    column: Name = "zone"


class FunctionalZones(Record):
    """Zones such as 高新区 or 产业集聚区, and the towns or districts that they lie in.

    Parameters
    ----------
    source : str
        Polygons of the plan's sources; one with the same name twice is one zone.
    where : dict
        Values of its columns that pick the zones.
    units : str, optional
        Polygons of towns or districts; the districts of the territory unless given.
    columns : ZoneColumns, optional
        Where the source says more of a zone than its name.
    system : ZoneSystem, optional
        Formula and ecosystems that the zones are held against.
    startup : StartupAreas, optional
    communities : Communities, optional
    """

    source: Slug
    where: dict[Name, str | int | float] = Field(default_factory=dict)
    units: Slug | None = None
    columns: ZoneColumns = ZoneColumns()
    system: ZoneSystem | None = None
    startup: StartupAreas | None = None
    communities: Communities | None = None

    def find_columns(self) -> dict[str, str]:
        """Return the columns of the zones' source that may say more, by what each says."""
        named = self.columns.model_dump()
        return {key: name or key for key, name in named.items() if name or key not in self.where}
