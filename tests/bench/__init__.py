"""Measurements, each beside a floor taken in the same run on the same machine, and each with a check that the result is right.

Not tests: nothing here fails when it is slow. `scripts/bench` runs it and writes docs/bench.md.
"""
