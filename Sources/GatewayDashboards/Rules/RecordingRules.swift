/// Series that are computed ahead: rates, ratios and quantiles by route and by upstream.
enum RecordingRules {
    static let groups = [
        RuleFile.Group(name: "gateway-requests", rules: requests.map { .recording($0) }),
        RuleFile.Group(name: "gateway-durations", rules: durations.map { .recording($0) }),
        RuleFile.Group(name: "gateway-policies", rules: policies.map { .recording($0) }),
    ]

    /// The windows of the error budget.
    private static let windows = ["5m", "30m", "1h", "6h"]
    private static let byRoute = ["job", "route"]
    private static let byUpstream = ["job", "upstream"]
    private static let isError = #"code=~"5..""#

    private static let requests: [RuleFile.Recording] =
        windows.map { window in
            .init(
                "gateway:http_requests:rate\(window)",
                PromQL.rate("gateway_http_requests_total", by: byRoute, where: "", over: window)
            )
        }
        + windows.map { window in
            .init(
                "gateway:http_errors:ratio_rate\(window)",
                PromQL.ratio("gateway_http_requests_total", of: isError, by: byRoute, where: "", over: window)
            )
        } + [
            .init(
                "gateway:upstream_requests:rate5m",
                PromQL.rate("gateway_upstream_requests_total", by: byUpstream, where: "", over: "5m")
            ),
            .init(
                "gateway:upstream_errors:ratio_rate5m",
                PromQL.ratio("gateway_upstream_requests_total", of: isError, by: byUpstream, where: "", over: "5m")
            ),
        ]

    private static let durations: [RuleFile.Recording] =
        ["0.5", "0.95", "0.99"].map { quantile in
            .init(
                "gateway:http_request_duration_seconds:\(name(of: quantile))_rate5m",
                PromQL.quantile(
                    quantile,
                    "gateway_http_request_duration_seconds",
                    by: byRoute,
                    where: "",
                    over: "5m"
                )
            )
        } + [
            .init(
                "gateway:upstream_request_duration_seconds:p95_rate5m",
                PromQL.quantile(
                    "0.95",
                    "gateway_upstream_request_duration_seconds",
                    by: byUpstream,
                    where: "",
                    over: "5m"
                )
            ),
            .init(
                "gateway:event_loop_lag_seconds:p99_rate5m",
                PromQL.quantile(
                    "0.99",
                    "gateway_event_loop_lag_seconds",
                    by: ["job", "instance"],
                    where: "",
                    over: "5m"
                )
            ),
        ]

    private static let policies: [RuleFile.Recording] = [
        .init(
            "gateway:cache_hits:ratio_rate5m",
            PromQL.ratio(
                "gateway_cache_requests_total",
                of: #"result=~"hit|stale|revalidated|coalesced""#,
                among: #"result!="bypass""#,
                by: byRoute,
                where: "",
                over: "5m"
            )
        ),
        .init(
            "gateway:rate_limited:ratio_rate5m",
            PromQL.ratio(
                "gateway_rate_limit_decisions_total",
                of: #"decision="limited""#,
                by: byRoute,
                where: "",
                over: "5m"
            )
        ),
        .init(
            "gateway:process_open_fds:ratio",
            PromQL.ofGateways("process_open_fds / process_max_fds")
        ),
    ]

    /// `p95` for `0.95`.
    private static func name(of quantile: String) -> String {
        let digits = quantile.dropFirst(2)
        return "p\(digits.count == 1 ? digits + "0" : digits)"
    }
}
