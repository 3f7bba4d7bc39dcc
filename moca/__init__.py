"""Moca answers Instagram direct messages."""
