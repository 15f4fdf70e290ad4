"""Syntheses that ``review.yaml`` declares: results -> effects with sources -> a fitted model as a frozen result."""
