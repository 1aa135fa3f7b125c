"""`python -m cohort.deid FOLDER`: read an upload."""

import sys

from cohort.deid.child import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
