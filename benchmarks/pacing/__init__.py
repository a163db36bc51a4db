"""Pacing measured: our policy beside the published ones, with the same luck (`python -m
benchmarks.pacing`)."""
