"""Confined processes that run tool code, and the frames in which they are spoken to."""
