"""The resources of the JSON API."""
