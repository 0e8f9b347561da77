"""The Dash application, its document, and what stands around every page."""
