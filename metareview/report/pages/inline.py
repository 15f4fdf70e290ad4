"""A figure inside a page: its named colours become CSS variables, so that it follows the light or dark theme."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from metareview.errors import InputError
from metareview.report.figures.style import DARK
from metareview.report.figures.svg import SVG, XLINK

__all__ = ["figure_variables", "inline_svg"]

_COLOUR = re.compile(r"#[0-9a-f]{6}\b", re.IGNORECASE)
_SIZE = re.compile(r"^([\d.]+)pt$")
#: How far a drawing shrinks with the window before it scrolls: its text must stay readable.
SHRINK = 0.86
#: Elements that a drawing needs; anything else does not come into the page.
_DRAWN = frozenset({
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "title", "desc",
    "defs", "use", "clipPath", "pattern", "image", "linearGradient", "radialGradient", "stop", "marker", "mask",
})  # fmt: skip


def inline_svg(text: str, name: str) -> str:
    """Return SVG for the inside of an HTML page.

    The XML declaration goes, named colours become ``var(--f-…)``, the drawing scales with the page. What a drawing
    does not need (scripts, event handlers, links to other files) does not come into the page.

    Parameters
    ----------
    text : the SVG file; its ids begin with the figure's name, so that figures of one page do not clash.
    name : the figure's name, for messages.

    Raises
    ------
    InputError
        If the text is not SVG.
    """
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise InputError(f"figure {name} is not well-formed SVG ({error}); draw it again") from error
    if root.tag != f"{{{SVG}}}svg":
        raise InputError(f"figure {name} is not SVG but {root.tag}; draw it again")
    _prune(root)
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            local = key.rpartition("}")[2]
            if local.startswith("on") or (local == "href" and not value.startswith(("#", "data:image/png"))):
                del element.attrib[key]
            elif local in ("style", "fill", "stroke"):
                element.set(key, _COLOUR.sub(_variable, value))
    width = _SIZE.match(root.get("width", ""))
    if (
        width
    ):  # points become CSS pixels; a little shrinking is fine, then the frame scrolls; the view box has the height
        pixels = float(width[1]) * 4 / 3
        size = f"width: {pixels:.0f}px; min-width: {pixels * SHRINK:.0f}px"
        root.set("style", f"{root.get('style', '')}; {size}".lstrip("; "))
    root.attrib.pop("width", None)
    root.attrib.pop("height", None)
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    return ET.tostring(root, encoding="unicode")


def figure_variables(dark: bool) -> str:
    """Return the CSS declarations of the figures' colours for one theme."""
    return " ".join(f"--f-{light[1:]}: {shade if dark else light};" for light, shade in DARK.items())


def _prune(parent: ET.Element) -> None:
    for child in list(parent):
        if child.tag.rpartition("}")[2] not in _DRAWN:
            parent.remove(child)
        else:
            _prune(child)


def _variable(match: re.Match[str]) -> str:
    colour = match[0].lower()
    return f"var(--f-{colour[1:]}, {colour})" if colour in DARK else colour
