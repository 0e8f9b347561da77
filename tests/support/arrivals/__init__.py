"""Files that come in: copies as network file systems make them, and a watcher of their own."""
