"""Where our packages come from: all of one tree, or the program does not start.

The names ``crypto``, ``config``, ``protocols`` and ``translation`` are common ones, and another
distribution in the same environment can lie in front of ours without a sound. So every process
asks first whether the five packages that Python would import lie under one parent folder.
Imports none of them to find out.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("liaison", "crypto", "translation", "protocols", "config")


class OriginError(Exception):
    """The packages that would be imported are not of one tree."""

    code = "runtime.origin"


def check_origin() -> Path:
    """Return the one folder that holds our five packages.

    Raises:
        OriginError: a package is missing, is no regular package, or lies elsewhere.
    """
    return one_parent({name: _place(name) for name in PACKAGES})


def one_parent(places: Mapping[str, Path]) -> Path:
    """Return the parent folder that all ``places`` (package name -> its folder) share.

    Raises:
        OriginError: they have more than one parent.
    """
    parents = {name: place.parent for name, place in places.items()}
    home = parents["liaison"]
    strangers = sorted(name for name, parent in parents.items() if parent != home)
    if strangers:
        found = ", ".join(f"{name} in {parents[name]}" for name in strangers)
        raise OriginError(f"expected every package beside liaison in {home}; found {found}")
    return home


def _place(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        found = "nothing" if spec is None else "a folder without __init__.py"
        raise OriginError(f"expected the package {name}; found {found}")
    return Path(spec.origin).resolve().parent
