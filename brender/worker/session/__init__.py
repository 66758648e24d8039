"""The process of a session, and all that belongs to what runs in it."""
