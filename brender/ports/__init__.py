"""The ports of a server: opened once, kept within limits for strangers, and handed to whoever answers there."""
