"""``python -m fakellm`` is the command ``fakellm``."""

import sys

from fakellm._commands.main import main

sys.exit(main())
