"""The door for `python -m modelling.engine`."""

import sys

from modelling.engine.cli import main

sys.exit(main(sys.argv[1:]))
