"""The queue: its front door (`queue`), its worker, and what keeps everything alive."""
