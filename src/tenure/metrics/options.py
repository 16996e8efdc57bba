"""The options that metrics take, as data: the command line and the docs are made from them."""

from __future__ import annotations

from dataclasses import dataclass

from tenure.kernel import PeriodUnit
from tenure.metrics.cohort_members import AMOUNTS, MODES, WINDOWS
from tenure.metrics.intervals import HORIZONS_DAYS
from tenure.metrics.results import Text

OPTION_TYPES = (
    "choice",
    "integer",
    "number",
    "date",
    "text",
    "texts",
    "integers",
    "flag",
    "brackets",
    "table",
)
"""`texts` and `integers`: comma-separated; `brackets`: like `1,2-4,5-8`; `table`: a path."""


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """One option of a metric.

    Parameters
    ----------
    name : keyword of the function.
    flag : the command line's name for it.
    type : one of `OPTION_TYPES`.
    default : value if it is not given.
    text : what it does, by language.
    choices : accepted values if `type` is `choice`.
    """

    name: str
    flag: str
    type: str
    default: object
    text: Text
    choices: tuple[str, ...] = ()


def period(default: str | None = "month") -> OptionSpec:
    """Return the option for the length of a period."""
    text = {"en": "Length of a period.", "zh": "周期长度。"}
    return OptionSpec("period", "--period", "choice", default, text, tuple(PeriodUnit))


FROM_ON = OptionSpec(
    "from_on",
    "--from",
    "date",
    None,
    {
        "en": "First day of the window; default: the first day of the data.",
        "zh": "窗口的第一天；默认为数据的第一天。",
    },
)
TO_ON = OptionSpec(
    "to_on",
    "--to",
    "date",
    None,
    {
        "en": "First day after the window; default: the as-of date.",
        "zh": "窗口之后的第一天；默认为统计截止日。",
    },
)
WINDOW = (FROM_ON, TO_ON)

RETENTION = (
    OptionSpec(
        "active_rule",
        "--active-rule",
        "choice",
        "orders",
        {
            "en": "When a customer counts as active: orders in the period, own purchase rhythm, "
            "or a running subscription.",
            "zh": "活跃的判断方式：周期内有订单、客户自身购买节奏，或订阅有效。",
        },
        ("orders", "rhythm", "subscription"),
    ),
    OptionSpec(
        "rhythm_factor",
        "--rhythm-factor",
        "number",
        2.0,
        {
            "en": "With rhythm: active until this many own median gaps have passed.",
            "zh": "节奏口径：超过自身间隔中位数的多少倍后不再活跃。",
        },
    ),
    OptionSpec(
        "fallback_days",
        "--fallback-days",
        "integer",
        None,
        {
            "en": "With rhythm: gap in days for customers with too few orders for one of their "
            "own; default: the typical customer's.",
            "zh": "节奏口径：订单太少、尚无自身节奏的客户所用的间隔天数；默认取典型客户的间隔。",
        },
    ),
    OptionSpec(
        "subscriptions",
        "--subscriptions",
        "table",
        None,
        {
            "en": "With subscription: contracts with customer_id, started_on, ended_on.",
            "zh": "订阅口径：合同表，含 customer_id、started_on、ended_on。",
        },
    ),
)

COHORTS = (
    OptionSpec(
        "mode",
        "--mode",
        "choice",
        "exact",
        {
            "en": "Back exactly in period n, in n or later (unbounded), or in a range (bracket).",
            "zh": "恰在第 n 周期回访、第 n 周期及以后（unbounded），或在区间内（bracket）。",
        },
        MODES,
    ),
    OptionSpec(
        "brackets",
        "--brackets",
        "brackets",
        (),
        {"en": "Ranges of period numbers, e.g. 1,2-4,5-8.", "zh": "周期区间，例如 1,2-4,5-8。"},
    ),
    OptionSpec(
        "window",
        "--window",
        "choice",
        "calendar",
        {
            "en": "Calendar periods, or rolling windows from each customer's own start.",
            "zh": "日历周期，或从每位客户自身起始时间滚动的窗口。",
        },
        WINDOWS,
    ),
    OptionSpec(
        "recurring",
        "--recurring",
        "flag",
        False,
        {
            "en": "Count a customer in the cohort of every start, not only of the first.",
            "zh": "客户计入每次起始所在的同期群，而不仅是首次。",
        },
    ),
    OptionSpec(
        "start_kinds",
        "--start-kinds",
        "texts",
        ("order",),
        {"en": "Kinds of activity that start.", "zh": "作为起始的行为类型。"},
    ),
    OptionSpec(
        "return_kinds",
        "--return-kinds",
        "texts",
        ("order",),
        {"en": "Kinds of activity that count as a return.", "zh": "算作回访的行为类型。"},
    ),
    OptionSpec(
        "min_occurrences",
        "--min-occurrences",
        "integer",
        1,
        {
            "en": "How often a customer must come in a period to count.",
            "zh": "一个周期内至少发生多少次才计入。",
        },
    ),
    OptionSpec(
        "amount",
        "--amount",
        "choice",
        "customers",
        {"en": "Count customers or revenue.", "zh": "统计客户数或收入。"},
        AMOUNTS,
    ),
    OptionSpec(
        "by",
        "--by",
        "text",
        None,
        {
            "en": "Column or customer attribute to split cohorts by.",
            "zh": "用于拆分同期群的列或客户属性。",
        },
    ),
    OptionSpec(
        "attributes",
        "--attributes",
        "table",
        None,
        {
            "en": "Table of customer attributes for --by.",
            "zh": "供 --by 使用的客户属性表。",
        },
    ),
    OptionSpec(
        "merge_periods",
        "--merge-periods",
        "flag",
        False,
        {
            "en": "One row per attribute value over all cohorts.",
            "zh": "每个属性值只显示一行（合并所有同期群）。",
        },
    ),
    OptionSpec(
        "last_number",
        "--last-number",
        "integer",
        None,
        {"en": "Highest period number shown.", "zh": "显示的最大周期序号。"},
    ),
)

REPEAT = (
    OptionSpec(
        "horizon_days",
        "--horizon-days",
        "integer",
        90,
        {
            "en": "Days after the first order within which a second one counts.",
            "zh": "首单之后多少天内的再次下单算作复购。",
        },
    ),
)

INTERVALS = (
    OptionSpec(
        "horizons_days",
        "--horizons-days",
        "integers",
        HORIZONS_DAYS,
        {
            "en": "Days within which to be back, e.g. 30,60,90.",
            "zh": "多少天内再次下单，例如 30,60,90。",
        },
    ),
)

GROWTH = (
    OptionSpec(
        "by_source",
        "--by-source",
        "flag",
        False,
        {"en": "A row per acquisition source.", "zh": "按获客来源分行。"},
    ),
    OptionSpec(
        "costs",
        "--costs",
        "table",
        None,
        {
            "en": "Acquisition costs: source, period_start, cost, currency.",
            "zh": "获客成本表：source、period_start、cost、currency。",
        },
    ),
)

STICKINESS = (
    OptionSpec(
        "within_period",
        "--within-period",
        "choice",
        None,
        {
            "en": "Long period of the active ratio; default: month, or year for months.",
            "zh": "活跃比所用的长周期；默认为月，按月统计时为年。",
        },
        tuple(PeriodUnit),
    ),
    OptionSpec(
        "kinds",
        "--kinds",
        "texts",
        ("order",),
        {"en": "Kinds of activity that make a customer active.", "zh": "使客户活跃的行为类型。"},
    ),
)
