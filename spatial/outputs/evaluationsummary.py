"""What the evaluation came to, in a few lines for the terminal: areas of classes, and the short boards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pandas as pd

Language = Literal["zh", "en", "both"]

_HECTARES_KM2 = 100.0
_RESULTS = ("ecology_importance", "farming_suitability", "urban_suitability")
"""Results that are told; the others stand in the tables."""


def tell_evaluation_lines(layers: Mapping[str, pd.DataFrame], language: Language) -> list[str]:
    """Return a line for each result and each short board; none without an evaluation.

    Parameters
    ----------
    layers : mapping of str to DataFrame
        With ``suitability_balance`` and ``carrying_capacity`` where there are any.
    language : {"zh", "en", "both"}
        In both, each Chinese line is followed by the English one.

    Examples
    --------
    >>> balance = pd.DataFrame({
    ...     "id": ["farming_suitability-1"], "result": ["农业"], "result_en": ["Farming"],
    ...     "name": ["适宜"], "name_en": ["Suitable"], "grade": [1], "area_ha": [1200.0], "share": [0.25]})
    >>> tell_evaluation_lines({"suitability_balance": balance}, "en")
    ['Farming: Suitable 12.0 km2 (25.0%)']
    """
    lines = []
    balance, carrying = layers.get("suitability_balance"), layers.get("carrying_capacity")
    if balance is not None:
        told = balance[balance["id"].str.replace(r"-[^-]*$", "", regex=True).isin(_RESULTS)]
        for _, rows in told.groupby("result", sort=False):
            lines += _choose(language, *(_tell_result(rows, end) for end in ("", "_en")))
    if carrying is not None:
        for row in carrying[carrying["shortest"]].to_dict("records"):
            lines += _choose(language, *_tell_board(row))
    return lines


def _choose(language: Language, zh: str, en: str) -> list[str]:
    return {"zh": [zh], "en": [en]}.get(language, [zh, en])


def _tell_result(rows: pd.DataFrame, ending: str) -> str:
    told = ", ".join(_list_classes(rows, ending))
    return f"{rows[f'result{ending}'].iloc[0]}: {told}"


def _list_classes(rows: pd.DataFrame, ending: str) -> Iterator[str]:
    for row in rows.to_dict("records"):
        if row["area_ha"] > 0:
            yield f"{row[f'name{ending}']} {row['area_ha'] / _HECTARES_KM2:,.1f} km2 ({row['share']:.1%})"


def _tell_board(row: Mapping[Any, Any]) -> tuple[str, str]:
    units = str(row["unit"]).split()
    return (
        f"短板 {row['name']}: {row['value']:,.0f} {units[0]}",
        f"short board: {row['name_en']} {row['value']:,.0f} {units[-1]}",
    )
