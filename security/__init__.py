"""Login, password pages and request security."""
