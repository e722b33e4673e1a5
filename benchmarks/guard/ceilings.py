"""The committed figures, and the findings for measured ones that deviate."""

import json
from dataclasses import dataclass

# For instructions: compilers and libraries differ slightly between machines, and on a busy machine a request
# causes more wake-ups.
SLACK = 0.1
# For allocations: those of a connection, and those of what happens once per second, are divided among all requests. A slow
# machine has more seconds. What a request allocates is a whole number.
ONCE = 0.25


@dataclass(frozen=True)
class Cost:
    """The cost of one iteration or request."""

    instructions: int
    allocations: float

    @staticmethod
    def between(less, more, iterations):
        """The cost per additional iteration of `more`. One-time costs cancel out."""
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
    """Whether the improvement is so large that a later regression could go unnoticed."""
    return bool(ceiling) and (
        cost.allocations < ceiling.allocations - ONCE or cost.instructions < ceiling.instructions * (1 - SLACK)
    )


def verdict(cost, ceiling):
    """Returns the finding, or None."""
    if ceiling is None:
        return "has no ceiling"
    if cost.allocations > ceiling.allocations + ONCE:
        return f"allocates {cost.allocations:g} times, not {ceiling.allocations:g}"
    if cost.instructions > ceiling.instructions * (1 + SLACK):
        return "needs more instructions"
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
