"""The embedded PostgreSQL and message broker: start, ready, stop, recover. No Django in here.

The door is `portal.embedded.running.running(home)`; `python -m portal.embedded run|status|stop|env HOME` is the same
for the command line. A server that brings its own database sets DATABASE_URL and BROKER_URL and never comes here.
"""
