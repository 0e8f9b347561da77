"""The sentences of notices, by what the notices are about."""
