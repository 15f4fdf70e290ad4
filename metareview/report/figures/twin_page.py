"""The page around an interactive figure: plotly draws it, hovering explains it, nothing is fetched from anywhere.

The page is written here rather than by plotly, so that its bytes do not depend on which JSON library is installed, and
so that a text from a spreadsheet can neither close the script nor add an element.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

from metareview.report.figures.text import tidy

__all__ = ["hover", "program", "render_twin", "script_json"]

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="connect-src 'none'; form-action 'none'; base-uri 'none'">
<title>{title}</title>
<style>
:root {{ color-scheme: light; }}
body {{ margin: 0; padding: 1rem; background: #fff; color: #1b1f24; font: 15px/1.5 system-ui, sans-serif; }}
h1 {{ font-size: 1.15rem; margin: 0 0 .25rem; }}
p {{ margin: 0 0 .75rem; max-width: 70ch; color: #57606a; }}
a {{ color: #0b5cad; }}
</style>
</head>
<body>
<p><a href="../report.html#figure-{name}">Back to the report</a></p>
<h1>{title}</h1>
<p>{alt}</p>
{body}
</body>
</html>
"""
_DRAWN = """<div id="{name}" role="img" aria-label="{alt}"></div>
<script src="plotly.min.js"></script>
<script>
var figure = {figure};
Plotly.newPlot("{name}", figure.data, figure.layout, {{
  responsive: true, displaylogo: false,
  modeBarButtonsToRemove: ["sendChartToCloud", "sendDataToCloud", "select2d", "lasso2d"]
}});
</script>"""


def program() -> str:
    """Return plotly's program as it comes with the Python package."""
    from plotly.offline import get_plotlyjs

    script: str = get_plotlyjs()
    return script


def render_twin(figure: Any, name: str, title: str, alt: str) -> str:
    """Return the page of an interactive figure.

    Parameters
    ----------
    figure : plotly figure; None for a page that says there is nothing to draw.
    name, title, alt : identifier, heading and text alternative.
    """
    alt = escape(tidy(alt, 4000))
    body = "<p>Nothing to draw.</p>"
    if figure is not None:
        body = _DRAWN.format(name=escape(name), alt=alt, figure=script_json(figure.to_plotly_json()))
    return _PAGE.format(name=escape(name), title=escape(tidy(title)), alt=alt, body=body)


def script_json(value: Any, *, compact: bool = False) -> str:
    r"""Return JSON that can stand in a script element: no text in it can close the element; `compact` without spaces.

    >>> script_json({"a": "</script>"})
    '{"a": "\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, default=_plain,
                      separators=(",", ":") if compact else None)  # fmt: skip
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _plain(value: Any) -> Any:
    """Return arrays and tuples of plotly as lists."""
    return value.tolist() if hasattr(value, "tolist") else list(value)


def hover(*parts: tuple[str, object]) -> str:
    """Return the text of a hover box: one line per name and value; plotly reads it as HTML, so it is escaped."""
    lines = [
        f"{escape(name)}: {escape(tidy(value))}" if name else f"<b>{escape(tidy(value))}</b>" for name, value in parts
    ]
    return "<br>".join(lines)
