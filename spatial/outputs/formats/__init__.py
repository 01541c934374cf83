"""Formats: the database and what other programs read, with the styles that go with it."""
