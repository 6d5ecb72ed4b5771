"""The second, independent look for identifiers: its own parser, raw bytes, dictionaries and reading of pictures.

It shares no code with the engine that de-identifies, so that one mistake cannot blind both.
"""

from concours.second_check.finding import Finding
from concours.second_check.search import find_identifiers

__all__ = ["Finding", "find_identifiers"]
