"""Dossiers of functional zones 三图一表: three maps and a table of firms, a folder for each zone."""
