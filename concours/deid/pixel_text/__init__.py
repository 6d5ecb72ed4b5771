"""Finds writing burned into pixels, tells identity from markers and scales, and blanks it.

`interface` is what the engine sees, without numpy; `examine` whole objects; `policy` decides per kind of object, `frames` and
`find` look at frames, `ocr` recognises letters.
"""
