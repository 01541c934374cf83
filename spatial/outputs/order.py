"""What every writer gets: the layers with their contracts, the plan they are of, and what went in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from spatial.engine.rasters.stacks import RasterStack
from spatial.plan.base import Text
from spatial.plan.contract import Contract
from spatial.plan.digests import Digests
from spatial.plan.records import Plan


@dataclass(frozen=True)
class Order:
    """What is to be written.

    Parameters
    ----------
    plan : Plan
        The plan as read.
    layers : mapping of str to DataFrame
        Layers by name in the order of writing, EPSG:4490; ``findings`` last. Empty layers are those that were
        not built.
    contracts : mapping of str to Contract
        Titles, columns and units of the layers.
    provenance : mapping of str to str
        Hashes and versions of all that went in.
    metric_crs : str
        The plan's CRS of distances and topology, such as ``EPSG:4546``.
    tianditu_key : str, optional
        Key for the Tianditu basemap; never written where a user would pass it on unknowingly.
    language : {"zh", "en", "both"}, optional
        Language of what is written; the plan's own unless given.
    not_built : mapping of str to str, optional
        Empty layers and the part of the plan that would build each.
    rasters : RasterStack, optional
        Raster layers of the evaluation.
    digests : Digests, optional
        How every cell of the evaluation came to its class, for the map.
    """

    plan: Plan
    layers: Mapping[str, pd.DataFrame]
    contracts: Mapping[str, Contract]
    provenance: Mapping[str, str]
    metric_crs: str
    tianditu_key: str | None = None
    language: Literal["zh", "en", "both"] | None = None
    not_built: Mapping[str, str] = field(default_factory=dict)
    rasters: RasterStack | None = None
    digests: Digests | None = None

    @property
    def tongue(self) -> Literal["zh", "en", "both"]:
        """The language to write in."""
        return self.language or self.plan.language

    @property
    def place(self) -> Text:
        """Name of the territory: as the plan gives it, else as its boundary does."""
        if self.plan.territory.name:
            return self.plan.territory.name
        territory = self.layers.get("territory")
        if territory is None or territory.empty:
            return Text(zh=self.plan.name)
        return Text(zh=str(territory["name"].iloc[0]))

    @property
    def subtitle(self) -> Text:
        """Place and planning period."""
        period = self.plan.period or self.plan.year
        return Text(zh=f"{self.place.pick('zh')} {period}", en=f"{self.place.pick('en')} {period}")

    @property
    def date(self) -> str:
        """Date of the plan, else its year. Never the clock: the same plan gives the same bytes."""
        return str(self.plan.date or self.plan.year)

    @property
    def stamp(self) -> dt.date:
        """The day that files bear as that of their last change: the plan's own, else its year's first."""
        return self.plan.date or dt.date(self.plan.year, 1, 1)

    @property
    def illustrative(self) -> bool:
        """Whether maps bear 示意图: without an approval number a map is a sketch, whatever it is made of."""
        frames = self.layers.values()
        return not self.plan.outputs.approval_number or any(
            "illustrative" in frame and bool(frame["illustrative"].any()) for frame in frames
        )
