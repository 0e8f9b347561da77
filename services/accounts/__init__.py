"""Accounts, passwords, sessions, rate limits, and the administration of accounts by staff."""
