"""What an RLE frame carries beside its pixels: gaps, words of its header not in use, bytes after a segment
(PS3.5 Annex G).
"""

from concours.deid.refusal import FileRefusedError

HEADER = 64


def rle_blanks(frame: bytes, pixels: int, segments: int) -> list[tuple[int, int]]:
    """(offset, length) of every stretch of `frame` that no decoder reads, where it is not zeros already.

    `pixels`: bytes that each segment unpacks to; `segments`: samples x bytes of a sample. Raises RefusedError where the frame is
    not of that form.
    """
    words = [int.from_bytes(frame[i : i + 4], "little") for i in range(0, HEADER, 4)]
    starts = words[1 : 1 + segments]
    if len(frame) < HEADER or words[0] != segments or starts != sorted(starts) or starts[0] < HEADER:
        raise FileRefusedError("corrupt_pixels", "The header of a run-length encoded frame is damaged.")
    unread = [(4 * (1 + segments), HEADER - 4 * (1 + segments)), (HEADER, starts[0] - HEADER)]
    for start, limit in zip(starts, [*starts[1:], len(frame)], strict=True):
        end = _end(frame, start, limit, pixels)
        unread.append((end, limit - end))
    return [(offset, length) for offset, length in unread if any(frame[offset : offset + length])]


def _end(frame: bytes, pos: int, limit: int, pixels: int) -> int:
    """Where the packed bytes of one segment end."""
    left = pixels
    while left > 0 and pos < limit:
        control = frame[pos]
        if control < 128:
            left -= control + 1
            pos += control + 2
        elif control > 128:
            left -= 257 - control
            pos += 2
        else:
            pos += 1
    if left > 0 or pos > limit:
        raise FileRefusedError("corrupt_pixels", "A run-length encoded frame ends too early.")
    if left < 0:  # decoders drop what is too much, and it may be words
        raise FileRefusedError("corrupt_pixels", "A run-length encoded frame unpacks to more than its pixels.")
    return pos
