"""Score cards of functional zones 考核: what the page of each zone says, from the layers of an order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from spatial.outputs.atlas.fonts import clean_text
from spatial.outputs.order import Order
from spatial.outputs.papers.cells import is_absent
from spatial.outputs.papers.words import find_words, make_text
from spatial.plan.base import Text

LAYERS = ("assessment", "assessment_scores")
"""Layers that cards are made from; without rows in both there are none."""
_TRAITS = (
    ("ecosystem", Text(zh="产业生态圈", en="Ecosystem")),
    ("industries", Text(zh="主导产业", en="Leading industries")),
    ("district", Text(zh="管理区县", en="Managing district")),
    ("lies_in", Text(zh="所在行政单元", en="Lies in")),
)
_AREA = Text(zh="面积", en="Area")


@dataclass(frozen=True)
class Line:
    """One indicator of a zone. Numbers are NaN where they are not known.

    Parameters
    ----------
    name, unit : Text
    direction, reached : str
        As in the layer ``assessment_scores``.
    value, target, place, weight, drag : float
        As there.
    known : int
        Zones of the kind with a value.
    normalised, middle : float
        0 to 1: of the zone, and the median of its kind.
    """

    name: Text
    unit: Text
    direction: str
    reached: str
    value: float
    target: float
    place: float
    known: int
    weight: float
    drag: float
    normalised: float
    middle: float


@dataclass(frozen=True)
class Card:
    """What the page of one zone says.

    Parameters
    ----------
    row : int
        Position in the layer ``assessment``.
    name, kind_name : Text
    kind, standing, grade, weighing : str
        As in the layer ``assessment``.
    numbers : mapping of str to float
        The layer's numbers by column; NaN where there is none.
    rival, missing : Text
        Names; empty where there are none.
    traits : tuple of (Text, Text)
        What the plan says of the zone besides.
    lines : tuple of Line
        Its indicators, in the order of their set.
    peers : numpy.ndarray
        Scores of the ranked zones of its kind.
    illustrative : bool
        Whether the zone is drawn as an illustration.
    """

    row: int
    name: Text
    kind_name: Text
    kind: str
    standing: str
    grade: str
    weighing: str
    numbers: Mapping[str, float]
    rival: Text
    missing: Text
    traits: tuple[tuple[Text, Text], ...]
    lines: tuple[Line, ...]
    peers: Any
    illustrative: bool

    @property
    def scored(self) -> bool:
        """Whether the zone has a score and a rank."""
        return bool(np.isfinite(self.numbers["score"]))

    @property
    def pulls(self) -> tuple[Line, ...]:
        """The indicators that keep the zone from the best of its kind, the heaviest first."""
        heavy = [line for line in self.lines if np.isfinite(line.drag) and line.drag > 0]
        return tuple(sorted(heavy, key=lambda line: -line.drag))


def has_cards(order: Order) -> bool:
    """Tell whether an order holds an assessment."""
    return all(len(order.layers.get(name, ())) for name in LAYERS)


def list_cards(order: Order) -> list[Card]:
    """Return the cards of all zones: those of a kind together, by rank, zones without one at its end."""
    if not has_cards(order):
        return []
    zones = order.layers["assessment"].reset_index(drop=True)
    lines = _list_lines(order.layers["assessment_scores"])
    kinds = find_words("assessment", "kind")
    traits = _list_traits(order)
    cards = []
    for at, row in enumerate(zones.to_dict("records")):
        peers = zones.loc[zones["kind"] == row["kind"], "score"].dropna().to_numpy(dtype=float)
        numbers = {key: _number(value) for key, value in row.items() if _is_number(value)}
        cards.append(
            Card(
                row=at,
                name=_text(row["name"], row["name_en"]),
                kind_name=kinds.get(row["kind"], Text(zh="无类别", en="No kind")),
                kind=str(row["kind"]),
                standing=str(row["standing"]),
                grade=str(row["grade"]),
                weighing=str(row["weighing"]),
                numbers=numbers,
                rival=_text(row["rival"], row["rival_en"]),
                missing=_text(row["missing_names"], row["missing_names_en"]),
                traits=traits.get(str(row["zone"]), ()),
                lines=tuple(lines.get(str(row["zone"]), ())),
                peers=np.sort(peers),
                illustrative=bool(row["illustrative"]),
            )
        )
    order_of_kinds = {kind: at for at, kind in enumerate(kinds)}
    last = np.inf
    return sorted(
        cards,
        key=lambda card: (
            order_of_kinds.get(card.kind, len(kinds)),
            card.numbers["rank"] if card.scored else last,
            card.row,
        ),
    )


def _list_lines(scores: pd.DataFrame) -> dict[str, list[Line]]:
    middles = scores.groupby(["kind", "indicator"])["normalised"].transform("median")
    found: dict[str, list[Line]] = {}
    for row, middle in zip(scores.to_dict("records"), middles, strict=True):
        line = Line(
            name=_text(row["indicator_name"], row["indicator_name_en"]),
            unit=_text(row["unit"], row["unit_en"]),
            direction=str(row["direction"]),
            reached=str(row["reached"]),
            known=int(row["known"]),
            middle=_number(middle),
            **{
                key: _number(row[key]) for key in ("value", "target", "place", "weight", "drag", "normalised")
            },
        )
        found.setdefault(str(row["zone"]), []).append(line)
    return found


def _list_traits(order: Order) -> dict[str, tuple[tuple[Text, Text], ...]]:
    """Return, by zone, what the plan says of it; lists of names are Chinese in both languages."""
    zones = order.layers.get("functional_zones")
    if zones is None:
        return {}
    found = {}
    for row in zones.drop(columns="geometry", errors="ignore").to_dict("records"):
        said = [(label, _text(row.get(key), "")) for key, label in _TRAITS if not is_absent(row.get(key))]
        if not is_absent(row.get("area_ha")):
            area = f"{float(row['area_ha']) / 100:,.1f}"
            said.append((_AREA, Text(zh=f"{area} 平方公里", en=f"{area} km²")))
        district = any(label.zh == "管理区县" for label, _ in said)
        found[str(row["id"])] = tuple(
            one for one in said if one[1].zh and not (district and one[0].zh == "所在行政单元")
        )
    return found


def _text(zh: object, en: object) -> Text:
    """Return a text of two cells on one line each; empty where both are."""
    made = make_text(zh, en)
    return Text.model_construct(zh=clean_text(made.zh), en=clean_text(made.en))


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, (int, float, np.number)) and not isinstance(value, bool))


def _number(value: Any) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)
