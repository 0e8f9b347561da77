"""What the callbacks of all pages share."""
