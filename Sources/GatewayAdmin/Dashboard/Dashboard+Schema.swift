import GatewaySettings

/// What the document says of ``Dashboard/json``.
extension APISchema {
    static let dashboard = Self.object(
        [
            "time": .time("When it was made."),
            "version": .text("", "0.1.0"),
            "state": .word("", of: ["running", "draining", "overloaded"]),
            "uptime_seconds": .integer("", 5400),
            "window_seconds": .integer("How far figures reach back.", 10),
            "totals": .object(Self.dashboardFigures + Self.dashboardProcess),
            "routes": .list(of: Self.dashboardRoute),
            "routes_total": .integer("The number of all routes.", 2),
            "upstreams": .list(of: Self.dashboardUpstream),
            "limits": Self.dashboardLimits,
            "cache": Self.dashboardCache,
            "alerts": .list(of: .alert),
            "problems": .list(of: .problem, "What needs attention, the most severe first."),
        ],
        optional: ["history": Self.dashboardHistory]
    )

    private static let dashboardFigures: Members = [
        "requests": .integer("Since the start.", 1204),
        "rate": .number("Requests per second.", 512.4, from: 0),
        "error_ratio": .ratio("The share with a status of 500 or more.", 0.01).orNull,
        "p50_ms": .milliseconds("", 3.2).orNull,
        "p95_ms": .milliseconds("", 12.5).orNull,
        "p99_ms": .milliseconds("", 48.2).orNull,
        "codes": .map(of: .integer("", 5000), "The number of requests by class of status.", "2xx"),
        "in_flight": .integer("Requests in progress.", 17),
        "limited_rate": .number("Requests over a rate limit per second.", 1.5, from: 0),
        "cache_hit_ratio": .ratio("The share of look-ups that the cache answered.", 0.83).orNull,
    ]

    private static let dashboardProcess: Members = [
        "cpu_cores": .number("", 0.42, from: 0).orNull,
        "memory_bytes": .integer("", 48_234_496).orNull,
        "connections": .integer("Connections of clients.", 31),
    ]

    private static let dashboardRoute = Self.object(
        Self.dashboardFigures + [
            "name": .text("", "users"),
            "path": .text("Null for a route of the gateway itself.", "/users/*").orNull,
            "methods": .list(of: .text("", "GET")),
            "hosts": .list(of: .text("", "www.example.com")),
            "upstream": .any("The upstream, or several with their shares; null if there is none.", "users"),
            "policies": .list(of: .text("The name of a policy.", "public")),
            "line": .integer("Where the file has the route.", 12).orNull,
        ]
    )

    private static let dashboardUpstream = Self.object([
        "name": .text("", "users"),
        "balance": .text("How a target is chosen.", "least_connections"),
        "builtin": .text("An upstream inside the gateway's process.", "demo").orNull,
        "required": .boolean("Whether the gateway is not ready without a healthy target.", false),
        "polled": .boolean("Whether there are health checks."),
        "targets_up": .integer("", 1),
        "targets_total": .integer("", 2),
        "targets": .list(
            of: .object(
                Self.targetMembers + Self.conditionOptional.orNull + [
                    "n": .integer("The position in the list.", 0),
                    "poll": Self.object(PollingEndpoint.resultMembers, "The health checks.").orNull,
                    "rate": .number("Answers per second.", 210.3, from: 0),
                    "error_ratio": .ratio("The share with a status of 500 or more.", 0.03).orNull,
                    "latency_ms": .milliseconds("The mean.", 3.9).orNull,
                    "in_flight": .integer("The connections that serve a request.", 9),
                ],
                optional: Self.targetAddresses
            )
        ),
    ])

    private static let dashboardLimits = Self.object([
        "keys": .integer("How many keys are tracked.", 1203),
        "routes": .list(
            of: .object([
                "route": .text("", "users"),
                "policies": .list(of: .text("The name of a policy.", "public")),
                "allowed_rate": .number("Requests per second.", 208.8, from: 0),
                "limited_rate": .number("Requests per second.", 1.5, from: 0),
                "shadow_limited_rate": .number("Requests per second.", 0, from: 0),
                "limited": .integer("Since the start.", 9321),
            ])
        ),
        "consumers": .list(
            of: .object([
                "consumer": .text("", "acme"),
                "plan": .text("", "free").orNull,
                "limited_rate": .number("Requests per second.", 1.1, from: 0),
                "limited": .integer("Since the start.", 8000),
                "requests": .integer("Since the start.", 120_000),
            ])
        ),
    ])

    private static let dashboardCache = Self.object([
        "enabled": .boolean("Whether a route has a cache."),
        "size_bytes": .integer("", 10_485_760).orNull,
        "max_size_bytes": .integer("", 268_435_456).orNull,
        "objects": .integer("The stored responses.", 812).orNull,
        "evictions": .integer("Since the start.", 12).orNull,
        "hit_ratio": .ratio("The share of look-ups that the cache answered.", 0.83).orNull,
        "results": .map(of: .integer("", 830), "The number of requests by what the cache did.", "hit"),
    ])

    private static let problem = Self.object([
        "since": .time("When it began.").orNull,
        "severity": .word("", of: EventSeverity.allCases.map(\.rawValue)),
        "kind": .word("", of: Problem.Kind.allCases.map(\.rawValue)),
        "subject": .text("What of that kind, such as the name of an upstream.", "users"),
        "text": .text("", "target 127.0.0.1:9002 of users is down since 12:03: refused"),
    ]).named("DashboardProblem")

    private static let dashboardHistory = Self.object(
        [
            "step_seconds": .integer("The time between two values.", 1),
            "end": .time("The end of the last value."),
        ] + Self.lines(TrafficHistory.Figure.ofRoutes),
        optional: Self.lines(TrafficHistory.Figure.allCases.filter { !TrafficHistory.Figure.ofRoutes.contains($0) })
            + ["route": .text("Whose lines.", "users")],
        "The oldest values come first. Null: not known."
    )

    private static func lines(_ figures: [TrafficHistory.Figure]) -> Members {
        figures.reduce([:]) { $0 + [$1.rawValue: .list(of: Self.number("", 1, from: 0).orNull)] }
    }
}
