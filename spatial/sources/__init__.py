"""The only readers: files and providers to frames in CGCS2000."""
