"""Packages that mkdocs' plugins import at their top and rarely use: imported when first asked for something.

mkdocs-jupyter brings jupytext, nbconvert and all that these need, two thirds of what mkdocs imports, in order to render
notebooks; those are kept by their content, and an edit to a page's text renders none.
"""

import importlib
import sys
import types


class Later(types.ModuleType):
    """Stands in sys.modules under a name; the first attribute that is asked of it imports the real module."""

    def __getattr__(self, name: str):
        if name.startswith("__"):  # what the import system asks of any module
            raise AttributeError(name)
        forget()
        return getattr(importlib.import_module(self.__name__), name)


def forget() -> None:
    """Take away everything that stands for a module: the real ones import each other."""
    for name in [name for name, module in sys.modules.items() if type(module) is Later]:
        del sys.modules[name]


def install(*names: str) -> None:
    """From now on, in this process. Modules that are there already stay."""
    for name in names:
        sys.modules.setdefault(name, Later(name))
