"""Checks of data files against a profile: each rule of ``database_checks.yaml`` is found in one place."""
