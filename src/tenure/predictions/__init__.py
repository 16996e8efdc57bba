"""Who will leave, what each is worth, what they will want next; and how far to believe it.

Enters: the fact tables as they were known at past dates, or any table one has. Leaves: models as
small texts, scores of every customer with their intervals and reasons, and the scorecard that
earned them. Each name loads when it is asked for.

>>> from tenure.predictions import BGNBD, ChurnModel, scorecard
"""

from typing import TYPE_CHECKING

from tenure.kernel.late_doors import late_doors

if TYPE_CHECKING:
    from tenure.predictions.churn.definition import ChurnDefinition
    from tenure.predictions.churn.table_model import ChurnModel
    from tenure.predictions.contracts.beta_discrete_weibull import BetaDiscreteWeibull
    from tenure.predictions.contracts.hazard import DiscreteTimeHazard
    from tenure.predictions.contracts.kaplan_meier import ContractKaplanMeier
    from tenure.predictions.contracts.shifted_beta_geometric import ShiftedBetaGeometric
    from tenure.predictions.fitting.draws import Predicted
    from tenure.predictions.next_purchase.basket import NextBasket
    from tenure.predictions.next_purchase.next_order import NextOrder
    from tenure.predictions.panels import Panel, panel
    from tenure.predictions.purchases.bg_bb import BGBB
    from tenure.predictions.purchases.bg_nbd import BGNBD
    from tenure.predictions.purchases.gamma_gamma import GammaGamma
    from tenure.predictions.purchases.mbg_nbd import MBGNBD
    from tenure.predictions.purchases.pareto_nbd import ParetoNBD
    from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
    from tenure.predictions.scorecards.origins import RankedOrigin, ScoredOrigin
    from tenure.predictions.scorecards.scorecard import Scorecard
    from tenure.predictions.value.assumptions import ValueAssumptions
    from tenure.predictions.value.purchase_value import PurchaseValue
    from tenure.predictions.value.value_model import ValueModel

__all__ = [
    "BGBB",
    "BGNBD",
    "MBGNBD",
    "BetaDiscreteWeibull",
    "ChurnDefinition",
    "ChurnModel",
    "ContractKaplanMeier",
    "DiscreteTimeHazard",
    "GammaGamma",
    "NextBasket",
    "NextOrder",
    "Panel",
    "ParetoNBD",
    "Predicted",
    "PurchaseValue",
    "RankedOrigin",
    "Scorecard",
    "ScorecardOptions",
    "ScoredOrigin",
    "ShiftedBetaGeometric",
    "ValueAssumptions",
    "ValueModel",
    "panel",
    "scorecard",
]

__getattr__ = late_doors(
    __name__,
    {
        "BGBB": "tenure.predictions.purchases.bg_bb",
        "BGNBD": "tenure.predictions.purchases.bg_nbd",
        "BetaDiscreteWeibull": "tenure.predictions.contracts.beta_discrete_weibull",
        "ChurnDefinition": "tenure.predictions.churn.definition",
        "ChurnModel": "tenure.predictions.churn.table_model",
        "DiscreteTimeHazard": "tenure.predictions.contracts.hazard",
        "GammaGamma": "tenure.predictions.purchases.gamma_gamma",
        "MBGNBD": "tenure.predictions.purchases.mbg_nbd",
        "NextBasket": "tenure.predictions.next_purchase.basket",
        "NextOrder": "tenure.predictions.next_purchase.next_order",
        "Panel": "tenure.predictions.panels",
        "ParetoNBD": "tenure.predictions.purchases.pareto_nbd",
        "Predicted": "tenure.predictions.fitting.draws",
        "PurchaseValue": "tenure.predictions.value.purchase_value",
        "RankedOrigin": "tenure.predictions.scorecards.origins",
        "Scorecard": "tenure.predictions.scorecards.scorecard",
        "ScorecardOptions": "tenure.predictions.scorecards.judging",
        "ScoredOrigin": "tenure.predictions.scorecards.origins",
        "ShiftedBetaGeometric": "tenure.predictions.contracts.shifted_beta_geometric",
        "ValueAssumptions": "tenure.predictions.value.assumptions",
        "ValueModel": "tenure.predictions.value.value_model",
        "ContractKaplanMeier": "tenure.predictions.contracts.kaplan_meier",
        "panel": "tenure.predictions.panels",
        "scorecard": "tenure.predictions.scorecards.judging",
    },
)
