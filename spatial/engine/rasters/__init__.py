"""Rasters: grids, passes over them, grades, patches, and land drawn from cells."""
