"""Figures: each draws a view onto axes and computes nothing."""
