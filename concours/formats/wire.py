"""What crosses between a parent and its disposable child: JSON and raw arrays, never pickle, sizes checked first."""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from socket import socket
from struct import Struct
from typing import Any

import numpy as np

HEAD = Struct("<QQ")  # bytes of the JSON document, bytes of all buffers after it
_PLAIN = "|b1 |u1 |i1 <u2 <i2 <u4 <i4 <u8 <i8 <f4 <f8"
DTYPES = frozenset(_PLAIN.split())
MAX_DOCUMENT = 256 << 20


class WireError(Exception):
    """The other side sent something that is not a message of this protocol."""


class HungUpError(WireError):
    """The other side closed the channel or ended before the message was whole."""


def send(channel: socket, message: Any) -> None:
    """Send `message`: None, bool, int, float, str, bytes, paths, arrays, and lists and dicts of these."""
    buffers: list[memoryview] = []
    tree = _flatten(message, buffers)
    document = json.dumps({"buffers": [b.nbytes for b in buffers], "tree": tree}).encode()
    channel.sendall(HEAD.pack(len(document), sum(b.nbytes for b in buffers)))
    channel.sendall(document)
    for buffer in buffers:
        channel.sendall(buffer)


def receive(
    channel: socket, limit: int, deadline: float | None = None, waiting: Callable[[], None] | None = None
) -> Any:
    """Receive one message of at most `limit` bytes before `deadline` (`time.monotonic`), calling `waiting` each second.

    Raises `WireError` for anything malformed and `TimeoutError` when the deadline passes.
    """
    size, payload = HEAD.unpack(_exactly(channel, HEAD.size, deadline, waiting))
    if size > min(limit, MAX_DOCUMENT) or payload > limit:
        raise WireError("the message is larger than its limit")
    try:
        document = json.loads(bytes(_exactly(channel, size, deadline, waiting)))
        sizes = [int(n) for n in document["buffers"]]
        tree = document["tree"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError("the message is not a document") from error
    if any(n < 0 for n in sizes) or sum(sizes) != payload:
        raise WireError("the buffers do not add up")
    buffers = [_exactly(channel, n, deadline, waiting) for n in sizes]
    try:
        return _rebuild(tree, buffers)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise WireError("the document does not match its buffers") from error


def _flatten(value: Any, buffers: list[memoryview]) -> Any:
    if isinstance(value, np.ndarray):
        array = np.ascontiguousarray(value)
        if array.dtype.str not in DTYPES:
            raise TypeError(f"arrays of {array.dtype} do not cross between processes")
        buffers.append(memoryview(array.reshape(-1).view(np.uint8).data))
        return {"__array__": [len(buffers) - 1, array.dtype.str, list(value.shape)]}
    if isinstance(value, bytes | bytearray | memoryview):
        buffers.append(memoryview(value).cast("B"))
        return {"__bytes__": len(buffers) - 1}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): _flatten(v, buffers) for k, v in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_flatten(v, buffers) for v in value]
    return value


def _rebuild(tree: Any, buffers: list[bytearray]) -> Any:
    if isinstance(tree, list):
        return [_rebuild(item, buffers) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if "__array__" in tree:
        index, dtype, shape = tree["__array__"]
        if dtype not in DTYPES or not all(isinstance(n, int) and n >= 0 for n in shape) or len(shape) > 8:
            raise ValueError("not an array")
        array = np.frombuffer(buffers[index], dtype=np.dtype(dtype))
        if math.prod(shape) != array.size:
            raise ValueError("the array's shape is not its size")
        return array.reshape(shape)
    if "__bytes__" in tree:
        return bytes(buffers[tree["__bytes__"]])
    return {key: _rebuild(item, buffers) for key, item in tree.items()}


def _exactly(channel: socket, count: int, deadline: float | None, waiting: Callable[[], None] | None) -> bytearray:
    data = bytearray(count)
    view, filled = memoryview(data), 0
    while filled < count:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the child took too long")
            channel.settimeout(min(left, 1.0))
        try:
            got = channel.recv_into(view[filled:])
        except TimeoutError:
            if waiting is not None:
                waiting()
            continue
        except OSError as error:
            raise HungUpError("the other side hung up") from error
        if got == 0:
            raise HungUpError("the other side hung up")
        filled += got
    return data
