"""What a JSON column, an answer of a child process or the body of a request holds, before a record is made of it.

The one place where such a value has no type: what comes from outside is read into a frozen dataclass by its `from_json`, and
where the content is a question's own (the value of a field, the holes of a message) it stays `Json`.
"""

from typing import Any, TypeAlias

Json: TypeAlias = Any
JsonObject: TypeAlias = dict[str, Any]
