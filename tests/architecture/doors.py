"""A contract for import-linter: each third party enters by its one door.

Two kinds of line, both about direct imports. A *door* ``package <- importers`` says which of
our modules may import an outside package. An *errand* ``source -> package: modules`` says
which modules of a package of ours another one may use. A name with a star in place of one
part stands for each module of that form; inner modules are included. What no line names is
left to the other contracts.
"""

import re
from collections.abc import Iterator
from typing import Any, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class DoorsContract(Contract):
    """The sixth contract of the house, as written in pyproject.toml."""

    type_name = "doors"

    doors = fields.ListField(subfield=fields.StringField())
    errands = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - import-linter's signature
        """Return kept, or broken with one ``importer -> imported`` line for each breach."""
        breaches = [
            *(breach for line in self._lines("doors") for breach in _door_breaches(graph, line)),
            *(
                breach
                for line in self._lines("errands")
                for breach in _errand_breaches(graph, line)
            ),
        ]
        return ContractCheck(kept=not breaches, metadata={"breaches": sorted(breaches)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each breach on its line."""
        for breach in check.metadata["breaches"]:
            output.print_error(breach)

    def _lines(self, field: str) -> list[str]:
        return cast("list[str]", cast("Any", getattr(self, field)))


def _door_breaches(graph: ImportGraph, line: str) -> Iterator[str]:
    package, importers = (part.strip() for part in line.split("<-"))
    if package not in graph.modules:  # nobody imports it
        return
    for importer in graph.find_modules_that_directly_import(package):
        if not _matches(importer, importers):
            yield f"{importer} -> {package} (its door: {importers})"


def _errand_breaches(graph: ImportGraph, line: str) -> Iterator[str]:
    source, rest = (part.strip() for part in line.split("->"))
    package, allowed = (part.strip() for part in rest.split(":"))
    for importer in {source, *graph.find_descendants(source)}:
        for imported in graph.find_modules_directly_imported_by(importer):
            if _matches(imported, package) and not _matches(imported, allowed):
                yield f"{importer} -> {imported} (may use: {allowed})"


def _matches(module: str, names: str) -> bool:
    """Say whether ``module`` is one of the comma-separated ``names`` or lies inside one."""
    patterns = (re.escape(name.strip()).replace(r"\*", r"[^.]+") for name in names.split(","))
    return any(re.match(rf"{pattern}(\.|$)", module) for pattern in patterns)
