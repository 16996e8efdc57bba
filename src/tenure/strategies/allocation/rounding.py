"""From prices to a plan: whole actions, every limit held, nothing left that still fits.

At the prices most customers choose clearly. The few who are as good as undecided are shared out
in the proportions that meet the limits, along a sequence that fills evenly; what then passes a
limit is moved to the next best with the least loss, and what still fits is added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tenure.strategies.allocation.columns import Columns
from tenure.strategies.allocation.pricing import CLEAR, Prices, soft_choice, usage
from tenure.strategies.allocation.problem import ROUNDING, Choices, Floats, Integers

_POOL_ROWS, _POOL_CELLS = 4_096, 4_000_000
_GOLDEN = (5**0.5 - 1) / 2
_PASSES_MAX = 50
_EXCHANGES_MAX, _EXCHANGED_ROWS, _MOVES_MAX = 30, 512, 500


@dataclass(eq=False, slots=True)
class Draft:
    """A plan in the making.

    Parameters
    ----------
    choice : place of the action of each group, -1 for none; `(groups, customers)`.
    used : of each limit, as a share of it.
    """

    choice: Choices
    used: Floats

    @property
    def holds(self) -> bool:
        """Tell whether every limit is held."""
        return bool((self.used <= 1 + ROUNDING).all())

    def value(self, columns: Columns) -> float:
        """Return the plan's value after costs."""
        return sum(
            float(columns.net[action][taken == action].sum())
            for taken in self.choice
            for action in range(len(columns.actions))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The customers whose action is least clear, with all they could have.

    Parameters
    ----------
    rows : the customers, least clear first.
    net : value after cost of each action, and 0 for none in the last place;
        `(actions + 1, rows)`.
    reduced : the same after prices.
    uses : of each limit, `(limits, actions + 1, rows)`.
    """

    rows: Integers
    net: Floats
    reduced: Floats
    uses: Floats

    @classmethod
    def of(cls, columns: Columns, found: Prices, rows: Integers) -> Pool:
        """Lay out some customers."""
        actions = tuple(range(len(columns.actions)))
        none = np.zeros((1, rows.size))
        reduced = np.stack([columns.reduced(action, found.prices, rows) for action in actions])
        uses = columns.uses(actions, rows)
        return cls(
            rows,
            np.vstack([columns.net[:, rows], none]),
            np.vstack([reduced, none]),
            np.concatenate([uses, np.zeros((len(uses), 1, rows.size))], axis=1),
        )


def least_clear(columns: Columns, found: Prices) -> Integers:
    """Return the customers whose choice the prices make least clear, least first."""
    cells = max((len(columns.limits) + 2) * len(columns.actions), 1)
    most = min(_POOL_ROWS, max(_POOL_CELLS // cells, 64), columns.customers)
    lead = found.chosen.lead
    rows = np.argpartition(lead, most - 1)[:most] if most < lead.size else np.arange(lead.size)
    return rows[np.lexsort((rows, lead[rows]))]


def drafted(columns: Columns, found: Prices) -> Draft:
    """Return whole actions by the prices; limits are nearly met, above or below.

    Parameters
    ----------
    columns : the problem.
    found : its prices.
    """
    choice = found.chosen.choice.copy()
    rows = np.flatnonzero(found.chosen.lead <= CLEAR * found.temperature)
    if len(columns.limits) and rows.size:
        for place, members in enumerate(columns.groups):
            choice[place, rows] = _shared_out(columns, found, members, rows)
    used = np.zeros(len(columns.limits))
    for taken in choice:
        used += usage(columns, taken)
    return Draft(choice, used)


def _shared_out(
    columns: Columns, found: Prices, members: tuple[int, ...], rows: Integers
) -> Choices:
    """Return an action for each undecided customer, in the soft maximum's proportions."""
    shares, _ = soft_choice(columns, found.prices, found.temperature, members, rows)
    # alike customers stand together, so that each kind is shared out evenly
    order = np.lexsort(np.round(shares, 9))
    points = (np.arange(1, rows.size + 1) * _GOLDEN) % 1.0
    heights = np.cumsum(shares[:, order], axis=0)
    places = (heights <= points).sum(axis=0)
    taken = np.empty(rows.size, np.int16)
    taken[order] = np.append(np.asarray(members, np.int16), np.int16(-1))[places]
    return taken


def lower(columns: Columns, found: Prices, draft: Draft) -> None:
    """Move customers to what uses less until every limit is held, with the least loss.

    Parameters
    ----------
    columns, found : the problem and its prices.
    draft : changed in place.
    """
    rows = least_clear(columns, found)
    for _ in range(_PASSES_MAX * max(len(columns.limits), 1)):
        if draft.holds:
            return
        limit = int(np.argmax(draft.used))
        if not _lowered(columns, found, draft, limit, rows):
            # those in doubt are not enough: everybody
            rows = np.arange(columns.customers)


def _lowered(columns: Columns, found: Prices, draft: Draft, limit: int, rows: Integers) -> bool:
    """Take one limit's excess away by the moves that lose least per use; tell whether it did."""
    moves = []
    for start in range(0, rows.size, _POOL_ROWS):
        pool = Pool.of(columns, found, rows[start : start + _POOL_ROWS])
        for place, members in enumerate(columns.groups):
            now = draft.choice[place, pool.rows].astype(np.int64)
            here, every = pool.uses[:, now, np.arange(now.size)], np.arange(now.size)
            best, target, relief = np.full(now.size, np.inf), now.copy(), np.zeros(now.size)
            for action in (*members, -1):
                delta = here - pool.uses[:, action]
                loss = pool.reduced[now, every] - pool.reduced[action]
                able = (delta[limit] > 0) & (delta >= 0).all(axis=0) & np.isfinite(loss)
                score = np.where(able, loss / np.where(able, delta[limit], 1.0), np.inf)
                better = score < best
                best[better], target[better] = score[better], action
                relief[better] = delta[limit][better]
            kept = np.flatnonzero(np.isfinite(best))
            moves.append(
                (best[kept], pool.rows[kept], np.full(kept.size, place), target[kept], relief[kept])
            )
    scores, movers, places, targets, reliefs = map(np.concatenate, zip(*moves, strict=True))
    order = np.lexsort((movers, scores))
    excess = draft.used[limit] - 1
    enough = int(np.searchsorted(np.cumsum(reliefs[order]), excess)) + 1
    taken = order[:enough]
    draft.choice[places[taken], movers[taken]] = targets[taken]
    draft.used = sum((usage(columns, each) for each in draft.choice), np.zeros(draft.used.size))
    return enough <= order.size


def fill(columns: Columns, pool: Pool, draft: Draft) -> None:
    """Give what still fits to those in doubt, the best by the prices first.

    Parameters
    ----------
    columns : the problem.
    pool : who may get more.
    draft : changed in place.
    """
    every = np.arange(pool.rows.size)
    for _ in range(_PASSES_MAX):
        gains: list[Floats] = []
        moves: list[tuple[int, int, int]] = []
        for place, members in enumerate(columns.groups):
            now = draft.choice[place, pool.rows].astype(np.int64)
            here = pool.uses[:, now, every]
            for action in members:
                more = pool.uses[:, action] - here
                fits = (draft.used[:, None] + more <= 1 + ROUNDING).all(axis=0)
                kept = np.flatnonzero(fits & (pool.net[action] > pool.net[now, every]))
                gains.append(pool.reduced[action, kept] - pool.reduced[now[kept], kept])
                moves.extend((place, action, int(row)) for row in kept)
        if not moves:
            return
        for number in np.argsort(-np.concatenate(gains), kind="stable"):
            place, action, row = moves[number]
            now_at = int(draft.choice[place, pool.rows[row]])
            used = draft.used + pool.uses[:, action, row] - pool.uses[:, now_at, row]
            better = pool.net[action, row] > pool.net[now_at, row]
            if better and (used <= 1 + ROUNDING).all():
                draft.choice[place, pool.rows[row]] = action
                draft.used = used


def exchange(pool: Pool, draft: Draft, groups: tuple[tuple[int, ...], ...]) -> None:
    """Change two decisions at a time while that brings more within the limits.

    Parameters
    ----------
    pool : whose decisions may change.
    draft : changed in place.
    groups : the actions of each group.
    """
    for _ in range(_EXCHANGES_MAX):
        moves = _moves(pool, draft, groups)
        first, second = np.triu_indices(moves.gain.size, k=1)
        gain = moves.gain[first] + moves.gain[second]
        kept = (gain > 1e-12 * np.abs(moves.gain).max(initial=0.0)) & (
            (moves.row[first] != moves.row[second]) | (moves.place[first] != moves.place[second])
        )
        first, second, gain = first[kept], second[kept], gain[kept]
        used = draft.used[:, None] + moves.uses[:, first] + moves.uses[:, second]
        gain = np.where((used <= 1 + ROUNDING).all(axis=0), gain, -np.inf)
        if not gain.size or not np.isfinite(gain.max()):
            return
        best = int(gain.argmax())
        for move in (first[best], second[best]):
            draft.choice[moves.place[move], pool.rows[moves.row[move]]] = moves.action[move]
            draft.used = draft.used + moves.uses[:, move]


@dataclass(frozen=True, slots=True, eq=False)
class _Moves:
    """Changes of single decisions: whose, in which group, to what, and what that does."""

    row: Integers
    place: Integers
    action: Integers
    gain: Floats
    uses: Floats


def _moves(pool: Pool, draft: Draft, groups: tuple[tuple[int, ...], ...]) -> _Moves:
    """Return the changes that lose least at the prices."""
    count = min(pool.rows.size, _EXCHANGED_ROWS)
    every = np.arange(count)
    found, losses = [], []
    for place, members in enumerate(groups):
        now = draft.choice[place, pool.rows[:count]].astype(np.int64)
        for action in (*members, -1):
            loss = pool.reduced[now, every] - pool.reduced[action, :count]
            rows = np.flatnonzero((now != action) & np.isfinite(loss))
            losses.append(loss[rows])
            gain = pool.net[action, rows] - pool.net[now[rows], rows]
            uses = pool.uses[:, action, rows] - pool.uses[:, now[rows], rows]
            found.append((rows, np.full(rows.size, place), np.full(rows.size, action), gain, uses))
    order = np.argsort(np.concatenate(losses), kind="stable")[:_MOVES_MAX]
    parts = [np.concatenate(part, axis=-1)[..., order] for part in zip(*found, strict=True)]
    return _Moves(*parts)
