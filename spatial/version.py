"""The one place that states the toolkit's version."""

__version__ = "0.1.0"
