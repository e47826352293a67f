"""``python -m fakellm`` is the command ``fakellm``."""

import sys

from fakellm._cli import main

sys.exit(main())
