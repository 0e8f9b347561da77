"""One file per URL: component trees only."""
