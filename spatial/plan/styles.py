"""Styles: one entry a class. Map, atlas and GeoPackage read the same ones."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

import yaml
from pydantic import Field, StringConstraints, ValidationError

from spatial.errors import RuleError
from spatial.plan.base import Name, Record, Slug, Text
from spatial.plan.shelf import find_shelf

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]


class ClassStyle(Record):
    """How one class of a layer is drawn. Widths and radii are CSS pixels (1/96 inch)."""

    label: Text
    fill: Colour | None = None
    fill_opacity: float = Field(default=0.6, ge=0, le=1)
    stroke: Colour | None = None
    width: float = Field(default=1.0, ge=0, le=20)
    dash: tuple[float, ...] = ()
    hatch: Literal["none", "diagonal", "back", "cross"] = "none"
    radius: float = Field(default=5.0, gt=0, le=40)
    symbol: Literal["circle", "square", "diamond", "triangle", "star"] = "circle"


class LayerStyle(Record):
    """How a layer is drawn: its place in the panel, its class column and its classes, in legend order.

    A layer without `class_column` has one class, ``all``.
    """

    title: Text
    group: Slug
    order: int
    show: bool = True
    class_column: Slug | None = None
    label_column: Slug | None = None
    classes: dict[str, ClassStyle] = Field(min_length=1)


class Styles(Record):
    """All styles; `groups` in panel order, layers drawn by rising `order`."""

    version: Name
    groups: dict[Slug, Text]
    layers: dict[Slug, LayerStyle]


@cache
def read_styles() -> Styles:
    """Read the shipped ``styles.yaml``.

    Raises
    ------
    RuleError
        The file says something that is not a style; the message names the entry.

    Examples
    --------
    >>> "zones" in read_styles().layers
    True
    """
    file = find_shelf() / "styles.yaml"
    try:
        return Styles.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise RuleError(f"{file.name}: {error}") from error
