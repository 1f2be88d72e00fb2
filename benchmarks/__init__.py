"""Timings of whole commands, side by side, on real code (docs/benchmarks.md)."""
