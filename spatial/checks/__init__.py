"""Layers to findings; never raise, never change a layer."""
