"""What a build made: its layers, findings and files, and how they show themselves in a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import pandas as pd

from spatial.engine.rasters.stacks import RasterStack
from spatial.outputs.order import Order
from spatial.plan.contract import Contract
from spatial.plan.records import Plan

if TYPE_CHECKING:
    from spatial.outputs.notebook import MapView, TableView

Language = Literal["zh", "en", "both"]
DIGESTS = "evaluation_digests"
"""Node that the map needs besides layers."""


@dataclass(frozen=True)
class Build:
    """What a build made.

    Parameters
    ----------
    plan : Plan
        The plan as read.
    layers : dict
        Layer name to frame (EPSG:4490), in the order of writing, ``findings`` last.
    contracts : dict
        Layer name to its contract.
    rebuilt : tuple of str
        Layers whose functions ran; the others came from the cache.
    not_built : dict
        Empty layers and what the plan would need to have them.
    files : tuple of Path
        Files of the output folder; empty when nothing was asked to be written.
    written : tuple of Path
        Those that were written in this run; the others were up to date.
    notes : tuple of str
        Things a user should know, such as a basemap with an offset.
    provenance : dict
        Hashes and versions of all that went in.
    metric_crs : str
        The CRS of distances and topology, such as ``EPSG:4546``.
    removed : tuple of Path
        Files of an earlier delivery that are no longer made.
    besides : dict
        What was asked for besides layers, by the name of its node.
    rasters : RasterStack, optional
        Raster layers of the evaluation; None without one.

    Examples
    --------
    In a notebook the build shows what it made; its map and tables are a word away::

        build = spatial.build_plan("jiyuan")
        build.map()
        build.table("zone_balance")
    """

    plan: Plan
    layers: dict[str, pd.DataFrame]
    contracts: dict[str, Contract]
    rebuilt: tuple[str, ...] = ()
    not_built: dict[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    written: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)
    metric_crs: str = ""
    removed: tuple[Path, ...] = ()
    besides: dict[str, Any] = field(default_factory=dict)
    rasters: RasterStack | None = None

    @property
    def findings(self) -> gpd.GeoDataFrame:
        """All findings, worst first."""
        return self.layers["findings"]

    @property
    def has_errors(self) -> bool:
        """Whether a finding is an error: exit code 1."""
        return bool((self.findings["severity"] == "error").any())

    def order(self, *, tianditu_key: str | None = None, language: Language | None = None) -> Order:
        """Return what writers get: the layers and all that stands round them.

        Parameters
        ----------
        tianditu_key : str, optional
            Key for the Tianditu basemap.
        language : {"zh", "en", "both"}, optional
            Language of what is written; the plan's own unless given.
        """
        return Order(
            self.plan,
            self.layers,
            self.contracts,
            self.provenance,
            self.metric_crs,
            tianditu_key,
            language,
            self.not_built,
            self.rasters,
            self.besides.get(DIGESTS),
        )

    def map(
        self, *, language: Language | None = None, height: int = 560, tianditu_key: str | None = None
    ) -> MapView:
        """Return the plan's map; a notebook shows it in a frame, and it needs no network.

        Parameters
        ----------
        language : {"zh", "en", "both"}, optional
            The plan's own unless given.
        height : int
            Height of the frame in pixels.
        tianditu_key : str, optional
            Key for the Tianditu basemap.

        Raises
        ------
        OutputError
            The plan's basemap is unknown.
        """
        from spatial.outputs.notebook import show_map

        return show_map(self.order(tianditu_key=tianditu_key, language=language), height)

    def table(self, name: str, *, language: Language | None = None) -> TableView:
        """Return a layer as a table to be read: heads with units and codes in words, without geometry.

        For calculations take ``build.layers[name]``.

        Parameters
        ----------
        name : str
            Name of the layer.
        language : {"zh", "en", "both"}, optional
            The plan's own unless given.

        Raises
        ------
        OutputError
            There is no such layer.
        """
        from spatial.outputs.notebook import show_table

        return show_table(name, self.layers, self.contracts, language or self.plan.language)

    def _repr_html_(self) -> str:
        from spatial.outputs.notebook import summarize

        return summarize(self.plan.title, self.layers, self.contracts, self.not_built, self.plan.language)
