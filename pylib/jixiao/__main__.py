"""``python -m jixiao``: the command line where no program of that name was made, as in an offline folder."""

import sys

from jixiao.cli import main

if __name__ == "__main__":
    sys.exit(main())
