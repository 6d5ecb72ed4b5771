"""An import-linter contract for layers inside apps, by file name: no list of every verb file has to be kept."""

from __future__ import annotations

from fnmatch import fnmatchcase

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class RoomsContract(Contract):
    """Inside each container a module imports modules of its own layer or of lower ones.

    A layer is names or patterns, separated by commas, of modules directly below the container; the layer `*` takes all others.
    """

    type_name = "rooms"

    containers = fields.ListField(subfield=fields.StringField())
    layers = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = [line for container in self.containers for line in self._broken(graph, str(container))]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["broken"]:
            output.print_error(line)

    def _broken(self, graph: ImportGraph, container: str) -> list[str]:
        lines = []
        for importer in sorted(graph.find_descendants(container)):
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                if not imported.startswith(f"{container}."):
                    continue
                if self._height(importer, container) < self._height(imported, container):
                    lines.append(f"{importer} may not import {imported}")
        return lines

    def _height(self, module: str, container: str) -> int:
        """How far from the ground the layer of a module is."""
        name = module.removeprefix(f"{container}.").split(".")[0]
        heights = {pattern.strip(): -at for at, layer in enumerate(self.layers) for pattern in str(layer).split(",")}
        matching = [height for pattern, height in heights.items() if pattern != "*" and fnmatchcase(name, pattern)]
        return matching[0] if matching else heights["*"]
