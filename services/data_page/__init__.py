"""What the Data page shows: read models, each built in a fixed number of queries."""
