"""The queue: its interface (`queue`), its workers, and the other processes of a deployment."""
