"""Qorgau follows personal data through Python code and reports what the regulation forbids."""
