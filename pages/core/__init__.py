"""The Dash application, its document, and the parts around every page."""
