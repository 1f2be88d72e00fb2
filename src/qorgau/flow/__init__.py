"""The engine: an abstract interpreter that follows personal data, consent and countries."""
