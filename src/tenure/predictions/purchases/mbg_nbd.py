"""MBG/NBD: as BG/NBD, but a customer may leave already after the very first purchase."""

from __future__ import annotations

from tenure.predictions.purchases.beta_geometric import BetaGeometricModel


class MBGNBD(BetaGeometricModel):
    """The modified beta-geometric / negative binomial model (Batislam et al. 2007).

    Parameters
    ----------
    penalty, covariates, covariate_penalty : as in `BGNBD`.

    References
    ----------
    E. P. Batislam, M. Denizel, A. Filiztekin (2007), Empirical validation and comparison of
    models for customer base analysis, Int. J. of Research in Marketing 24(3), 201-209,
    doi:10.1016/j.ijresmar.2006.12.005.
    """

    _chances_before = 1
