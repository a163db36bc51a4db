"""Bases as files: looked at before they are loaded, read as before, updated in bulk, exported."""
