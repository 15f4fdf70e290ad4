"""Renderers of a view: CSV, Markdown, HTML, LaTeX, XLSX."""
