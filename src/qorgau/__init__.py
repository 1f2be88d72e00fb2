"""Qorgau follows personal data through Python code and reports what the regulation forbids."""

__version__ = "0.1.0"
