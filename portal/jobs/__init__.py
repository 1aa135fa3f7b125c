"""Jobs: work too long for a page. PostgreSQL is the truth, a Celery message is only a wake-up (TRUST 4.2).

What a child process imports from here (`checkpoints`, `reporting`, `demonstration`) uses the standard library alone.
"""
