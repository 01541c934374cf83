"""Algorithms with no planning word: arrays and geometries in, the same out; no files."""
