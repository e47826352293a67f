"""Lock what each dependency group installs: `python tools/lock.py FOLDER [OPTION OF UV ...]`.

Writes `FOLDER/GROUP.txt` for each group of pyproject.toml: the package's requirements and the group's, with the
hashes of every file that the index has of a version, for every platform and every Python from 3.11 on. A version
that FOLDER holds stays while it fits. Says which versions differ from those in requirements/.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCKED = ROOT / "requirements"
COMPILE = [
    *(sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet"),
    *("--universal", "--generate-hashes", "--python-version", "3.11"),
    *("--no-config", "--no-python-downloads"),  # what one machine is set to does not count
    *("--custom-compile-command", "make lock"),  # the header holds no path
]


def pins(file: Path) -> set[str]:
    """Return the `name==version` of each line of a requirements file that is there."""
    return set(re.findall(r"^\S+==\S+", file.read_text(), re.MULTILINE)) if file.exists() else set()


def lock(group: str, folder: Path, options: list[str]) -> None:
    """Write the requirements file of a group, and say what changed against the lock that was there."""
    before = pins(LOCKED / f"{group}.txt")
    file = folder / f"{group}.txt"
    subprocess.run([*COMPILE, "--group", group, "--output-file", str(file), *options], cwd=ROOT, check=True)
    after = pins(file)
    print(f"{file}: {len(after)} packages")
    for pin in sorted(before ^ after):
        print(" ", "-" if pin in before else "+", pin)


def main(folder: Path, options: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    for group in groups:
        lock(group, folder, options)
    for file in folder.glob("*.txt"):
        if file.stem not in groups:
            file.unlink()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
