"""Finding files: filters, order, pages, and the catalogue in memory."""
