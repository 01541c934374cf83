"""Shapes: polygons that share edges, never overlap, and are measured exactly."""
