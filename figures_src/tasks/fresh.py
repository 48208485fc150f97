"""Our code is always compiled from its source.

Python believes a .pyc when the source has the size and the second of modification that it notes, so code saved twice
within a second, or restored with an old date, would run as it was before. Everybody else's code (torch is large)
keeps its caches.
"""

import importlib.machinery
from pathlib import Path

SRC = str(Path(__file__).resolve().parents[1])


def install() -> None:
    """From now on, in this process."""
    loader = importlib.machinery.SourceFileLoader
    cached = loader.get_code

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        if not path.startswith(SRC):
            return cached(self, fullname)
        return self.source_to_code(self.get_data(path), path)

    loader.get_code = get_code
