"""The simple rivals that every model meets, in words."""

from __future__ import annotations

from collections.abc import Mapping

YARDSTICKS: Mapping[str, str] = {"binary": "base_rate", "amount": "mean"}
"""The rival that treats everybody alike, by task."""

RIVAL_TITLES: Mapping[str, Mapping[str, str]] = {
    "base_rate": {"en": "the base rate for everybody", "zh": "对所有人用平均发生率"},
    "mean": {"en": "the mean for everybody", "zh": "对所有人用平均值"},
    "recency": {"en": "days since the last order", "zh": "距上次下单天数"},
    "overdue": {"en": "lateness by own rhythm", "zh": "按自身节奏的逾期程度"},
    "last_period": {"en": "the last period carried forward", "zh": "沿用上一期"},
    "past_rate": {"en": "the past rate", "zh": "过去的频率"},
    "scaled_past_rate": {
        "en": "the past rate, scaled to earlier totals",
        "zh": "按历史总量缩放的过去频率",
    },
    "rfm_cell": {"en": "the mean of the RFM cell", "zh": "所在 RFM 单元的平均"},
    "popular": {"en": "what sells most", "zh": "最畅销商品"},
    "own_history": {"en": "what the customer bought most", "zh": "客户自己买得最多的商品"},
    "own_history_and_popular": {
        "en": "what the customer bought most, then what sells most",
        "zh": "先取客户买得最多的，再补最畅销的",
    },
}
"""Names of the rivals for people; they begin small, as they stand within sentences."""
