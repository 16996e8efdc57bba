"""Layers: experiments that must not meet in one customer share a layer, each with own slots.

A layer divides all units by a hash of its own into a thousand slots. An experiment takes some of
them when it starts and gives them back when it ends. Experiments of different layers, or of none,
meet at random, because their salts differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tenure.experiments.arms import HASH_SPAN, STRICT, check_name
from tenure.kernel import DefinitionError

LAYER_SLOTS = 1000


@dataclass(frozen=True, slots=True)
class Layer:
    """The part of a layer that an experiment takes.

    Parameters
    ----------
    name : the layer; only experiments of one layer exclude each other.
    slots : how many thousandths of all units the experiment takes, 1..1000.
    first : the first slot, 0..999; None until the experiment starts.
    """

    __pydantic_config__ = STRICT

    name: str
    slots: int
    first: int | None = None

    def __post_init__(self) -> None:
        """Check that the slots lie within the layer."""
        check_name(self.name, "layer")
        if self.slots < 1 or (self.first or 0) < 0 or self.end > LAYER_SLOTS:
            raise DefinitionError(
                f"layer {self.name!r} with {self.slots} slots from {self.first or 0} on",
                f"slots within 0..{LAYER_SLOTS}",
                "take fewer slots",
            )

    @property
    def end(self) -> int:
        """The slot after the last."""
        return (self.first or 0) + self.slots

    @property
    def salt(self) -> str:
        """What the layer's hash is made with: the same for all its experiments."""
        return f"layer:{self.name}"

    def bounds(self) -> tuple[int, int]:
        """Return the half-open range of hashes that the slots stand for.

        Raises
        ------
        DefinitionError : the experiment has not started, so it has no slots yet.
        """
        if self.first is None:
            raise DefinitionError(
                f"an experiment of layer {self.name!r} that has no slots yet",
                "slots taken when the experiment started",
                "start it, or set `first`",
            )
        low, high = (-(-slot * HASH_SPAN // LAYER_SLOTS) for slot in (self.first, self.end))
        return low, high


def take_slots(wanted: Layer, taken: Iterable[tuple[str, Layer]]) -> Layer:
    """Return the layer with the first free slots in it that are wide enough.

    Parameters
    ----------
    wanted : the layer and how many slots; if `first` is set, exactly those.
    taken : name and slots of each running experiment of the same layer.

    Raises
    ------
    DefinitionError : there is no room; the message names who takes it.
    """
    others = sorted(
        ((layer.first or 0, layer.end, name) for name, layer in taken if layer.name == wanted.name)
    )
    begins = [0, *(end for _, end, _ in others)] if wanted.first is None else [wanted.first]
    for first in begins:
        end = first + wanted.slots
        if end <= LAYER_SLOTS and all(end <= low or first >= high for low, high, _ in others):
            return replace(wanted, first=first)
    told = ", ".join(f"{name} {low}..{high}" for low, high, name in others)
    raise DefinitionError(
        f"{wanted.slots} slots of layer {wanted.name!r}, of which {told} are taken",
        "as many free slots side by side",
        "take fewer slots, wait until one of them ends, or use another layer",
    )
