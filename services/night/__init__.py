"""One observing night: its frames, their pipeline stages and its quality trends."""
