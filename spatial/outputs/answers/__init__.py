"""Answers to questions without a plan: rings, reach and comparisons as map, database and table."""
