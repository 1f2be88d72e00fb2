"""Flows become findings here: rules, exemptions, suppressions and the baseline."""
