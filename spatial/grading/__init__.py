"""Grading: raster layers streamed over a plan's grid, what is drawn from all cells, and how firm it stands."""
