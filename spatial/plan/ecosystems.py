"""Ecosystems: from classes of land cover to what the rule tables say of each ecosystem.

Rasters hold ecosystems as the codes of ``rules/evaluation_cover.yaml``; the tables of ecology speak of them
by name or by group. Here the two meet, as mappings by code. All tables are taken as one profile has them.
"""

from __future__ import annotations

from typing import Any

from spatial.errors import Fault, RuleError
from spatial.plan.rules import RuleTable


def ecosystem_codes(cover_rules: RuleTable) -> dict[str, int]:
    """Return the code of each ecosystem by name.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> ecosystem_codes(read_rules("evaluation_cover"))["steppe"]
    11
    """
    return cover_rules.under("code")


def read_crosswalk(cover_rules: RuleTable, scheme: str) -> dict[int, int]:
    """Return the ecosystem that stands for each class of a land-cover scheme, both as codes.

    Parameters
    ----------
    cover_rules : RuleTable
        ``evaluation_cover``.
    scheme : str
        ``worldcover``, ``globeland30``, ``clcd``, ``nlcd`` or ``sandi``. Classes without a row have no
        ecosystem: their cells are missing.

    Raises
    ------
    RuleError
        No such scheme, or a class that leads to an ecosystem that there is not.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> read_crosswalk(read_rules("evaluation_cover"), "nlcd")[71]
    11
    """
    codes, place = ecosystem_codes(cover_rules), f"rules/{cover_rules.name}.yaml"
    if scheme not in list_schemes(cover_rules):
        known = ", ".join(list_schemes(cover_rules))
        raise RuleError(Fault(place, scheme, "no such land-cover scheme", f"one of {known}"))
    rows = cover_rules.under(scheme)
    faults = [
        Fault(place, f"{scheme}.{code}", f"there is no ecosystem called {name}", f"one of {', '.join(codes)}")
        for code, name in rows.items()
        if name not in codes
    ]
    if faults:
        raise RuleError(faults)
    return {int(code): codes[name] for code, name in rows.items()}


def list_schemes(cover_rules: RuleTable) -> tuple[str, ...]:
    """Return the land-cover schemes that the table knows.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> list_schemes(read_rules("evaluation_cover"))
    ('worldcover', 'globeland30', 'clcd', 'nlcd', 'sandi')
    """
    heads = (rule.key.split(".") for rule in cover_rules.rules)
    return tuple(dict.fromkeys(head for head, *rest in heads if rest and rest[0].isdigit()))


def runoff_shares(cover_rules: RuleTable, ecology_rules: RuleTable) -> dict[int, float]:
    """Return the runoff of each ecosystem that counts as keeping water, as a share of rain, by code.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> runoff_shares(read_rules("evaluation_cover"), read_rules("evaluation_ecology"))[11]
    0.0478
    """
    codes = ecosystem_codes(cover_rules)
    return {codes[name]: share for name, share in ecology_rules.under("runoff").items() if name in codes}


def cover_factors(
    cover_rules: RuleTable, ecology_rules: RuleTable
) -> tuple[dict[int, tuple[float, ...]], tuple[int, ...]]:
    """Return the factors C of each ecosystem by code, sparse first, and the codes of the dry-land formula.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> factors, dry = cover_factors(read_rules("evaluation_cover"), read_rules("evaluation_ecology"))
    >>> factors[11][-1], dry
    (0.011, (16,))
    """
    table = ecology_rules.under("cover_factor")
    dry = ecology_rules.value("dry_groups")
    groups = _groups(cover_rules, "group")
    factors = {code: table[group] for code, group in groups.items() if group in table}
    return factors, tuple(code for code, group in groups.items() if group in dry)


def wind_decays(cover_rules: RuleTable, ecology_rules: RuleTable) -> dict[int, float]:
    """Return how fast wind erosion falls with cover in each ecosystem that keeps sand, by code.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> wind_decays(read_rules("evaluation_cover"), read_rules("evaluation_ecology"))[11]
    0.1151
    """
    table = ecology_rules.under("wind_decay")
    return {code: table[group] for code, group in _groups(cover_rules, "wind").items() if group in table}


def name_kinds(cover_rules: RuleTable, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the codes of ecosystems that are called by name, or by the name of their group in the C table.

    Examples
    --------
    >>> from spatial.plan.rules import read_rules
    >>> name_kinds(read_rules("evaluation_cover"), ("shrub", "paddy"))
    (7, 8, 9, 17)
    """
    codes, groups = ecosystem_codes(cover_rules), _groups(cover_rules, "group")
    return tuple(code for name, code in codes.items() if name in names or groups.get(code) in names)


def _groups(cover_rules: RuleTable, row: str) -> dict[int, Any]:
    codes = ecosystem_codes(cover_rules)
    return {codes[name]: group for name, group in cover_rules.under(row).items() if name in codes}
