"""Effects `yi` with sampling variances `vi` -> pooled estimates, heterogeneity, moderators, dependence, sensitivity.

>>> from metareview.stats.synthesis import fit
>>> fit([0.1, 0.3, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01], method="DL").method
'DL'
"""

from metareview.stats.synthesis.batch import BatchFit, fit_batch
from metareview.stats.synthesis.estimators import ESTIMATORS
from metareview.stats.synthesis.fit import fit
from metareview.stats.synthesis.multilevel import MultilevelFit
from metareview.stats.synthesis.univariate import UnivariateFit

__all__ = ["ESTIMATORS", "BatchFit", "MultilevelFit", "UnivariateFit", "fit", "fit_batch"]
