"""Modules that are to be patched where they are imported: at once, or as soon as they are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

__all__ = ["LateImports", "imported"]

Patch = Callable[[ModuleType], None]


class LateImports:
    """A finder of modules that stands before the one that looks into files, and finds none by itself.

    It tolerates that others put ``sys.meta_path`` back to what it was, as pytest does around a run in the process.

    patches: name of a module -> what to do with it once it has run. is_on: whether that is to be done.
    """

    def __init__(self, patches: Mapping[str, Patch]) -> None:
        self._patches = patches
        self.is_on = False

    def begin(self) -> None:
        """Patch what is imported already, and the others when they are."""
        self.is_on = True
        if self not in (finders := sys.meta_path):
            # Not in front: whoever has put himself there may take away the first one, as pyfakefs does.
            finders.insert(finders.index(PathFinder) if PathFinder in finders else len(finders), self)
        for name, patch in self._patches.items():
            if (module := sys.modules.get(name)) is not None:
                patch(module)

    def end(self) -> None:
        """Patch no more."""
        self.is_on = False
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders find, with a loader that patches; None for most."""
        if not self.is_on or name not in self._patches:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next((found for finder in others if (found := finder.find_spec(name, path, target)) is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Patching(spec, spec.loader, self._patches[name])
        return spec


def imported(names: Iterable[str]) -> tuple[ModuleType, ...]:
    """Return the modules of these names that are imported, each once: two names may stand for one."""
    return tuple(dict.fromkeys(sys.modules[name] for name in names if name in sys.modules))


class _Patching(Loader):
    """A loader that runs a module as another one does, then patches it; the module itself knows only the other."""

    def __init__(self, spec: ModuleSpec, loader: Loader, patch: Patch) -> None:
        self._spec = spec
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._patch(module)
