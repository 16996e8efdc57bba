"""The catalogue of a scorecard's figures: what each says, and which way is better.

Docs and pages read this table. A figure of a depth is named for it: `lift_at_10_percent` is the
figure `lift` among the best tenth, `lift_at_200_customers` that among the best two hundred.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

Text = Mapping[str, str]

_DEPTH = re.compile(r"^(.+)_at_(.+)_(percent|customers|suggestions)$")


@dataclass(frozen=True, slots=True)
class FigureMeaning:
    """What a figure says.

    Parameters
    ----------
    name : its name without a depth.
    better : `higher`, `lower`, `zero` (nearest to 0) or `one` (nearest to 1).
    kind : `number`, `rate`, `ratio` or `amount` (in the unit of what is forecast).
    title, definition : by language.
    """

    name: str
    better: str
    kind: str
    title: Text
    definition: Text


# One row: name, better, kind, title en, zh, definition en, zh.
_ROWS: tuple[tuple[str, ...], ...] = (
    (
        "auc",
        "higher",
        "number",
        "AUC",
        "AUC",
        "Chance that a customer with the event is scored above one without; 0.5 is chance.",
        "随机取一位发生者与一位未发生者，前者得分更高的概率；0.5 相当于随机。",
    ),
    (
        "average_precision",
        "higher",
        "number",
        "Average precision",
        "平均精确率",
        "Area under the precision-recall curve; chance gives the base rate.",
        "精确率-召回率曲线下面积；随机水平等于发生率。",
    ),
    (
        "brier",
        "lower",
        "number",
        "Brier score",
        "Brier 分数",
        "Mean squared error of the probabilities.",
        "概率的均方误差。",
    ),
    (
        "miscalibration",
        "lower",
        "number",
        "Miscalibration",
        "校准损失",
        "Part of the Brier score that a monotone recalibration in hindsight would save.",
        "Brier 分数中事后单调再校准可以省去的部分。",
    ),
    (
        "discrimination",
        "higher",
        "number",
        "Discrimination",
        "区分度",
        "Part of the Brier score of the base rate that telling customers apart saves.",
        "相对于只报发生率，区分客户所省去的 Brier 分数。",
    ),
    (
        "log_loss",
        "lower",
        "number",
        "Log loss",
        "对数损失",
        "Mean of -ln(probability given to what happened).",
        "对实际结果所给概率的负对数的平均值。",
    ),
    (
        "calibration_error",
        "lower",
        "number",
        "Calibration error (ECE)",
        "校准误差（ECE）",
        "Mean gap between forecast and observed share over ten bins of equal size.",
        "按预测概率分成十个等量组，预测与实际比例之差的平均绝对值。",
    ),
    (
        "calibration_error_by_chance",
        "lower",
        "number",
        "ECE by chance alone",
        "偶然产生的 ECE",
        "Calibration error that these probabilities would show if they were exactly right.",
        "即使这些概率完全正确，仅由偶然产生的校准误差。",
    ),
    (
        "calibration_slope",
        "one",
        "number",
        "Calibration slope",
        "校准斜率",
        "1 is right; below 1 the probabilities are too extreme, above 1 too timid.",
        "1 为正确；小于 1 说明概率过于极端，大于 1 说明过于保守。",
    ),
    (
        "calibration_intercept",
        "zero",
        "number",
        "Calibration intercept",
        "校准截距",
        "Log odds by which the probabilities are too low on the whole; 0 is right.",
        "概率整体偏低的对数几率；0 为正确。",
    ),
    (
        "total_error",
        "zero",
        "rate",
        "Error of the total",
        "总量误差",
        "Sum of the forecasts / sum of what came - 1.",
        "预测总和 / 实际总和 - 1。",
    ),
    (
        "lift",
        "higher",
        "ratio",
        "Lift",
        "提升度",
        "How many times more events the customers at the top of the list hold than others.",
        "名单前列客户中的发生数是同等人数平均水平的多少倍。",
    ),
    (
        "gain",
        "higher",
        "rate",
        "Share found",
        "找到的比例",
        "Share of all events that stand at the top of the list.",
        "全部发生者中位于名单前列的比例。",
    ),
    (
        "precision",
        "higher",
        "rate",
        "Precision",
        "精确率",
        "Share of the customers at the top of the list, or of the suggestions, that came true.",
        "名单前列客户（或推荐）中实际发生的比例。",
    ),
    (
        "value_lift",
        "higher",
        "ratio",
        "Lift by value",
        "按价值的提升度",
        "Lift with each event counted by the customer's value.",
        "按客户价值加权的提升度。",
    ),
    (
        "profit",
        "higher",
        "amount",
        "Expected profit",
        "期望利润",
        "What contacting the customers at the top, by probability times value, would have "
        "brought per date under the assumptions stated.",
        "在所述假设下，按“概率 × 价值”联系名单前列客户，平均每个日期带来的利润。",
    ),
    (
        "mean_absolute_error",
        "lower",
        "amount",
        "Mean absolute error",
        "平均绝对误差",
        "Mean gap between forecast and actual. Where most come to nothing, compare it with "
        "the same error of forecasting nothing.",
        "预测与实际之差的平均绝对值。多数客户为零时，应与“全部预测为零”的误差比较。",
    ),
    (
        "absolute_error_of_zero",
        "lower",
        "amount",
        "The same, forecasting nothing",
        "全部预测为零时的平均绝对误差",
        "Mean absolute error of forecasting 0 for everybody.",
        "对所有客户都预测 0 时的平均绝对误差。",
    ),
    (
        "root_mean_squared_error",
        "lower",
        "amount",
        "Root mean squared error",
        "均方根误差",
        "Root of the mean squared gap between forecast and actual.",
        "预测与实际之差平方均值的平方根。",
    ),
    (
        "deviance",
        "lower",
        "number",
        "Deviance",
        "偏差度（泊松）",
        "Mean Poisson deviance: least for the true mean, and not decided by a few large "
        "customers. A forecast below a tenth of the mean counts as a tenth.",
        "平均泊松偏差度：预测等于真实均值时最小，且不由个别大客户决定。低于均值十分之一的预测按十分之一计。",
    ),
    (
        "bias",
        "zero",
        "amount",
        "Bias",
        "偏差",
        "Mean forecast less mean actual.",
        "预测均值减实际均值。",
    ),
    (
        "zero_share",
        "zero",
        "rate",
        "Share with nothing",
        "为零的比例",
        "Share of the customers whose actual amount is 0.",
        "实际金额或数量为 0 的客户比例。",
    ),
    (
        "normalised_gini",
        "higher",
        "number",
        "Normalised Gini",
        "归一化基尼系数",
        "How far ordering by forecast concentrates the actual; 1 is the true order, 0 chance.",
        "按预测排序能把实际金额集中到何种程度；1 为真实顺序，0 为随机。",
    ),
    (
        "rank_correlation",
        "higher",
        "number",
        "Rank correlation (Spearman)",
        "等级相关（Spearman）",
        "Correlation of the ranks of forecast and actual.",
        "预测与实际名次的相关系数。",
    ),
    (
        "top_share",
        "higher",
        "rate",
        "Share in the top",
        "前列客户的份额",
        "Share of the actual total that the customers forecast highest brought.",
        "预测最高的客户实际贡献占总额的比例。",
    ),
    (
        "interval_coverage",
        "one",
        "rate",
        "Coverage of the intervals",
        "区间覆盖率",
        "Share of the customers whose actual lies in the forecast interval.",
        "实际值落在预测区间内的客户比例。",
    ),
    (
        "recall",
        "higher",
        "rate",
        "Recall",
        "召回率",
        "Share of the products bought next that the suggestions name, by customer.",
        "客户随后购买的商品中被推荐到的比例，按客户平均。",
    ),
    (
        "repeat_recall",
        "higher",
        "rate",
        "Recall, products bought before",
        "召回率：买过的商品",
        "Recall over products that the customer had bought before.",
        "只计客户以前买过的商品的召回率。",
    ),
    (
        "new_recall",
        "higher",
        "rate",
        "Recall, new products",
        "召回率：新商品",
        "Recall over products that the customer had never bought.",
        "只计客户从未买过的商品的召回率。",
    ),
    (
        "hit_rate",
        "higher",
        "rate",
        "Hit rate",
        "命中率",
        "Share of the customers with at least one suggestion bought.",
        "至少有一个推荐被购买的客户比例。",
    ),
    (
        "reciprocal_rank",
        "higher",
        "number",
        "Mean reciprocal rank",
        "平均倒数排名",
        "Mean of 1 / place of the first suggestion that was bought.",
        "首个被购买的推荐所在位置的倒数，取平均。",
    ),
    (
        "discounted_gain",
        "higher",
        "number",
        "NDCG",
        "NDCG",
        "Hits discounted by their place, as a share of the best possible list.",
        "按位置折扣的命中得分，占最优名单的比例。",
    ),
)

FIGURES: Mapping[str, FigureMeaning] = {
    name: FigureMeaning(
        name,
        better,
        kind,
        {"en": title_en, "zh": title_zh},
        {"en": definition_en, "zh": definition_zh},
    )
    for name, better, kind, title_en, title_zh, definition_en, definition_zh in _ROWS
}
"""Every figure a scorecard can hold, by its name without a depth."""


def figure_at(name: str, depth: float) -> str:
    """Return the name of a figure of a depth (a share as a float, a number as an int)."""
    if isinstance(depth, int):
        return f"{name}_at_{depth}_customers"
    return f"{name}_at_{f'{depth * 100:.6g}'.replace('.', '_')}_percent"


def meaning_of(name: str) -> FigureMeaning:
    """Return what a figure says, with its depth in the title.

    Raises
    ------
    KeyError : there is no such figure.
    """
    found = _DEPTH.match(name)
    if found is None:
        return FIGURES[name]
    bare, depth, unit = FIGURES[found.group(1)], found.group(2).replace("_", "."), found.group(3)
    words = {
        "percent": {"en": f"best {depth}%", "zh": f"前 {depth}%"},
        "customers": {"en": f"best {depth}", "zh": f"前 {depth} 位"},
        "suggestions": {"en": f"{depth} suggestions", "zh": f"{depth} 个推荐"},
    }[unit]
    title = {
        "en": f"{bare.title['en']}, {words['en']}",
        "zh": f"{bare.title['zh']}（{words['zh']}）",
    }
    return FigureMeaning(name, bare.better, bare.kind, title, bare.definition)
