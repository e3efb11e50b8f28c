"""`python -m lrdesigner`: the commands that need no window."""

import sys

from lrdesigner.cli.commands import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
