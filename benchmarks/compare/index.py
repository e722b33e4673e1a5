"""results/README.md: one line per measured scenario."""

import json

ORDER = (
    *("plain", "chain", "compress-gzip", "compress-br", "not-modified", "limited"),
    *("middlewares", "big", "idle", "routes", "cores", "start", "reload"),
    *("tls", "h2", "h2-upstream", "websocket"),
)


def write(folder):
    found = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    names = sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))
    lines = [
        "# Results",
        "",
        "Method: [benchmarks](../README.md).",
        "",
        "| scenario | Gateway, µs CPU per request | × nginx | nginx | others | measured |",
        "|---|--:|--:|--:|---|---|",
    ]
    others = []
    for name in names:
        document = found[name]
        if "results" in document:
            lines.append(line(name, document))
        else:
            others.append(f"- [{document.get('title', name)}]({name}.md)")
    (folder / "README.md").write_text("\n".join(lines + ([""] + others if others else [])) + "\n")


def line(name, document):
    figures = {result["name"]: result for result in document["results"]}

    def cpu(peer):
        return figures[peer]["cpu_us"]["median"] if peer in figures else None

    ours, theirs = cpu("gateway"), cpu("nginx")
    rest = ", ".join(
        f"{result['title']} {result['cpu_us']['median']:.1f}"
        for peer, result in figures.items()
        if peer not in ("gateway", "nginx")
    )
    cells = [
        f"[{document['title']}]({name}.md)",
        f"**{ours:.1f}**" if ours else "–",
        f"{ours / theirs:.2f}" if ours and theirs else "–",
        f"{theirs:.1f}" if theirs else "–",
        rest,
        document["machine"]["date"],
    ]
    return f"| {' | '.join(cells)} |"
