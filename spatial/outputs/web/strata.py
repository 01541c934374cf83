"""Layers as elements of folium's page: plain ones, packed ones, and the scripts round them.

What a layer holds lies in a data block of the page that bears its key; no text of a user passes a template.
"""

from __future__ import annotations

from collections.abc import Sequence

from branca.element import MacroElement
from folium.map import Layer
from folium.template import Template
from folium.utilities import JsCode
from shapely.geometry.base import BaseGeometry

from spatial.outputs.web.features import DrawnLayer, write_features
from spatial.outputs.web.overlays import SortedOverlay
from spatial.outputs.web.packed import should_pack, write_packed


class PlanStart(MacroElement):
    """The script that reads the plan's settings; layers come after it."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var plan = SpatialMap.create({{ this._parent.get_name() }});"
        "{% endmacro %}"
    )


class PlanEnd(MacroElement):
    """The script that builds labels, panel and tools once all layers are there.

    Parameters
    ----------
    layers : sequence of PlanLayer
        All layers of the page, in panel order.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}plan.start({{ this.groups|tojavascript }});{% endmacro %}"
    )

    def __init__(self, layers: Sequence[PlanLayer]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.groups = [[layer.key, JsCode(layer.get_name())] for layer in layers]


class PlanLayer(Layer):
    """A layer of the plan, styled by one JavaScript function over the class of a feature.

    Parameters
    ----------
    key : str
        Key of the style entry; a data block of the page bears it.
    show : bool
        Whether it is drawn at first.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = "
        'L.geoJson(SpatialMap.read("{{ this.key }}"), {{ this.options|tojavascript }});'
        "{% endmacro %}"
    )

    def __init__(self, key: str, *, show: bool) -> None:
        super().__init__(name=key, overlay=True, show=show)
        self._name = "PlanLayer"
        self._id = key
        self.key = key
        self.options = {
            "style": JsCode(f'plan.style("{key}")'),
            "point_to_layer": JsCode(f'plan.marker("{key}")'),
            "renderer": JsCode(f'plan.renderer("{key}")'),
            "pane": f"plan-{key}",
            "interactive": False,
            "smooth_factor": 0.7,
        }


class PackedLayer(PlanLayer):
    """A layer of many features: one packed block, drawn on one canvas; to readers it is like a plain one.

    Parameters
    ----------
    key, show
        As in `PlanLayer`.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        'var {{ this.get_name() }} = plan.packed("{{ this.key }}");'
        "{% endmacro %}"
    )


class RasterLayer(PlanLayer):
    """A layer of cells: one packed block of classes, painted by the page.

    Parameters
    ----------
    key, show
        As in `PlanLayer`.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        'var {{ this.get_name() }} = plan.raster("{{ this.key }}");'
        "{% endmacro %}"
    )


def make_stratum(layer: DrawnLayer) -> PlanLayer:
    """Return the element of a layer: packed above a few hundred features, else plain."""
    kind = PackedLayer if should_pack(layer) else PlanLayer
    return kind(layer.key, show=layer.style.show)


def make_image(raster: SortedOverlay) -> PlanLayer:
    """Return the element of a raster layer."""
    return RasterLayer(raster.overlay.key, show=raster.overlay.style.show)


def write_block(layer: DrawnLayer, metric_crs: str, outline: BaseGeometry | None = None) -> str:
    """Write the data block of a layer, as `make_stratum` chose to draw it.

    Parameters
    ----------
    layer : DrawnLayer
        What to write.
    metric_crs : str
        CRS in which middles and spines of names are sought.
    outline : shapely geometry, optional
        The territory in that CRS.

    Returns
    -------
    str
        A script element that holds data only.
    """
    if should_pack(layer):
        return hold_packed(layer.key, write_packed(layer, metric_crs, outline))
    return hold_json(layer.key, write_features(layer, metric_crs, outline))


def hold_json(key: str, text: str) -> str:
    """Return a data block with JSON that holds no ``<``.

    Examples
    --------
    >>> hold_json("config", "{}")
    '<script type="application/json" id="plan-data-config">{}</script>'
    """
    return _hold(key, "application/json", text)


def hold_packed(key: str, text: str) -> str:
    """Return a data block with base64."""
    return _hold(key, "text/plain", text)


def _hold(key: str, kind: str, text: str) -> str:
    return f'<script type="{kind}" id="plan-data-{key}">{text}</script>'
