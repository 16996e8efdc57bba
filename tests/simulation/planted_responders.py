"""A shop whose customers respond to a message each in her own way, as far as columns tell.

Lapsed customers hardly come back whatever is sent; frequent ones come anyway, and some of them
are annoyed; those between respond, more in the app, most if they once bought with a discount.
So whoever is most at risk is not whom a message moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.special import expit


@dataclass(frozen=True)
class Responders:
    """Customers with what is known of them, and what nobody knows.

    Parameters
    ----------
    table : what was known before.
    chance : of an order within the window without a message.
    effect : what a message changes of that chance.
    """

    table: pa.Table
    chance: np.ndarray
    effect: np.ndarray

    def piloted(self, seed: int, *, share: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
        """Return who was treated, at random, and who ordered."""
        random = np.random.default_rng([seed, 1])
        treated = (random.random(len(self.effect)) < share).astype(float)
        ordered = random.random(len(self.effect)) < self.chance + treated * self.effect
        return treated, ordered.astype(float)

    def earned(self, ranking: np.ndarray, depth: float) -> float:
        """Return the true orders per customer of all that treating the best-ranked share adds."""
        best = np.argsort(-ranking, kind="stable")[: int(depth * len(ranking))]
        return float(self.effect[best].sum() / len(ranking))


def responders(customers: int, seed: int, *, strength: float = 1.0) -> Responders:
    """Return customers.

    Parameters
    ----------
    customers : how many.
    seed : of everything.
    strength : of the differences in effect; 0 gives everybody the mean effect.
    """
    random = np.random.default_rng(seed)
    days = random.gamma(1.3, 60.0, customers)
    orders = 1 + random.poisson(random.gamma(1.0, 4.0, customers))
    discount = random.beta(1.0, 3.0, customers)
    channel = random.choice(["store", "web", "app"], customers, p=[0.5, 0.3, 0.2])
    chance = expit(-1.6 - days / 80 + 0.5 * np.log(orders))
    between = np.exp(-(((days - 70) / 45) ** 2))
    effect = 0.06 * between * (1 + 0.8 * (channel == "app") + 1.5 * discount)
    effect = effect - 0.04 * expit((orders - 10.0) / 2) * (channel == "store")
    effect = strength * effect + (1 - strength) * effect.mean()
    effect = np.clip(effect, -chance, 1 - chance)
    known = pa.table(
        {
            "days_since_last_order": days,
            "order_count": orders,
            "discount_share": pa.array(
                np.where(random.random(customers) < 0.1, np.nan, discount), from_pandas=True
            ),
            "channel": pa.array(
                [None if random.random() < 0.03 else one for one in channel.tolist()]
            ),
            "birth_year": random.integers(1940, 2008, customers),
        }
    )
    return Responders(known, chance, effect)
