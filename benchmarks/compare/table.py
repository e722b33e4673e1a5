"""The figures as Markdown, and the one line of them that README.md shows."""

import re

BEGIN, END = "<!-- measured:{} -->", "<!-- end -->"


def to_markdown(comparison):
    scenario, machine = comparison.scenario, comparison.machine
    lines = [
        f"# {scenario.title}",
        "",
        f"![CPU time a request and requests per second]({scenario.name}.svg)",
        "",
        "| proxy | CPU a request, µs | of it user | of it kernel | × nginx | requests/s | p50 | p99 | memory |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    reference = comparison.of("nginx")
    for result in comparison.results:
        ratio = f"{result.cpu_us.median / reference.cpu_us.median:.2f}" if reference else "–"
        rate = result.requests_per_second
        lines.append(
            f"| {result.title} "
            f"| **{result.cpu_us.median:.1f}** ({result.cpu_us.minimum:.1f}–{result.cpu_us.maximum:.1f}) "
            f"| {result.user_us.median:.1f} | {result.system_us.median:.1f} | {ratio} "
            f"| {rate.median:,.0f} ({rate.minimum:,.0f}–{rate.maximum:,.0f}) "
            f"| {result.p50_ms.median:.2f} ms | {result.p99_ms.median:.2f} ms "
            f"| {result.memory / 1048576:.1f} MiB |"
        )
    lines += [
        "",
        f"Median of {comparison.rounds} interleaved rounds of {comparison.duration} s each (minimum–maximum), "
        f"{scenario.connections} connections. CPU time is the kernel's account of all the proxy's processes. "
        "Latency is at saturation, where it shows the queue more than the proxy: for information.",
        "",
        f"- Machine: {machine['processor']}, {machine['cores']} cores, {machine['system']}, Linux {machine['kernel']}; "
        "proxy on one core, load generator and upstream on another",
        f"- Measured: {machine['date']}, commit {machine['commit'] or 'unknown'}",
        f"- Versions: {', '.join(versions(comparison))}",
        f"- Upstream connections opened in a run: {', '.join(connections(comparison))}",
        f"- Again: `make bench SCENARIO={scenario.name}`. How and why: [benchmarks](../README.md). "
        f"Every run: [{scenario.name}.json]({scenario.name}.json)",
    ]
    return "\n".join(lines) + "\n"


def versions(comparison):
    named = [f"{result.title} {version_number(result.version)}" for result in comparison.results]
    return named + [comparison.machine["load_generator"]]


def version_number(version):
    found = re.search(r"\d+(\.\d+)+\S*", version)
    return found.group() if found else version


def connections(comparison):
    return [f"{result.title} {result.upstream_connections.median:.0f}" for result in comparison.results]


def readme_line(comparison):
    gateway = comparison.of("gateway")
    others = [
        f"{result.title}'s {result.cpu_us.median:.1f} µs" for result in comparison.results if result is not gateway
    ]
    return (
        f"{comparison.scenario.readme_line}: **{gateway.cpu_us.median:.1f} µs** of CPU time a request, "
        f"beside {' and '.join(others)} "
        f"(median of {comparison.rounds} interleaved rounds; "
        f"[figures](benchmarks/results/{comparison.scenario.name}.md), [method](benchmarks/README.md))."
    )


def put_into(readme, name, line):
    """The text of README.md with the line in the place marked for it; unchanged where there is none."""
    begin = re.escape(BEGIN.format(name))
    return re.sub(f"({begin}\n).*?({re.escape(END)})", lambda m: f"{m[1]}{line}\n{m[2]}", readme, flags=re.S)
