"""How a worker reaches its server: addresses, what it has joined with, the connection."""
