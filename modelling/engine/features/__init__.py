"""Quantities measured in images of the forearm."""
