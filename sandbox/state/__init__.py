"""Worlds: JSON tables, shared until they are written."""
