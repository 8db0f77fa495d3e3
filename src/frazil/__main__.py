"""``python -m frazil`` is ``frazil``."""

import sys

from frazil.cli import main

sys.exit(main())
