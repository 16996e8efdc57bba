"""`tenure plan`: who gets what within the budget, and why."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from tenure.assembly.planning import MadePlan, explain_plan, make_plan, plans_made
from tenure.assembly.workspace import Workspace
from tenure.cli.freshness import bring_up_to_date
from tenure.cli.options import as_of_option, json_option, parsed_date, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table
from tenure.kernel import Undefined
from tenure.strategies.plan import LimitState, Plan, TacticPlan
from tenure.strategies.plan_reasons import REASONS


class _Named(click.Group):
    """A group in which an unknown command is the name of a strategy to plan."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take the first word for a command, or else for a strategy."""
        if args and args[0] not in self.commands:
            return "make", self.commands["make"], args
        return super().resolve_command(ctx, args)


@click.group("plan", cls=_Named, subcommand_metavar="STRATEGY | COMMAND [ARGS]...")
def plan_command() -> None:
    """Plan a strategy: who gets what within its limits, and what each limit is worth.

    `tenure plan STRATEGY` is short for `tenure plan make STRATEGY`.
    """


@plan_command.command("make")
@click.argument("strategy")
@workspace_option
@as_of_option
@click.option(
    "--budget",
    type=float,
    metavar="MONEY",
    help="What if the strategy had this budget over its whole schedule? Not recorded.",
)
@click.option("--try", "is_trial", is_flag=True, help="Show the plan without recording it.")
@click.option("--by", default=getpass.getuser, metavar="NAME", help="Who plans. Default: you.")
@json_option
def make_command(
    strategy: str,
    workspace: Path,
    as_of: str | None,
    budget: float | None,
    is_trial: bool,
    by: str,
    as_json: bool,
) -> None:
    """Plan a strategy in force, and record the plan with each customer's decision."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        made = make_plan(
            opened,
            strategy,
            by=by,
            as_of=parsed_date(as_of, "--as-of"),
            money=budget,
            record=not is_trial,
        )
        if as_json:
            print_json(made.as_dict())
            return
        print_plan(made, opened.settings.language)


@plan_command.command("explain")
@click.argument("customer")
@workspace_option
@click.option("--strategy", metavar="NAME", help="Whose plan. Default: the plan made last.")
@json_option
def explain_command(customer: str, workspace: Path, strategy: str | None, as_json: bool) -> None:
    """Say why a customer gets what she gets: what came second, what would have to change."""
    with clear_errors(as_json=as_json):
        opened = Workspace.open(workspace)
        plan, found = explain_plan(opened, customer, strategy=strategy)
        if as_json:
            print_json({"plan_id": plan.plan_id, "as_of": plan.as_of, **found.as_dict()})
            return
        out, language = console(), opened.settings.language
        out.print(f"{customer} in {plan.strategy} as of {plan.as_of}", markup=False)
        for text in found.texts:
            out.print(f"- {text[language]}", markup=False)
        print_table(
            "",
            ("tactic", "group", "value", "cost", "charges", "left"),
            [
                (
                    one.name,
                    one.group,
                    _money(one.value),
                    _money(one.cost),
                    _money(sum(charge.amount for charge in one.charges)),
                    _money(one.left),
                )
                for one in found.tactics
            ],
            left=2,
        )


@plan_command.command("list")
@workspace_option
@click.option("--strategy", metavar="NAME", help="Only this one's.")
@json_option
def list_command(workspace: Path, strategy: str | None, as_json: bool) -> None:
    """List the plans that count: of each strategy and date, the one made last."""
    with clear_errors(as_json=as_json):
        found = plans_made(Workspace.open(workspace), strategy=strategy)
        if as_json:
            told = [
                {
                    "plan_id": one.plan_id,
                    "strategy": one.strategy,
                    "as_of": one.as_of,
                    "planned_at": one.planned_at,
                    "planned_by": one.planned_by,
                    "contacts": one.content["contacts"],
                    "net": one.content["net"],
                }
                for one in found
            ]
            print_json({"plans": told})
            return
        print_table(
            "Plans",
            ("plan", "strategy", "as of", "contacts", "expected net"),
            [
                (
                    one.plan_id,
                    one.strategy,
                    one.as_of,
                    one.content["contacts"],
                    _money(one.content["net"]["value"]),
                )
                for one in found
            ],
            left=3,
        )


def print_plan(made: MadePlan, language: str) -> None:
    """Print a plan for people.

    Parameters
    ----------
    made : the plan.
    language : of titles and notes, `en` or `zh`.
    """
    out, plan = console(), made.plan
    kept = f"plan {plan.plan_id}" if made.is_recorded else "not recorded"
    out.print(
        f"{plan.strategy} (version {made.version}) as of {plan.as_of}, occasion "
        f"{plan.occasion.number} of {plan.occasion.of}: {kept}",
        markup=False,
    )
    low, high = _money(plan.net.low), _money(plan.net.high)
    out.print(
        f"{plan.contacts:,} contacts with {plan.planned:,} of {plan.audience:,} customers in the "
        f"audience. Expected to bring {_money(plan.expected_value)} {plan.currency} for "
        f"{_money(plan.expected_cost)}: {_money(plan.net.value)} after cost "
        f"({plan.net.confidence:.0%}: {low} to {high}; chance of loss "
        f"{plan.loss_probability:.0%}). No plan could bring {plan.gap:.2%} more.",
        markup=False,
    )
    for note in plan.notes:
        out.print(f"- {note[language]}", markup=False)
    print_table(
        "\nTactics",
        ("tactic", "contacts", "by lot", "value", "cost", "effect", "breaks even", "rests on"),
        [_tactic_row(one) for one in plan.tactics],
    )
    print_table(
        f"\nLimits (price: what one more would be worth, {plan.currency})",
        ("limit", "used", "of", "price"),
        [_limit_row(one) for one in plan.limits],
    )
    _print_budgets(plan)
    careful = plan.careful
    out.print(
        f"\nWere every effect as poor as one in {1 / careful.quantile:.0f} may be, this plan would "
        f"leave {_money(careful.value_of_plan)} {plan.currency}; a plan made for that would make "
        f"{careful.contacts:,} contacts and leave {_money(careful.value)}.",
        markup=False,
    )
    for tactic in plan.tactics:
        if tactic.experiment is not None:
            out.print(_experiment(tactic, plan), markup=False)
    print_table(
        f"\nAll {plan.customers:,} customers",
        ("", "customers"),
        [("planned", plan.planned)]
        + [(_reason(code, language), count) for code, count in plan.reasons.items()],
    )


def _print_budgets(plan: Plan) -> None:
    if plan.curve:
        print_table(
            f"\nOther budgets (brings: after cost, nothing by lot; {plan.currency})",
            ("money", "brings", "price"),
            [(_money(p.at_most), _money(p.value), _money(p.price)) for p in plan.curve],
        )


def _tactic_row(one: TacticPlan) -> tuple[object, ...]:
    breaks_even = "n/a" if one.break_even is None else f"{one.break_even:.4g}"
    return (
        one.name,
        one.contacts,
        one.explored,
        _money(one.value),
        _money(one.cost),
        f"{one.effect:.4g}",
        breaks_even,
        one.basis,
    )


def _limit_row(one: LimitState) -> tuple[object, ...]:
    worth = _money(one.price) if one.is_binding else "nothing"
    return (f"{one.name} ({one.unit})", _money(one.used), _money(one.at_most), worth)


def _experiment(tactic: TacticPlan, plan: Plan) -> str:
    found = tactic.experiment
    if found is None or isinstance(found, Undefined):
        reason = "" if found is None else found.reason
        return f"- {tactic.name}: no experiment can be designed ({reason})."
    enough = "there are enough" if found.is_enough else "too few for that"
    if not found.is_enough and not isinstance(found.detectable, Undefined):
        enough += f": they would find {found.detectable:.4g}"
    beside = ""
    if found.power_of_plan is not None:
        beside = f" This plan beside its holdout finds it with {found.power_of_plan:.0%}."
    return (
        f"- {tactic.name}: to find an effect of {found.effect:.4g} ({found.power:.0%} chance) "
        f"takes {found.customers:,} customers, half of them contacted for "
        f"{_money(found.cost)} {plan.currency}, {found.days} days; {found.available:,} are "
        f"available, {enough}.{beside}"
    )


def _reason(code: str, language: str) -> str:
    words = REASONS.get(code)
    return code if words is None else words[language]


def _money(amount: float | None) -> str:
    return "n/a" if amount is None else f"{amount:,.2f}"
