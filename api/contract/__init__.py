"""Declaration, validation, paging, rate limits and errors of the routes."""
