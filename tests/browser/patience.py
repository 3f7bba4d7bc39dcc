PATIENCE_MS = 30_000
"""A busy machine may take its time: no test here asserts how long anything takes."""
