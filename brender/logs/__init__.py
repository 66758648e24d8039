"""Logs of orders: written, packed, kept for a while, and read again in parts."""
