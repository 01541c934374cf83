"""Grading: raster layers streamed over a grid, what all cells together say, and how firm it stands."""
