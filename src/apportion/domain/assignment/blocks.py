"""Closed forms for large even batches: the people of a record follow from its index in keyed order alone.

everybody in turn       one person per record, in proportion to any weights
every pair in turn      two per record: all pairs equally often, within one at every moment
cyclic blocks           three and more: shifted difference blocks, pairs near their ideal
"""

from __future__ import annotations

from collections.abc import Sequence

from apportion.domain.numpy_types import Column, np

__all__ = ["base_blocks", "groups", "pair_cycle", "pairs_in_turn", "turns"]


MAX_BASES = 1_000


def turns(
    loads: Sequence[int], totals: Sequence[int], weights: Sequence[float], rank: Sequence[int]
) -> Column:
    """Return the people who get the next rows, in order, until everybody has gone from load to total.

    The rounds are those of the greedy rule: whoever is behind comes first, and a person with half the weight
    every other round. ``rank`` orders the people within a round.

    >>> turns([0, 0, 1], [2, 2, 2], [1.0, 1.0, 1.0], [2, 1, 0]).tolist()
    [1, 0, 2, 1, 0]
    """
    more = np.asarray(totals) - np.asarray(loads)
    person = np.repeat(np.arange(len(loads)), more)
    starts = np.cumsum(more) - more
    nth = np.arange(len(person)) - np.repeat(starts, more) + np.repeat(np.asarray(loads), more)
    level = ((nth + 0.5) / np.asarray(weights)[person]).astype(np.int64)
    order = np.lexsort((np.asarray(rank)[person], level))
    return np.asarray(person[order])


def pair_cycle(people: int) -> Column:
    """Return every pair once, ordered so that loads stay within one of each other after every single record.

    An even number of people meets in rounds of disjoint pairs, everybody in each round. An odd number goes
    around one circle after another in which every neighbour is new, twice each: first every other edge, then
    the rest. The first ``people - 1`` pairs connect everybody.

    >>> pair_cycle(4).tolist()
    [[3, 0], [1, 2], [3, 1], [2, 0], [3, 2], [0, 1]]
    """
    if people % 2 == 0:
        turning = people - 1
        step = np.arange(turning)[:, None]
        far = np.arange(1, people // 2)[None, :]
        left = np.concatenate([np.full((turning, 1), turning), (step + far) % turning], axis=1)
        right = np.concatenate([step, (step - far) % turning], axis=1)
        return np.stack([left.ravel(), right.ravel()], axis=1)
    circles = []
    turning = people - 1
    for start in range(turning // 2):
        walk = [turning]
        for place in range(turning):  # zigzag through the others: 0, 1, -1, 2, -2 …
            walk.append((start + (place + 1) // 2 * (1 if place % 2 else -1)) % turning)
        circles.append(np.array(walk * 2).reshape(people, 2))
    return np.concatenate(circles)


def pairs_in_turn(people: int, first: int, count: int) -> Column:
    """Return the pairs for ``count`` records when ``first`` were allocated before, in two columns."""
    cycle = pair_cycle(people)
    whole, part = divmod(count, len(cycle))
    start = np.roll(cycle, -(first % len(cycle)), axis=0)
    return np.concatenate([np.tile(start, (whole, 1)), start[:part]])


def base_blocks(people: int, size: int, count: int) -> Column:
    """Build ``count`` groups of ``size`` numbers on a circle, whose differences occur almost equally often.

    Shifting a group once around the circle gives everybody ``size`` rows. Each group is grown number by
    number, taking the one whose differences to those already in it have been used least.
    """
    used = np.zeros(people, dtype=np.int64)
    places = np.arange(people)
    found = np.zeros((count, size), dtype=np.int64)
    for nth in range(count):
        # Among equally good numbers, each group prefers a different one.
        bias = (places * 2654435761 + nth * 40503) % 1_000_003
        block = [0]
        for _ in range(size - 1):
            apart = [(places - member) % people for member in block]
            lately = np.zeros(people, dtype=np.int64)  # two equal differences within one group count as well
            for one in block:
                for other in block:
                    if one != other:
                        lately[(one - other) % people] += 1
            cost = np.sum([_dearer(used + lately, steps) for steps in apart], axis=0)
            cost[block] = np.iinfo(np.int64).max // 4
            best = np.flatnonzero(cost == cost.min())
            block.append(int(best[np.argmin(bias[best])]))
        for one in block:
            for other in block:
                if one != other:
                    used[(one - other) % people] += 1
        found[nth] = block
    return found


def _dearer(used: Column, steps: Column) -> Column:
    """Return the growth of squared pair counts; half around the circle, half as many pairs count double."""
    return np.asarray(2 * used[steps] + 1 + (2 * steps == len(used)))


def groups(people: int, size: int, first: int, count: int) -> Column:
    """Return the groups for ``count`` records when ``first`` were allocated before, in ``size`` columns.

    ``people`` records in a row give everybody ``size`` of them.
    """
    ends = first + count
    bases = max(1, min(MAX_BASES, -(-ends // people)))
    blocks = base_blocks(people, size, bases)
    place = np.arange(first, ends)
    return np.asarray((blocks[place // people % bases] + (place % people)[:, None]) % people)
