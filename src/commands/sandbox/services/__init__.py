"""What the emulated AWS lacks, added in its own process: one file a service. Each keeps state and is strict about it; requests and
answers are parsed, checked and written by AWS's own service definitions (see model.py). Nothing of moto is patched on disk.

`register` makes them known to moto; `MOUNTS` are services that are not AWS, by the path below which they answer.
"""

import importlib
import pkgutil

MOUNTS = {}


def register():
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        if hasattr(loaded, "register_into"):
            loaded.register_into(MOUNTS)
