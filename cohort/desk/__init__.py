"""The desk: pages that put together what several parts of the cohort know. No rules and no tables of its own."""
