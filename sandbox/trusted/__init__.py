"""Trusted Python environments: somebody's classes as tools, in worker processes, but without confinement."""
