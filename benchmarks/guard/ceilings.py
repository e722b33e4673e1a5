"""The committed figures, and what is said where a measured one has left them."""

import json
from dataclasses import dataclass

# Of the instructions: compilers and libraries differ a little from machine to machine, and a busy machine makes a whole
# request wake up more often.
SLACK = 0.1
# Of the allocations: those of a connection are shared out among the requests.
ONCE = 0.05


@dataclass(frozen=True)
class Cost:
    """Of one iteration or request."""

    instructions: int
    allocations: float

    @staticmethod
    def between(less, more, iterations):
        """Of each of the further iterations that `more` has; what happens once drops out."""
        return Cost(
            round((more.instructions - less.instructions) / iterations),
            round((more.allocations - less.allocations) / iterations, 2),
        )


def read(path):
    if not path.exists():
        return {}
    return {name: Cost(**cost) for name, cost in json.loads(path.read_text()).items()}


def write(path, costs):
    lines = [
        f'  {json.dumps(name)}: {{"instructions": {cost.instructions}, "allocations": {cost.allocations:g}}}'
        for name, cost in costs.items()
    ]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def is_cheaper(cost, ceiling):
    """So much that a ceiling as high as that would let it rise again unseen."""
    return bool(ceiling) and (
        cost.allocations < ceiling.allocations - ONCE or cost.instructions < ceiling.instructions * (1 - SLACK)
    )


def verdict(cost, ceiling):
    """Nothing, or what is wrong."""
    if ceiling is None:
        return "has no ceiling"
    if cost.allocations > ceiling.allocations + ONCE:
        return f"allocates {cost.allocations:g} times, not {ceiling.allocations:g}"
    if cost.instructions > ceiling.instructions * (1 + SLACK):
        return "takes more instructions"
    return None


def table(costs, ceilings):
    lines = [f"{'':26}{'instructions':>14}{'ceiling':>12}{'drift':>9}{'allocations':>13}{'ceiling':>9}"]
    for name, cost in costs.items():
        ceiling = ceilings.get(name)
        known = drift = allocations = "-"
        if ceiling:
            known, allocations = f"{ceiling.instructions:,}", f"{ceiling.allocations:g}"
            drift = f"{100 * (cost.instructions / ceiling.instructions - 1):+.1f} %"
        lines.append(
            f"{name:26}{cost.instructions:>14,}{known:>12}{drift:>9}{cost.allocations:>13g}{allocations:>9}"
        )
    return "\n".join(lines)
