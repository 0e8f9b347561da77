"""Login, passwords and request security: who may reach the site at all."""
