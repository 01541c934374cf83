"""Proposals 建议方案: what a plan and the rule tables say of zones and lines drawn from the evaluation."""

from __future__ import annotations

from spatial.errors import Fault, RuleError
from spatial.plan.base import Record, Text
from spatial.plan.ecosystems import name_kinds
from spatial.plan.judging import settle_table
from spatial.plan.parts.evaluation import Alternative, Evaluation
from spatial.plan.records import Line
from spatial.plan.rules import RuleTable

ALTERNATIVES: dict[str, Text] = {
    "farming_first": Text(zh="耕地优先", en="Farming first"),
    "ecology_first": Text(zh="生态优先", en="Ecology first"),
    "growth": Text(zh="发展导向", en="Growth"),
}
SUBZONES: dict[str, Text] = {
    "concentrated": Text(zh="城镇集中建设区", en="Concentrated building zone"),
    "elastic": Text(zh="城镇弹性发展区", en="Elastic development zone"),
    "special": Text(zh="特别用途区", en="Special-use zone"),
}
_HECTARE_M2 = 1e4


class Choice(Record):
    """All that one alternative is drawn by.

    Parameters
    ----------
    alternative : str
    recommended : bool
    order : tuple of str
        Lines, the one that chooses its land first.
    farmland_share : float
        Of cultivated land.
    farmland_target : float
        The same before the alternative takes more or less of it: what the plan or the rule asks for.
    population : int, optional
        Urban people at the end of the plan.
    need_ha : float, optional
        Land that they need; None where the plan gives no population.
    base_ha : float, optional
        Urban land in the base year; None where it is what stands.
    limit : float
        Most that the boundary may hold, as a multiple of urban land in the base year.
    growth_share : float
        Of the increase up to that limit which the alternative uses.
    elastic_share, special_share : float
        Of these zones, by the concentrated one.
    least_ring_ha : float
    cultivated : tuple of int
        Codes of ecosystems that are cultivated land.
    farmed, barred : tuple of int
        Codes of ecosystems that are farming space, and of those that towns do not grow over.
    cut : tuple of int
        Codes of ecosystems that are cut out of permanent farmland.
    table : RuleTable
        The other numbers.
    """

    alternative: Alternative
    recommended: bool
    order: tuple[Line, ...]
    farmland_share: float
    farmland_target: float
    population: int | None
    need_ha: float | None
    base_ha: float | None
    limit: float
    growth_share: float
    elastic_share: float
    special_share: float
    least_ring_ha: float
    cultivated: tuple[int, ...]
    farmed: tuple[int, ...]
    barred: tuple[int, ...]
    cut: tuple[int, ...]
    table: RuleTable

    def cells(self, key: str, cell_m: float) -> int:
        """Return a length of the table in whole cells, at least one where it is not 0."""
        metres = float(self.by_name(key))
        return max(round(metres / cell_m), 1) if metres > 0 else 0

    def patch_cells(self, key: str, cell_m: float) -> float:
        """Return hectares of the table in cells."""
        return float(self.table.value(key)) * _HECTARE_M2 / cell_m**2

    def by_name(self, key: str) -> float:
        """Return a number of the table; of a row by alternatives, that of this one."""
        value = self.table.value(key)
        return float(value[self.alternative] if isinstance(value, dict) else value)


def settle_choices(
    spec: Evaluation, rules: RuleTable, capacity_rules: RuleTable, cover_rules: RuleTable
) -> tuple[Choice, ...]:
    """Put what the plan says before what the tables say, for each alternative, the recommended one first.

    Raises
    ------
    RuleError
        A row that there is not, or a number where the table has something else.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> tables = map(read_rules, ("proposals", "evaluation_capacity", "evaluation_cover"))
    >>> [(choice.alternative, choice.limit) for choice in settle_choices(Evaluation(), *tables)]
    [('farming_first', 1.3), ('ecology_first', 1.3), ('growth', 1.3)]
    """
    table = rules.override(spec.proposals, "plan.yaml: evaluation.proposals")
    capacity = settle_table(capacity_rules, spec, "capacity")
    cover = settle_table(cover_rules, spec, "cover")
    best = spec.alternative or table.value("recommended")
    names = table.value("alternatives")
    if best not in names:
        problem = "is not among the alternatives"
        raise RuleError(Fault("rules/proposals.yaml", f"recommended: {best}", problem, ", ".join(names)))
    return tuple(
        Choice(
            alternative=name,
            recommended=name == best,
            order=table.value(f"order.{name}"),
            farmland_share=min(_farmland_share(spec, table) * table.value("farmland_factor")[name], 1.0),
            farmland_target=_farmland_share(spec, table),
            population=spec.targets.population,
            need_ha=_need_ha(spec, capacity),
            base_ha=None if spec.targets.base_urban_m2 is None else spec.targets.base_urban_m2 / _HECTARE_M2,
            limit=_first(spec.targets.expansion, capacity.value("boundary.expansion_most")),
            growth_share=table.value("growth_share")[name],
            elastic_share=_elastic_share(spec, table, capacity),
            special_share=_first(spec.targets.special_share, capacity.value("boundary.special_share")),
            least_ring_ha=capacity.value("boundary.least_ring"),
            cultivated=name_kinds(cover, capacity.value("conflict.farmland")),
            farmed=name_kinds(cover, table.value("zones.farming_kinds")),
            barred=name_kinds(cover, table.value("urban.barred")),
            cut=name_kinds(cover, table.value("farmland.cut")),
            table=table,
        )
        for name in sorted(names, key=lambda name: name != best)
    )


class Bound(Record):
    """A number that the plan sets and the rule that it is held against.

    Parameters
    ----------
    target, rule : str
        Field of the plan's targets, and key of the row.
    title : Text
    value : float
    least, most : float, optional
        What the row lets be; None where it sets no such end.
    """

    target: str
    rule: str
    title: Text
    value: float
    least: float | None = None
    most: float | None = None


def bound_targets(spec: Evaluation, table: RuleTable, capacity: RuleTable) -> tuple[Bound, ...]:
    """Return the targets that the plan sets itself, each with the row that would hold without it.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> spec = Evaluation.model_validate({"targets": {"expansion": 1.9}})
    >>> [(bound.target, bound.value, bound.most) for bound in
    ...  bound_targets(spec, read_rules("proposals"), read_rules("evaluation_capacity"))]
    [('expansion', 1.9, 1.3)]
    """
    said = spec.targets
    low, high = capacity.value("land_per_head.range")
    silent = spec.model_copy(update={"targets": said.model_copy(update={"elastic_share": None})})
    elastic = _elastic_share(silent, table, capacity)
    special, limit = capacity.value("boundary.special_share"), capacity.value("boundary.expansion_most")
    people = Text(zh="人均城镇建设用地（平方米）", en="Urban land a person, m²")
    fields = Text(zh="永久基本农田占耕地比例", en="Share of permanent farmland")
    reserve = Text(zh="弹性发展区比例", en="Share of the elastic zone")
    open_ = Text(zh="特别用途区比例", en="Share of the special-use zone")
    rows: tuple[tuple[str, str, Text, float | None, float | None], ...] = (
        ("land_per_head", "land_per_head.range", people, low, high),
        ("expansion", "boundary.expansion_most", Text(zh="扩展倍数", en="Expansion"), None, limit),
        ("farmland_share", "farmland.share", fields, table.value("farmland.share"), None),
        ("elastic_share", "boundary.elastic_share", reserve, None, elastic),
        ("special_share", "boundary.special_share", open_, None, special),
    )
    values = {"land_per_head": said.land_per_head_m2} | {
        name: getattr(said, name) for name, *_ in rows if name != "land_per_head"
    }
    return tuple(
        Bound(target=name, rule=rule, title=title, value=values[name], least=least, most=most)
        for name, rule, title, least, most in rows
        if values[name] is not None
    )


def _farmland_share(spec: Evaluation, table: RuleTable) -> float:
    return _first(spec.targets.farmland_share, table.value("farmland.share"))


def _need_ha(spec: Evaluation, capacity: RuleTable) -> float | None:
    if spec.targets.population is None:
        return None
    head = _first(spec.targets.land_per_head_m2, capacity.value("land_per_head"))
    return spec.targets.population * head / _HECTARE_M2


def _elastic_share(spec: Evaluation, table: RuleTable, capacity: RuleTable) -> float:
    """Return the plan's share, else the most that a town of so many people may have."""
    shares = capacity.value("boundary.elastic_share")
    large, huge = table.value("urban.large")
    people = spec.targets.population or 0
    by_size = "above_5_million" if people > huge else "above_3_million" if people > large else "usual"
    return _first(spec.targets.elastic_share, shares[by_size])


def _first(said: float | None, rule: float) -> float:
    return float(rule if said is None else said)
