"""The folders here are projects of their own, with settings of their own: `make examples` runs them."""

from pathlib import Path

collect_ignore = [folder.name for folder in Path(__file__).parent.iterdir() if folder.is_dir()]
