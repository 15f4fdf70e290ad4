"""Views: results arranged for looking. `base` has the types; each module arranges one family."""
