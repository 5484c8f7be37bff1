"""Carriage by hand: what waits as files, files that come, and the folders that are watched."""
