"""A figure as SVG text: the same bytes on every machine, readable aloud, and safe to stand beside others in one page.

Matplotlib writes the drawing; here it gets a title and a description, text keeps the width that the layout was made
for whatever font the viewer has (`textLength`), and only ids that something refers to are kept, with the figure's name
before them.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from metareview.report.figures.style import style
from metareview.report.figures.text import measure, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SVG", "png_bytes", "svg_text"]

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
#: Verdana has the widths of DejaVu Sans, and stands where DejaVu does not.
FONTS = "'DejaVu Sans', Verdana, 'Bitstream Vera Sans', Geneva, sans-serif"
#: A scalable drawing needs no more; on paper 200 dots per inch are sharp.
DPI = 200

_FAMILY = re.compile(r"font-family:[^;]*;?\s*")
_SIZE = re.compile(r"font-size:\s*([\d.]+)px")
_WEIGHT = re.compile(r"font-weight:\s*(\w+)")
_URL = re.compile(r"url\(#([^)]+)\)")


def png_bytes(figure: Figure) -> bytes:
    """Return the figure as PNG, without date and program name, so that the same figure has the same bytes."""
    import warnings

    buffer = BytesIO()
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def svg_text(figure: Figure, name: str, title: str, alt: str) -> str:
    """Return the figure as SVG with title, description, text as text, and ids that begin with its name."""
    import warnings

    buffer = BytesIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="svg", metadata=nothing)
    root = ET.fromstring(buffer.getvalue())
    _strip(root)
    _name_ids(root, name)
    _keep_widths(root)
    _describe(root, name, title, alt)
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _strip(root: ET.Element) -> None:
    """Remove the empty metadata, the white space between elements, and the style sheet.

    The sheet holds one rule for every element; beside other figures in a page it would reach those too, so it stands
    at the root instead, from where it is inherited.
    """
    for parent in root.iter():
        for child in list(parent):
            child.tail = None
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
                parent.remove(child)
        if parent.tag != f"{{{SVG}}}text":
            parent.text = None


def _name_ids(root: ET.Element, name: str) -> None:
    """Keep ids that are referred to, with the figure's name before them; drop the others."""
    href = f"{{{XLINK}}}href"
    used: set[str] = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            used.update(_URL.findall(value))
            if key in (href, "href") and value.startswith("#"):
                used.add(value[1:])
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id":
                if value in used:
                    element.set(key, f"{name}-{value}")
                else:
                    del element.attrib[key]
            elif key in (href, "href") and value.startswith("#"):
                element.set(key, f"#{name}-{value[1:]}")
            elif "url(#" in value:
                element.set(key, _URL.sub(rf"url(#{name}-\1)", value))


def _keep_widths(root: ET.Element) -> None:
    """Give every text the width it was laid out with, and name the fonts once, at the root."""
    for element in root.iter(f"{{{SVG}}}text"):
        look = element.get("style", "")
        size, weight = _SIZE.search(look), _WEIGHT.search(look)
        element.set("style", _FAMILY.sub("", look).strip())
        if size and element.text and len(element.text) > 1:
            bold = "bold" if weight and weight[1] in ("bold", "600", "700") else "normal"
            element.set("textLength", f"{measure(element.text, float(size[1]), bold):.2f}")
            element.set("lengthAdjust", "spacingAndGlyphs")
    root.set("style", f"font-family: {FONTS}; stroke-linejoin: round; stroke-linecap: butt")


def _describe(root: ET.Element, name: str, title: str, alt: str) -> None:
    """Put title and description first, where screen readers and search engines look for them."""
    heading = ET.Element(f"{{{SVG}}}title", {"id": f"{name}-title"})
    heading.text = tidy(title)
    text = ET.Element(f"{{{SVG}}}desc", {"id": f"{name}-desc"})
    text.text = tidy(alt or title, 4000)
    root.insert(0, text)
    root.insert(0, heading)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-desc")
