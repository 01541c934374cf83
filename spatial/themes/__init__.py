"""The layers. One file a theme, one function a layer; no files are opened."""
