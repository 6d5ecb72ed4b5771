"""YAML as a tree that knows its lines: safe scalars only, no aliases, no duplicate keys, no guessing of dates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

import yaml

from concours.formats.fault import gettext_noop

from .mistakes import Mistake, Mistakes, SpecError

MAX_CHARACTERS = 1_000_000
MAX_DEPTH = 20
MAX_NODES = 100_000
MOST_VALUES = 20_000  # of a question file: the longest of the catalogue has a few hundred
TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null")}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml's where it is there
    """YAML 1.2's core scalars: 1.1 reads `no` as false, `12:30` as 750 and a date without an hour as midnight."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)


@dataclass(frozen=True, slots=True)
class Located:
    """A value, the line it starts on (from 1) and its path. Lists and mappings hold `Located` values."""

    value: Any
    line: int
    path: str

    def plain(self) -> Any:
        """The same without lines."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


def read_tree(text: str, *, aliases: bool = False) -> tuple[Located, Mistakes]:
    """The tree of `text` and the errors found while building it. Raises SpecError where there is no tree at all.

    `aliases`: other platforms' files use them; an alias that holds itself or unfolds without end is refused all the same.
    """
    if len(text) > MAX_CHARACTERS:
        raise SpecError([Mistake(1, "", gettext_noop("the file is longer than a question file may be"))])
    try:
        # SafeLoader's subclass: composing builds no object, and only the four core scalars are resolved below.
        _check_events(text, aliases)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = min(_line(error.problem_mark), len(text.splitlines()) or 1)  # libyaml points behind the last line
        template = gettext_noop("this is not YAML: %(problem)s")
        raise SpecError([Mistake(line, "", template, {"problem": error.problem or "unreadable"})]) from error
    except (yaml.YAMLError, RecursionError) as error:
        template = gettext_noop("this is not YAML: %(problem)s")
        raise SpecError([Mistake(1, "", template, {"problem": str(error)[:120]})]) from error
    if node is None:
        raise SpecError([Mistake(1, "", gettext_noop("the file is empty"))])
    mistakes = Mistakes()
    if aliases:
        _count(node, 0, 0)
    return _located(node, "", 0, mistakes), mistakes


def _count(node: yaml.Node, depth: int, seen: int) -> int:
    """Nodes once every alias is unfolded; SpecError above the limit, long before memory notices."""
    seen += 1
    if depth > MAX_DEPTH or seen > MAX_NODES:
        raise SpecError([Mistake(_line(node.start_mark), "", gettext_noop("aliases expand to too much data"))])
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            seen = _count(item, depth + 1, seen)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            seen = _count(value, depth + 1, _count(key, depth + 1, seen))
    return seen


def _line(mark: Any) -> int:
    return mark.line + 1 if mark is not None else 1


def _check_events(text: str, aliases: bool) -> None:
    depth = values = 0
    for event in yaml.parse(text, Loader=_Loader):
        values += isinstance(event, yaml.ScalarEvent)
        if values > MOST_VALUES and not aliases:
            template = gettext_noop(
                "the file has more than %(count)s keys and values; a question file has a few hundred"
            )
            raise SpecError([Mistake(_line(event.start_mark), "", template, {"count": MOST_VALUES})])
        if isinstance(event, yaml.AliasEvent) and not aliases:
            template = gettext_noop("aliases (*%(name)s) are not allowed in question files; write the value itself")
            raise SpecError([Mistake(_line(event.start_mark), "", template, {"name": event.anchor})])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise SpecError([Mistake(_line(event.start_mark), "", gettext_noop("too deeply nested"))])


def _located(node: yaml.Node, path: str, depth: int, mistakes: Mistakes) -> Located:
    line = node.start_mark.line + 1
    if node.tag not in TAGS:
        mistakes.append(Mistake(line, path, gettext_noop("tag %(tag)s is not allowed"), {"tag": node.tag[:60]}))
    if isinstance(node, yaml.SequenceNode):
        items = [_located(item, f"{path}[{index}]", depth + 1, mistakes) for index, item in enumerate(node.value)]
        return Located(items, line, path)
    if isinstance(node, yaml.MappingNode):
        return Located(_pairs(node, path, depth, mistakes), line, path)
    return Located(_scalar(cast(yaml.ScalarNode, node), path, mistakes), line, path)


def _pairs(node: yaml.MappingNode, path: str, depth: int, mistakes: Mistakes) -> dict[str, Located]:
    pairs: dict[str, Located] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            mistakes.append(Mistake(line, path, gettext_noop("a key must be one word")))
            continue
        key = key_node.value
        where = f"{path}.{key}" if path else key
        if key in pairs:
            template = gettext_noop("this key is already on line %(line)s")
            mistakes.append(Mistake(line, where, template, {"line": pairs[key].line}))
            continue
        value = _located(value_node, where, depth + 1, mistakes)
        # A block value starts a line below its key; the key is where a person looks.
        pairs[key] = Located(value.value, line, where)
    return pairs


def _scalar(node: yaml.ScalarNode, path: str, mistakes: Mistakes) -> Any:
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        return None
    if kind == "bool":
        return node.value == "true"
    if kind in ("int", "float"):
        try:
            return int(node.value) if kind == "int" else float(node.value)
        except ValueError:
            template = gettext_noop("%(value)s is not a number")
            mistakes.append(Mistake(node.start_mark.line + 1, path, template, {"value": node.value[:40]}))
            return None
    return node.value
