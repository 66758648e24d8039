"""What this machine is, has and does: its identity, its cards, its load, its people, its power."""
