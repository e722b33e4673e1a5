"""Draws the figures as SVG: bars for the medians, thin lines from minimum to maximum."""

from html import escape

WIDTH, LEFT, RIGHT, BAR, GAP = 760, 150, 120, 26, 14
INK, FAINT, GRID = "#1f2937", "#6b7280", "#e5e7eb"
OURS, OURS_LIGHT, OTHERS, OTHERS_LIGHT = "#0f766e", "#5eb5ac", "#64748b", "#b6c0cd"


def to_svg(comparison):
    machine = comparison.machine
    panels = [
        Panel(
            "CPU time per request, µs (less is better)",
            [
                Row(r.title, [r.user_us.median, r.cpu_us.median - r.user_us.median], r.cpu_us, r.name.startswith("gateway"))
                for r in comparison.results
            ],
            lambda value: f"{value:.1f}",
            legend="dark: user, light: kernel",
        ),
        Panel(
            "Requests per second, as offered"
            if comparison.scenario.rate
            else "Requests per second on one core (more is better)",
            [
                Row(r.title, [r.requests_per_second.median], r.requests_per_second, r.name.startswith("gateway"))
                for r in comparison.results
            ],
            lambda value: f"{value:,.0f}",
        ),
    ]
    top, body = 66, []
    for panel in panels:
        drawn, height = panel.draw(top)
        body += drawn
        top += height + 30
    height = top + 14
    note = (
        f"{comparison.scenario.connections} connections, median of {comparison.rounds} interleaved rounds, "
        f"thin line: minimum to maximum. {machine['processor']}, {machine['date']}"
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            'font-family="system-ui, \'DejaVu Sans\', sans-serif" role="img">',
            f"<title>{escape(comparison.scenario.title)}</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
            text(16, 28, comparison.scenario.title, 18, weight=600),
            *body,
            text(16, height - 14, note, 11, FAINT),
            "</svg>",
            "",
        ]
    )


class Row:
    def __init__(self, label, parts, spread, ours):
        self.label, self.parts, self.spread, self.ours = label, parts, spread, ours


class Panel:
    def __init__(self, title, rows, format_value, legend=""):
        self.title, self.rows, self.format_value, self.legend = title, rows, format_value, legend

    def draw(self, top):
        """Returns the elements of a panel and its height."""
        ticks = axis(max(row.spread.maximum for row in self.rows))
        scale = (WIDTH - LEFT - RIGHT) / ticks[-1]
        bottom = top + 16 + len(self.rows) * (BAR + GAP)
        drawn = [text(16, top, self.title, 13, weight=600)]
        if self.legend:
            drawn.append(text(WIDTH - 16, top, self.legend, 11, FAINT, "end"))
        for tick in ticks:
            x = LEFT + tick * scale
            drawn.append(f'<path d="M{x:.1f} {top + 10}V{bottom}" stroke="{GRID}"/>')
            drawn.append(text(x, bottom + 14, f"{tick:,g}", 11, FAINT, "middle"))
        for index, row in enumerate(self.rows):
            drawn += self.bar(row, top + 18 + index * (BAR + GAP), scale)
        return drawn, bottom + 14 - top

    def bar(self, row, y, scale):
        colours = (OURS, OURS_LIGHT) if row.ours else (OTHERS, OTHERS_LIGHT)
        drawn = [text(LEFT - 10, y + BAR / 2 + 4.5, row.label, 13, anchor="end", weight=600 if row.ours else 400)]
        x = LEFT
        for part, colour in zip(row.parts, colours):
            drawn.append(f'<rect x="{x:.1f}" y="{y}" width="{part * scale:.1f}" height="{BAR}" fill="{colour}"/>')
            x += part * scale
        low, high, middle = LEFT + row.spread.minimum * scale, LEFT + row.spread.maximum * scale, y + BAR / 2
        drawn.append(
            f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 4}v8M{high:.1f} {middle - 4}v8" '
            f'stroke="{INK}" stroke-width="1.2" fill="none"/>'
        )
        value = self.format_value(row.spread.median)
        drawn.append(text(max(x, high) + 8, y + BAR / 2 + 4.5, value, 13, weight=600))
        return drawn


def axis(maximum):
    """Ticks from 0 to at least the maximum, at a round step."""
    step = 1.0
    while step * 5 < maximum:
        step *= 10
    while step > 1e-9 and maximum / step < 2.5:
        step /= 2 if str(step).lstrip("0.")[0] != "5" else 2.5
    count = int(-(-maximum // step))
    return [step * index for index in range(count + 1)]


def text(x, y, content, size, colour=INK, anchor="start", weight=400):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(content)}</text>'
    )
