extension Dashboard {
    /// What policies do with requests: limits, concurrency, credentials, cache, compression.
    static let policy = Dashboard(
        name: "policy",
        title: "Policies",
        description: "What limits, credentials, the cache and compression do with the requests.",
        variables: [instance, route],
        sections: [
            Section("Now", limitedNow, overloadedNow, refusedNow, hitRatioNow, cacheSizeNow, savedNow),
            Section("Limits and concurrency", decisions, limitedShare, inFlight, rejected, keys),
            Section("Credentials", credentials, consumers),
            Section("Cache", lookUps, hitRatio, cacheSize, cacheChanges, sharedTier, warming),
            Section("Compression and validation", compression, compressionRatio, notModified, browserReports),
        ]
    )

    private static let decisionsTotal = "gateway_rate_limit_decisions_total"
    private static let lookUpsTotal = "gateway_cache_requests_total"
    private static let hits = #"result=~"hit|stale|revalidated|coalesced""#
    private static let cacheable = #"result!="bypass""#
    private static let noLimits = "No limits"
    private static let noCache = "No cache"

    // MARK: Now

    private static let limitedNow = Panel(
        "Limited",
        .number,
        unit: "percentunit",
        width: 4,
        description: "Share of the requests on limited routes that exceeded a rate limit and got 429.",
        noValue: noLimits,
        .init("Limited", PromQL.ratio(decisionsTotal, of: #"decision="limited""#, where: PromQL.routes))
    ).warning(from: 0.01, critical: 0.1)

    private static let overloadedNow = Panel(
        "Overloaded",
        .number,
        unit: "reqps",
        width: 4,
        description: "Requests per second that got 503 because too many were in progress or waited for a connection.",
        noValue: "0",
        .init(
            "Overloaded",
            PromQL.rate("gateway_errors_total", where: PromQL.routes + #",code="overloaded""#) + " or vector(0)"
        )
    ).warning(from: 0.1, critical: 1)

    private static let refusedNow = Panel(
        "Refused credentials",
        .number,
        unit: "percentunit",
        width: 4,
        description: "Share of the decisions about credentials that refused the request.",
        noValue: "No credentials asked for",
        .init(
            "Refused",
            PromQL.ratio("gateway_auth_total", of: #"result!~"accepted|shadow_.*""#, where: PromQL.routes)
        )
    ).warning(from: 0.05, critical: 0.25)

    private static let hitRatioNow = Panel(
        "Cache hits",
        .number,
        unit: "percentunit",
        width: 4,
        description: "Share of the look-ups that the cache answered.",
        noValue: noCache,
        .init("Hits", PromQL.ratio(lookUpsTotal, of: hits, among: cacheable, where: PromQL.routes))
    ).warning(below: 0.5, critical: 0.1).maximum(1)

    private static let cacheSizeNow = Panel(
        "Cache size",
        .number,
        unit: "bytes",
        width: 4,
        description: "Memory of the stored responses.",
        noValue: noCache,
        .init("Size", "sum(gateway_cache_bytes{\(PromQL.instances)})")
    )

    private static let savedNow = Panel(
        "Saved by compression",
        .number,
        unit: "Bps",
        width: 4,
        description: "Bytes per second that were not sent because responses were compressed.",
        noValue: "Nothing compressed",
        .init(
            "Saved",
            PromQL.rate(compressed, where: PromQL.routes + #",direction="in""#) + " - "
                + PromQL.rate(compressed, where: PromQL.routes + #",direction="out""#)
        )
    )

    // MARK: Limits and concurrency

    private static let decisions = Panel(
        "Rate limits by decision",
        .areas,
        unit: "reqps",
        description: "Requests on limited routes. shadow_limited: would have been refused, but the limit only counts.",
        noValue: noLimits,
        .init("{{decision}}", PromQL.rate(decisionsTotal, by: ["decision"], where: PromQL.routes))
    )

    private static let limitedShare = Panel(
        "Limited requests by route",
        .lines,
        unit: "percentunit",
        description: "Share of the requests that exceeded the limit, in shadow mode too.",
        noValue: noLimits,
        .init(
            "{{route}}",
            PromQL.ratio(decisionsTotal, of: #"decision!="allowed""#, by: ["route"], where: PromQL.routes)
        )
    )

    private static let inFlight = Panel(
        "In progress by route",
        .lines,
        unit: "short",
        width: 8,
        description: "What the limits on concurrency count.",
        noValue: "No routes",
        .init("{{route}}", "sum by (route) (gateway_http_requests_in_flight{\(PromQL.routes)})")
    )

    private static let rejected = Panel(
        "Refused for overload by route",
        .lines,
        unit: "reqps",
        width: 8,
        description: "503 overloaded: too many requests in progress, or waiting for a connection.",
        noValue: "None refused",
        .init(
            "{{route}}",
            PromQL.rate("gateway_errors_total", by: ["route"], where: PromQL.routes + #",code="overloaded""#)
        )
    )

    private static let keys = Panel(
        "Keys of the rate limits",
        .lines,
        unit: "short",
        width: 8,
        description: "Clients that the rate limits remember. Their number is bounded.",
        noValue: noLimits,
        .init("{{instance}}", "sum by (instance) (gateway_rate_limit_keys{\(PromQL.instances)})")
    )

    // MARK: Credentials

    private static let credentials = Panel(
        "Credentials by result",
        .areas,
        unit: "reqps",
        description:
            "Decisions per second. Many invalid ones may be an attack; throttled: the client failed too often.",
        noValue: "No credentials asked for",
        .init("{{kind}} {{result}}", PromQL.rate("gateway_auth_total", by: ["kind", "result"], where: PromQL.routes))
    )

    private static let consumers = Panel(
        "Requests by consumer",
        .areas,
        unit: "reqps",
        description: "Requests with an accepted credential by its consumer: the busiest ten.",
        noValue: "No consumers",
        .init(
            "{{consumer}}",
            "topk(10, \(PromQL.rate("gateway_consumer_requests_total", by: ["consumer"], where: PromQL.instances)))"
        )
    )

    // MARK: Cache

    private static let lookUps = Panel(
        "Cache by result",
        .areas,
        unit: "reqps",
        description: "coalesced: waited for the response to another request. bypass: the cache was not asked.",
        noValue: noCache,
        .init("{{result}}", PromQL.rate(lookUpsTotal, by: ["result"], where: PromQL.routes))
    )

    private static let hitRatio = Panel(
        "Hits by route",
        .lines,
        unit: "percentunit",
        description: "Share of the look-ups that the cache answered.",
        noValue: noCache,
        .init("{{route}}", PromQL.ratio(lookUpsTotal, of: hits, among: cacheable, by: ["route"], where: PromQL.routes))
    ).maximum(1)

    private static let cacheSize = Panel(
        "Memory of the cache",
        .lines,
        unit: "bytes",
        description: "Memory of the stored responses, with their keys and heads.",
        noValue: noCache,
        .init("{{instance}}", "sum by (instance) (gateway_cache_bytes{\(PromQL.instances)})")
    )

    private static let cacheChanges = Panel(
        "Responses in the cache",
        .lines,
        unit: "short",
        description:
            "Stored responses, and how many left per second: for want of room (size), or because they were too old.",
        noValue: noCache,
        .init("Stored", "sum(gateway_cache_objects{\(PromQL.instances)})"),
        .init(
            "Left per second: {{reason}}",
            PromQL.rate("gateway_cache_evictions_total", by: ["reason"], where: PromQL.instances)
        ),
        .init("Purges per second", PromQL.rate("gateway_cache_purges_total", where: PromQL.instances))
    )

    private static let sharedTier = Panel(
        "Shared tier of the cache",
        .lines,
        unit: "ops",
        description: "Look-ups in Redis by result, and writes that failed or found no room.",
        noValue: "No shared tier",
        .init(
            "{{tier}} {{result}}",
            PromQL.rate("gateway_cache_tier_requests_total", by: ["tier", "result"], where: PromQL.instances)
        )
    )

    private static let warming = Panel(
        "Kept warm",
        .lines,
        unit: "reqps",
        description: "Requests of the gateway that keep responses in the cache, by result.",
        noValue: "Nothing kept warm",
        .init(
            "{{route}} {{result}}",
            PromQL.rate("gateway_cache_warm_requests_total", by: ["route", "result"], where: PromQL.routes)
        )
    )

    // MARK: Compression and validation

    private static let compressed = "gateway_compression_bytes_total"

    private static let compression = Panel(
        "Compressed bytes",
        .lines,
        unit: "Bps",
        description: "Bytes per second before compression and after it, by coding.",
        noValue: "Nothing compressed",
        .init(
            "{{encoding}} before",
            PromQL.rate(compressed, by: ["encoding"], where: PromQL.routes + #",direction="in""#)
        ),
        .init(
            "{{encoding}} after",
            PromQL.rate(compressed, by: ["encoding"], where: PromQL.routes + #",direction="out""#)
        )
    )

    private static let compressionRatio = Panel(
        "Size after compression",
        .lines,
        unit: "percentunit",
        description: "What is left of the size. Close to 100 %: the bodies are compressed already.",
        noValue: "Nothing compressed",
        .init(
            "{{encoding}}",
            PromQL.rate(compressed, by: ["encoding"], where: PromQL.routes + #",direction="out""#) + " / "
                + PromQL.rate(compressed, by: ["encoding"], where: PromQL.routes + #",direction="in""#)
        )
    ).maximum(1)

    private static let notModified = Panel(
        "Turned into 304 by route",
        .lines,
        unit: "reqps",
        description: "Responses whose body was not sent because the client had it.",
        noValue: "None",
        .init("{{route}}", PromQL.rate("gateway_etag_not_modified_total", by: ["route"], where: PromQL.routes))
    )

    private static let browserReports = Panel(
        "Reports of browsers",
        .lines,
        unit: "ops",
        description: "Violations of the Content Security Policy that browsers reported, by directive.",
        noValue: "No reports",
        .init(
            "{{directive}} {{disposition}}",
            PromQL.rate("gateway_csp_reports_total", by: ["directive", "disposition"], where: PromQL.instances)
        )
    )
}
