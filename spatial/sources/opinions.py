"""Opinions on projects, read from the GeoPackage that the check of projects writes."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from spatial.errors import Fault, SourceError

LAYER = "opinions"


def read_opinions(path: Path) -> gpd.GeoDataFrame:
    """Read the layer ``opinions`` of a file.

    Parameters
    ----------
    path : Path
        A GeoPackage as ``spatial conform`` writes it.

    Returns
    -------
    geopandas.GeoDataFrame
        As it stands there, in the file's CRS; geometry may be null.

    Raises
    ------
    SourceError
        No such file, or it has no such layer.
    """
    remedy = "give the opinions.gpkg that spatial conform writes"
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if LAYER not in layers:
            problem = f"has no layer {LAYER}; it has {', '.join(layers) or 'none'}"
            raise SourceError(Fault(str(path), LAYER, problem, remedy))
        return gpd.read_file(path, layer=LAYER)
    except (DataSourceError, DataLayerError) as error:
        raise SourceError(Fault(str(path), "", "cannot be read as opinions", remedy)) from error
