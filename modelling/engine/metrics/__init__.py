"""Metrics and their intervals: numpy and the standard library alone, so that a report is checked without torch."""
