"""`python -m portal.embedded …`."""

import sys

from portal.embedded.cli import main

sys.exit(main())
