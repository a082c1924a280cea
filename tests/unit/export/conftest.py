"""Checks that rest on what Ray itself ships are collected only where it is at hand."""

from tests.unit.export.ray_schema import schema_path

# Not skipped but absent: give RAYDOCK_RAY_SCHEMA the path of Ray's ray-schema.json, or install Ray.
collect_ignore = [] if schema_path() else ["test_ray_schema.py"]
