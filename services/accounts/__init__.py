"""Accounts: people, passwords, limits of attempts, and staff's administration of them."""
