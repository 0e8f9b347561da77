"""Mail: the messages of the site and the outbox that sends them."""
