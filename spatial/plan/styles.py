"""Styles: one entry a class. Map, atlas and GeoPackage read the same ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import yaml
from pydantic import Field, StringConstraints, ValidationError, model_validator

from spatial.errors import RuleError
from spatial.plan.base import Name, Record, Slug, Text
from spatial.plan.shelf import find_shelf

if TYPE_CHECKING:
    import pandas as pd

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]

ALL = "all"
"""The one class of a layer without a class column."""
OTHER = "other"
"""The class that takes every value without a class of its own, where a layer has it."""
UNSTYLED = "unstyled"
"""The class of values that no class takes; drawn in the warning style."""
_MINUTES = "time_min"


class ClassStyle(Record):
    """How one class of a layer is drawn. Widths and radii are CSS pixels (1/96 inch).

    A hatch is drawn over the fill in the colour of the stroke. `halo` is a soft glow round the shape, for
    outputs that can draw one.
    """

    label: Text
    fill: Colour | None = None
    fill_opacity: float = Field(default=0.6, ge=0, le=1)
    stroke: Colour | None = None
    width: float = Field(default=1.0, ge=0, le=20)
    dash: tuple[float, ...] = ()
    hatch: Literal["none", "diagonal", "back", "cross"] = "none"
    halo: Colour | None = None
    radius: float = Field(default=5.0, gt=0, le=40)
    symbol: Literal["circle", "square", "diamond", "triangle", "star"] = "circle"


class LabelStyle(Record):
    """How a layer's names stand on the map: beside points, in areas, at their edge or along them.

    Where there is no room for all, names of higher `priority` stay.
    """

    size: float = Field(default=12.0, ge=6, le=40)
    colour: Colour = "#222222"
    bold: bool = False
    place: Literal["beside", "centre", "edge", "along"] = "beside"
    priority: int = 0
    min_zoom: float = Field(default=0.0, ge=0, le=24)


class LayerStyle(Record):
    """How a layer is drawn: its place in the panel, its class column and its classes, in legend order.

    A layer without `class_column` has one class, ``all``. With `graded`, class keys are upper limits of
    a numeric class column; else they are its values. The key ``other`` takes what no other key does.
    Drawing a layer twice takes a second entry with `of` (the layer's name); `where` names the rows that
    maps draw, column to allowed values; the database keeps all. With fewer rows than `at_least` maps leave
    the layer out: a single administrative unit is the territory itself. Shapes of a `diagram` are no land, so
    legends give no areas of them. With `each` every value of the class column is a class of its own, and the
    classes of the file are the looks that they get in turn.
    """

    title: Text
    group: Slug
    order: int
    show: bool = True
    of: Slug | None = None
    where: dict[Slug, tuple[str, ...]] = Field(default_factory=dict)
    at_least: int = Field(default=1, ge=1)
    class_column: Slug | None = None
    graded: bool = False
    each: bool = False
    label_column: Slug | None = None
    label: LabelStyle = LabelStyle()
    tooltip: bool = True
    diagram: bool = False
    details: tuple[Slug, ...] = ()
    classes: dict[str, ClassStyle] = Field(min_length=1)

    @model_validator(mode="after")
    def _classes_fit(self) -> LayerStyle:
        if self.class_column is None and (self.graded or ALL not in self.classes):
            raise ValueError(f"without `class_column` there is one class, `{ALL}`, and no grading")
        if self.each and (self.graded or self.class_column is None):
            raise ValueError("`each` needs a `class_column`, and no grading")
        keys = [key for key in self.classes if key != OTHER]
        if self.graded and not all(re.fullmatch(r"-?\d+(\.\d+)?", key) for key in keys):
            raise ValueError("with `graded` the keys of classes are numbers, and `other`")
        return self

    def select(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that maps draw; with `each`, those that have a class."""
        for column, allowed in self.where.items():
            if column in frame:
                frame = frame[frame[column].isin(allowed)]
        if self.each and self.class_column in frame:
            frame = frame[frame[self.class_column].notna() & (frame[self.class_column].astype(str) != "")]
        return frame if len(frame) >= self.at_least else frame.head(0)

    def classify(self, frame: pd.DataFrame) -> pd.Series[Any]:
        """Say for each row which class it is drawn as.

        Parameters
        ----------
        frame : pandas.DataFrame
            Rows of the layer; nulls in the class column, or its absence, are without a class.

        Returns
        -------
        pandas.Series of str
            Same index: keys of `classes`, or ``unstyled`` where none fits.

        Examples
        --------
        >>> import pandas as pd
        >>> rings = pd.DataFrame({"time_min": [15.0, 20.0, 90.0, None]})
        >>> read_styles().layers["commute_circles"].classify(rings).tolist()
        ['15', '30', 'other', 'unstyled']
        """
        import pandas as pd

        if self.class_column is None or self.class_column not in frame:
            only = ALL if self.class_column is None else UNSTYLED
            return pd.Series(only, index=frame.index, dtype=object)
        values = frame[self.class_column]
        keys = self._grade(values) if self.graded else values.map(_write_key, na_action="ignore")
        rest = np.where(values.notna() & (OTHER in self.classes), OTHER, UNSTYLED)
        known = values.notna() & keys.isin(list(self.classes))
        return pd.Series(np.where(known, keys, rest), index=frame.index, dtype=object)

    def fit(self, frame: pd.DataFrame) -> LayerStyle:
        """Return the style with a class for each value there is, where grades of minutes are other ones.

        A circle of 20 minutes is none of 30: the legend must give its own time. Looks and words are those
        of the shipped classes in their order; with more values than classes, each is drawn as it is graded.

        Examples
        --------
        >>> import pandas as pd
        >>> rings = pd.DataFrame({"time_min": [10.0, 20.0], "form": "band"})
        >>> fitted = read_styles().layers["commute_bands"].fit(rings)
        >>> [one.label.zh for one in fitted.classes.values()]
        ['10 分钟以内', '10～20 分钟']
        """
        if self.each:
            return self._fit_each(frame)
        if not self.graded or self.class_column != _MINUTES or _MINUTES not in frame:
            return self
        values = sorted({float(value) for value in self.select(frame)[_MINUTES].dropna()})
        keys = sorted((key for key in self.classes if key != OTHER), key=float)
        names = [_write_key(value) for value in values]
        if names == keys[: len(names)] or len(keys) < 2:
            return self
        graded = self.classify(frame.head(0).reindex(range(len(values))).assign(**{_MINUTES: values}))
        by_order = len(names) <= len(keys) and not set(names) <= set(keys)
        looks = keys if by_order else graded.tolist()
        classes = {}
        for at, value in enumerate(values):
            words = {keys[0]: values[max(at - 1, 0)], keys[1]: value} if at else {keys[0]: value}
            label = _renumber(self.classes[keys[min(at, 1)]].label, words)
            classes[names[at]] = self.classes[looks[at]].model_copy(update={"label": label})
        return self.model_copy(update={"classes": classes})

    def _fit_each(self, frame: pd.DataFrame) -> LayerStyle:
        """Return the style with a class for each value, in the order of the rows, in looks of the file."""
        column = str(self.class_column)
        if column not in frame:
            return self
        rows = self.select(frame).drop_duplicates(column)
        english = rows[f"{column}_en"] if f"{column}_en" in rows else rows[column]
        looks = list(self.classes.values())
        classes = {
            _write_key(value): looks[at % len(looks)].model_copy(
                update={"label": Text(zh=str(value), en=str(other or value))}
            )
            for at, (value, other) in enumerate(zip(rows[column], english, strict=True))
        }
        return self.model_copy(update={"classes": classes or self.classes})

    def _grade(self, values: pd.Series[Any]) -> pd.Series[Any]:
        limits = sorted((float(key), key) for key in self.classes if key != OTHER)
        names = np.array([*(key for _, key in limits), OTHER], dtype=object)
        position = np.searchsorted([limit for limit, _ in limits], values.to_numpy(dtype=float))
        return values.astype(object).mask(values.notna(), names[position])


def _renumber(label: Text, words: dict[str, float]) -> Text:
    """Return a label with other numbers in the places of those it has."""

    def put(text: str) -> str:
        return re.sub(
            r"\d+", lambda found: _write_key(words[found[0]]) if found[0] in words else found[0], text
        )

    return Text(zh=label.zh and put(label.zh), en=label.en and put(label.en))


def _write_key(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


class View(Record):
    """A picture made of some layers, one click away; offered when the plan has some of `group` among them."""

    title: Text
    group: Slug
    layers: tuple[Slug, ...]


class SheetStyle(Record):
    """A sheet of the atlas: made when the plan has rows in one of `needs`, drawn from `layers`.

    The paper shows the whole `territory`, or only where the layers of `needs` are (`layers`). With
    `conceptual` elements of the structure are drawn as symbols 示意符号. With `shares` the legend says what
    share of the territory each class has; `table` is a layer that is printed beside the legend. Layers in
    `unnamed` are drawn without names; areas of layers in `ringed` that are too small to see get a ring.
    """

    title: Text
    needs: tuple[Slug, ...] = Field(min_length=1)
    layers: tuple[Slug, ...] = Field(min_length=1)
    extent: Literal["territory", "layers"] = "territory"
    conceptual: bool = False
    shares: bool = False
    table: Slug | None = None
    unnamed: tuple[Slug, ...] = ()
    ringed: tuple[Slug, ...] = ()


class Styles(Record):
    """All styles; `groups` and the layers in them in panel order, layers drawn by rising `order`.

    `terms` translates coded values, column by column. `paper` is the colour round the territory and
    `ground` that of the territory itself. `unstyled` is the warning style of classes without a style.
    `sheets` are the pages of the atlas in their order. `grades` are colours, best to worst, of raster layers
    of grades without an entry of their own, `ranks` those of classes that go from most to least; `landuse`
    those of land-use classes by code.
    """

    version: Name
    paper: Colour = "#f4f5f2"
    ground: Colour = "#ffffff"
    groups: dict[Slug, Text]
    unstyled: ClassStyle
    grades: tuple[Colour, ...] = Field(default=("#267300", "#be2823"), min_length=2)
    ranks: tuple[Colour, ...] = Field(default=("#1a7837", "#f1efe8"), min_length=2)
    landuse: dict[Name, Colour] = Field(default_factory=dict)
    views: dict[Slug, View] = Field(default_factory=dict)
    sheets: dict[Slug, SheetStyle] = Field(default_factory=dict)
    terms: dict[Slug, dict[str, Text]] = Field(default_factory=dict)
    layers: dict[Slug, LayerStyle]

    def fit(self, layers: Mapping[str, pd.DataFrame]) -> Styles:
        """Return the styles with the grades of time that the layers have; see `LayerStyle.fit`."""
        fitted = {
            key: style.fit(layers[style.of or key]) if (style.of or key) in layers else style
            for key, style in self.layers.items()
        }
        return self.model_copy(update={"layers": fitted})

    @model_validator(mode="after")
    def _names_known(self) -> Styles:
        named = {layer.group for layer in self.layers.values()} | {view.group for view in self.views.values()}
        groups = sorted(named - set(self.groups))
        pictures: list[View | SheetStyle] = [*self.views.values(), *self.sheets.values()]
        layers = sorted({name for picture in pictures for name in picture.layers} - set(self.layers))
        if groups or layers:
            unknown = ", ".join([*groups, *layers])
            raise ValueError(f"not among the groups or layers of this file: {unknown}")
        return self


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
