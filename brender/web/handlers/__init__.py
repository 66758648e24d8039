"""Addresses that are no verb of an item: pages, pictures, videos, grids, metrics and their like."""
