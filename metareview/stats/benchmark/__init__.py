"""Benchmark statistics: scores -> composite, groups, variability, generalisation."""
