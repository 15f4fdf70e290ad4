"""Reference models run again: models, data, training, inference and the record of a run. torch lives here only.

Importing this package imports nothing heavy; what needs torch, scikit-learn or an optional library asks for it on
use and says the install line where it is missing (``metareview[rerun]``, ``metareview[affinities]``).
"""
