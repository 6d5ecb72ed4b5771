"""Elements of an SVG picture as text: escaped, numbers short, no style, no script."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from html import escape

ACCENT = "#17909e"  # these tones have a contrast of 3 or more on white and on the dark page alike
WARM = "#c2621b"
QUIET = "#7d8791"
FONT = "system-ui, 'Segoe UI', Roboto, sans-serif"
CHARACTER = 0.56  # mean width of a character, in font sizes

# One colour a contestant; a ninth takes the first again, so the key and the pointer's words name every point.
SERIES = ("#17909e", "#c2621b", "#3f74c8", "#a8508f", "#5f8a1f", "#a8801c", "#d1495b", "#6f6fc4")


def element(name: str, *children: str, **attributes: str | float | None) -> str:
    """One element. `_` in attribute names is `-`, a trailing one is dropped (`class_`); None leaves an attribute
    out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def text(
    x: float, y: float, words: str, size: float = 13, anchor: str = "start", **attributes: str | float | None
) -> str:
    """A line of text in the page's colour, its baseline at y."""
    options = {"fill": "currentColor", "font_size": size, "text_anchor": anchor, **attributes}
    return element("text", escape(words), x=x, y=y, **options)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: str | float | None) -> str:
    """A straight line, thin and faint unless said otherwise."""
    options: dict[str, str | float | None] = {"stroke": "currentColor", "stroke_opacity": 0.2, **attributes}
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **options)


def tip(words: str) -> str:
    """What a pointer resting on the parent shape shows, and what a screen reader says of it."""
    return element("title", escape(words))


def dots(points: Iterable[tuple[float, float]], diameter: float, colour: str, opacity: float, class_: str) -> str:
    """Many equal dots as one path of round caps: a tenth of the size of as many circles."""
    path = "".join(f"M{_value(x)} {_value(y)}h0" for x, y in points)
    return element(
        "path",
        d=path,
        stroke=colour,
        stroke_width=diameter,
        stroke_linecap="round",
        stroke_opacity=opacity,
        fill="none",
        class_=class_,
    )


def picture(title: str, description: str, width: float, height: float, children: Iterable[str]) -> str:
    """The whole picture with its title and description; its ids follow from its words, so that two can share a page."""
    key = sha256(f"{title}\0{description}".encode()).hexdigest()[:10]
    return element(
        "svg",
        element("title", escape(title), id=f"t{key}"),
        element("desc", escape(description), id=f"d{key}"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"t{key} d{key}",
        font_family=FONT,
        font_size=13,
        class_="plot",
    )


def fit(words: str, width: float, size: float = 13) -> str:
    """Words cut to about `width` pixels, with an ellipsis."""
    most = max(2, int(width / (size * CHARACTER)))
    return words if len(words) <= most else words[: most - 1] + "…"


def label_width(names: Iterable[str], most: float = 190, size: float = 13) -> float:
    """Pixels that the longest name takes, at most `most`."""
    return min(most, max((len(name) for name in names), default=0) * size * CHARACTER + 6)


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return value
    rounded = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if rounded in ("-0", "") else rounded
