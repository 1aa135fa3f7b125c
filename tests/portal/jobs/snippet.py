"""A few lines of Python as a module's work: `python -m tests.portal.jobs.snippet CODE`, which can be forked."""

import sys

if __name__ == "__main__":
    exec(sys.argv[1])
