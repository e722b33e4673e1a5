"""The figures as Markdown, and the line that README.md shows."""

import re

BEGIN, END = "<!-- measured:{} -->", "<!-- end -->"


def to_markdown(comparison):
    scenario = comparison.scenario
    coded = bool(scenario.coding)
    heads = ["CPU per request, µs", "user", "kernel", "× nginx", "requests/s", "p50", "p99", "p99.9", "memory"]
    heads += ["body", "ratio"] if coded else []
    lines = [
        f"# {scenario.title}",
        "",
        f"![CPU time per request and requests per second]({scenario.name}.svg)",
        "",
        f"| proxy | {' | '.join(heads)} |",
        f"|---{'|--:' * len(heads)}|",
    ]
    reference = comparison.of("nginx")
    for result in comparison.results:
        ratio = f"{result.cpu_us.median / reference.cpu_us.median:.2f}" if reference else "–"
        rate = result.requests_per_second
        cells = [
            f"**{result.cpu_us.median:.1f}** ({result.cpu_us.minimum:.1f}–{result.cpu_us.maximum:.1f})",
            f"{result.user_us.median:.1f}",
            f"{result.system_us.median:.1f}",
            ratio,
            f"{rate.median:,.0f} ({rate.minimum:,.0f}–{rate.maximum:,.0f})",
            *(f"{spread.median:.2f} ms" for spread in (result.p50_ms, result.p99_ms, result.p999_ms)),
            f"{result.memory / 1048576:.1f} MiB",
        ]
        if coded:
            cells += [f"{result.body_bytes:,}", f"{len(scenario.body) / result.body_bytes:.2f}"]
        mark = " ¹" if result.lacking else ""
        lines.append(f"| {result.title}{mark} | {' | '.join(cells)} |")
    lines += ["", *notes(comparison), ""]
    lines += [*facts(comparison.machine)]
    lines += [
        f"- Versions: {', '.join(versions(comparison))}",
        f"- Upstream connections opened per run: {', '.join(connections(comparison))}",
        f"- {again(scenario)}. Method: [benchmarks](../README.md). "
        f"Every run: [{scenario.name}.json]({scenario.name}.json)",
    ]
    return "\n".join(lines) + "\n"


def notes(comparison):
    scenario, lines = comparison.scenario, []
    for result in comparison.results:
        for policy, why in result.lacking.items():
            lines += [f"¹ {result.title} without {policy.replace('_', ' ')}: {why}.", ""]
    for note in scenario.notes:
        lines += [note, ""]
    load = f"{scenario.rate:,} requests per second offered" if scenario.rate else "at saturation"
    lines.append(
        f"Median of {comparison.rounds} interleaved rounds of {comparison.duration} s each (minimum–maximum), "
        f"{scenario.connections} connections, {load}. CPU time is what the kernel accounts to all of the proxy's processes. "
        f"Latency is measured in separate runs at {comparison.rate:,} requests per second, from the moment each "
        "request was due."
        if not scenario.rate
        else f"Median of {comparison.rounds} interleaved rounds of {comparison.duration} s each (minimum–maximum), "
        f"{scenario.connections} connections, {load}. CPU time is what the kernel accounts to all of the proxy's processes. "
        "Latency counts from the moment each request was due."
    )
    return lines


def facts(machine):
    return [
        f"- Machine: {machine['processor']}, {machine['cores']} cores, {machine['system']}, Linux {machine['kernel']}; "
        "proxy on one core, load generator and upstream on another",
        f"- Measured: {machine['date']}, commit {machine['commit'] or 'unknown'}",
    ]


def again(scenario):
    return "With a custom upstream or configuration" if scenario.own else (
        f"Repeat with `make bench SCENARIO={scenario.name}`"
    )


def versions(comparison):
    named = [f"{result.title} {result.version}" for result in comparison.results]
    return named + [comparison.machine["load_generator"]]


def connections(comparison):
    return [f"{result.title} {result.upstream_connections.median:.0f}" for result in comparison.results]


def readme_block(comparison):
    scenario, gateway = comparison.scenario, comparison.of("gateway")
    order = [gateway, *(result for result in comparison.results if result is not gateway)]
    figures = [f"{result.cpu_us.median:.1f} µs" for result in order]
    return "\n".join([
        f"CPU time per request, {scenario.title[0].lower()}{scenario.title[1:]} on one core, as the median of "
        f"{comparison.rounds} interleaved rounds.",
        "`make bench` repeats it on your machine: [all scenarios](benchmarks/results/README.md), "
        "[method](benchmarks/README.md).",
        "",
        f"| {' | '.join(result.title for result in order)} |",
        f"|{'--:|' * len(order)}",
        f"| **{figures[0]}** | {' | '.join(figures[1:])} |",
        "",
        f"![CPU time per request and requests per second](benchmarks/results/{scenario.name}.svg)",
    ])


def put_into(readme, name, block):
    """The text of README.md with the block between its markers; unchanged if there are none."""
    begin = re.escape(BEGIN.format(name))
    return re.sub(f"({begin}\n).*?({re.escape(END)})", lambda m: f"{m[1]}{block}\n{m[2]}", readme, flags=re.S)
