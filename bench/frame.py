"""How a benchmark compares: the two sides in turn, then n, median, p95 and the ratio turn by turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True)
class Budget:
    """What the ratio may be at most, or must be at least."""

    at_most: float | None = None
    at_least: float | None = None

    def holds(self, ratio: float) -> bool:
        """Whether a ratio keeps to it."""
        return (self.at_most is None or ratio <= self.at_most) and (self.at_least is None or ratio >= self.at_least)

    def __str__(self) -> str:
        if self.at_most is None and self.at_least is None:
            return "none: what is physically possible"
        return f"<= {self.at_most}" if self.at_most is not None else f">= {self.at_least}"


class Side(msgspec.Struct):
    """One side of a comparison, in seconds."""

    name: str
    n: int
    median: float
    p95: float


class Result(msgspec.Struct):
    """A comparison as it is printed and kept."""

    name: str
    ours: Side
    baseline: Side
    ratio: float
    budget: str
    kept: bool


def side(name: str, seconds: list[float]) -> Side:
    """The figures of one side."""
    ordered = sorted(seconds)
    place = min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))
    return Side(name, len(ordered), statistics.median(ordered), ordered[place])


def result(name: str, ours: tuple[str, list[float]], baseline: tuple[str, list[float]], budget: Budget) -> Result:
    """Ours against the baseline, measured in turn: the ratio is the median of the ratios turn by turn.

    What slows the machine for a while slows both sides of a turn alike.
    """
    left, right = side(*ours), side(*baseline)
    ratio = statistics.median(mine / bare for mine, bare in zip(ours[1], baseline[1], strict=True))
    return Result(name, left, right, ratio, str(budget), budget.holds(ratio))


def in_turn(ours: Callable[[], float], baseline: Callable[[], float], n: int) -> tuple[list[float], list[float]]:
    """Both, one after the other, ``n`` times each: a machine that slows down slows both. Each answers its seconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(n):
        for place, work in enumerate((ours, baseline)):
            times[place].append(work())
    return times


async def in_turn_async(
    ours: Callable[[], Awaitable[object]], baseline: Callable[[], Awaitable[object]], n: int, warm: int = 5
) -> tuple[list[float], list[float]]:
    """The same for coroutines, after ``warm`` uncounted rounds."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(n + warm):
        for place, work in enumerate((ours, baseline)):
            began = time.perf_counter()
            await work()
            if turn >= warm:
                times[place].append(time.perf_counter() - began)
    return times


def show(done: Result) -> None:
    """Print a comparison."""
    print(f"\n{done.name}")
    for one in (done.ours, done.baseline):
        print(f"  {one.name:<44} n={one.n:<5} median={one.median * 1000:9.2f} ms   p95={one.p95 * 1000:9.2f} ms")
    print(f"  ratio {done.ratio:.2f}   budget {done.budget}   {'kept' if done.kept else 'NOT KEPT'}")
