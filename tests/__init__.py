"""A package, so that `tests` is this folder whatever other packages bring along."""
