"""Rings: land reached in time as polygons, along roads and over the ground."""
