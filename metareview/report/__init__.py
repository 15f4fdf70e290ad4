"""Results -> views -> tables, figures, pages."""
