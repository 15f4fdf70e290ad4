"""Pages: one self-contained HTML report per review."""
