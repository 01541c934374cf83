"""A second set of layers on the web map, to be swiped against the first: another scenario or plan version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from spatial.outputs.web.features import DrawnLayer, choose_layers
from spatial.plan.base import Text
from spatial.plan.contract import Contract
from spatial.plan.styles import Styles

GROUP = "beside"
"""Key of the panel's group that holds the second set."""

_PREFIX = "beside_"
_LEFT_OUT = ("findings",)


@dataclass(frozen=True)
class Beside:
    """Layers of another scenario or plan version.

    Parameters
    ----------
    title : Text
        What the panel and the swipe call it, such as ``方案二``.
    layers : mapping of str to frame
        As `write_webmap` takes its own; drawn by the same styles.
    """

    title: Text
    layers: Mapping[str, pd.DataFrame]


def choose_beside(
    beside: Beside | None, shown: Sequence[DrawnLayer], styles: Styles, contracts: Mapping[str, Contract]
) -> list[DrawnLayer]:
    """Choose the layers of the second set that differ from what the map shows already.

    Parameters
    ----------
    beside : Beside or None
        None for a map of one plan.
    shown : sequence of DrawnLayer
        What the first set draws.
    styles, contracts
        As `features.choose_layers` takes them.

    Returns
    -------
    list of DrawnLayer
        Keys begin with ``beside_``, titles with the version's name; hidden at first. A layer that both sets
        draw alike (the same rows, classes and shapes) is left out, and so are findings.
    """
    if beside is None:
        return []
    first = {layer.key: layer for layer in shown}
    drawn = [
        layer
        for layer in choose_layers(beside.layers, styles, contracts)
        if len(layer.frame) and layer.key not in _LEFT_OUT and not _alike(layer, first.get(layer.key))
    ]
    return [_rename(layer, beside.title) for layer in drawn]


def list_beside_views(
    beside: Beside | None, second: Sequence[DrawnLayer], shown: Sequence[DrawnLayer], styles: Styles
) -> list[dict[str, Any]]:
    """List the views of the styles as the second set shows them.

    Returns
    -------
    list of dict
        ``key``, ``title`` and ``layers``. Of a view's layers stand here those of the second set, and those of
        the first that the second has unchanged; a layer that only the first set has is left out. Views in
        which nothing differs are left out.
    """
    if beside is None:
        return []
    changed = {layer.key for layer in second}
    kept = {layer.key for layer in shown if (layer.style.of or layer.key) in beside.layers}
    views = []
    for key, view in styles.views.items():
        layers = [_PREFIX + name if _PREFIX + name in changed else name for name in view.layers]
        layers = [name for name in layers if name in changed or name in kept]
        if changed & set(layers):
            title = _join(view.title, beside.title)
            views.append({"key": _PREFIX + key, "title": {"zh": title.zh, "en": title.en}, "layers": layers})
    return views


def read_stored(layers: Mapping[str, pd.DataFrame], beside: Beside | None) -> dict[str, pd.DataFrame]:
    """Return the stored layers of both sets, those of the second under the keys that the map gives them."""
    second = {} if beside is None else beside.layers
    return dict(layers) | {_PREFIX + name: frame for name, frame in second.items()}


def _alike(one: DrawnLayer, other: DrawnLayer | None) -> bool:
    if other is None or len(one.frame) != len(other.frame):
        return False
    same_shapes = bool(one.frame.geometry.to_numpy().tolist() == other.frame.geometry.to_numpy().tolist())
    texts = [layer.frame.drop(columns=layer.frame.active_geometry_name) for layer in (one, other)]
    return same_shapes and texts[0].reset_index(drop=True).equals(texts[1].reset_index(drop=True))


def _rename(layer: DrawnLayer, title: Text) -> DrawnLayer:
    of = _PREFIX + (layer.style.of or layer.key)
    update = {"title": _join(layer.style.title, title), "group": GROUP, "show": False, "of": of}
    return replace(layer, key=_PREFIX + layer.key, style=layer.style.model_copy(update=update))


def _join(text: Text, title: Text) -> Text:
    return Text(zh=f"{text.pick('zh')}（{title.pick('zh')}）", en=f"{text.pick('en')} ({title.pick('en')})")
