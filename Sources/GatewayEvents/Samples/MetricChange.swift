import GatewayCore
import GatewaySettings

/// What has changed between two readings of the metrics, as samples.
struct MetricChange {
    private let old: MetricReading
    private let new: MetricReading
    private let seconds: Double

    /// - Parameter seconds: The time between the readings, greater than zero.
    init(from old: MetricReading, to new: MetricReading, seconds: Double) {
        self.old = old
        self.new = new
        self.seconds = seconds
    }

    // MARK: Samples

    /// The routes that had requests, the busiest first.
    var routes: JSONValue {
        var routes: [String: Traffic] = [:]
        for series in self.new.series(of: "gateway_http_requests_in_flight") {
            routes[series.labels[0], default: Traffic()].inFlight += series.values[0]
        }
        for series in self.increase(of: "gateway_http_requests_total") {
            routes[series.labels[0], default: Traffic()].count(series.values[0], code: series.labels[2])
        }
        for series in self.increase(of: "gateway_http_request_duration_seconds") {
            routes[series.labels[0], default: Traffic()].durations.add(series.values)
        }
        for series in self.increase(of: "gateway_rate_limit_decisions_total") where series.labels[1] == "limited" {
            routes[series.labels[0], default: Traffic()].limited += series.values[0]
        }
        let bounds = self.new.bounds(of: "gateway_http_request_duration_seconds")
        let entries = Self.busiest(routes.filter { $0.value.requests > 0 || $0.value.inFlight > 0 }).map {
            name,
            traffic in
            JSONValue.object(
                [Self.member("name", .string(name))] + self.members(of: traffic, bounds: bounds)
                    + [Self.member("limited_rate", Self.rounded(traffic.limited / self.seconds))]
            )
        }
        return ["seconds": Self.rounded(self.seconds), "routes": .array(entries)]
    }

    /// The upstreams with their targets, the busiest first.
    var upstreams: JSONValue {
        var targets: [Target: TargetState] = [:]
        for series in self.new.series(of: "gateway_upstream_target_up") {
            targets[Target(series.labels), default: TargetState()].isUp = series.values[0] > 0
        }
        for series in self.new.series(of: "gateway_circuit_breaker_state") {
            targets[Target(series.labels), default: TargetState()].circuit = Int(series.values[0])
        }
        for series in self.new.series(of: "gateway_upstream_connections") where series.labels[2] == "active" {
            targets[Target(series.labels), default: TargetState()].traffic.inFlight += series.values[0]
        }
        for series in self.increase(of: "gateway_upstream_requests_total") {
            targets[Target(series.labels), default: TargetState()].traffic.count(
                series.values[0],
                code: series.labels[2]
            )
        }
        for series in self.increase(of: "gateway_upstream_request_duration_seconds") {
            targets[Target(series.labels), default: TargetState()].traffic.durations.add(series.values)
        }
        let bounds = self.new.bounds(of: "gateway_upstream_request_duration_seconds")
        let upstreams = Dictionary(grouping: targets) { $0.key.upstream }
        let entries = Self.busiest(upstreams.mapValues { $0.reduce(into: Traffic()) { $0.add($1.value.traffic) } })
            .map { name, traffic in
                let own = (upstreams[name] ?? []).sorted { $0.key.label < $1.key.label }
                return JSONValue.object(
                    [
                        Self.member("name", .string(name)),
                        Self.member("targets_up", .integer(own.count { $0.value.isUp })),
                    ] + self.members(of: traffic, bounds: bounds) + [
                        Self.member("targets", .array(own.map { self.json($0.key, $0.value, bounds: bounds) }))
                    ]
                )
            }
        return ["seconds": Self.rounded(self.seconds), "upstreams": .array(entries)]
    }

    /// The process as a whole.
    var system: JSONValue {
        var all = Traffic()
        for series in self.increase(of: "gateway_http_requests_total") {
            all.count(series.values[0], code: series.labels[2])
        }
        for series in self.increase(of: "gateway_http_request_duration_seconds") { all.durations.add(series.values) }
        all.inFlight = self.new.sum(of: "gateway_http_requests_in_flight") ?? 0
        let cpu = self.increase(of: "process_cpu_seconds_total").first.map { Self.rounded($0.values[0] / self.seconds) }
        let bounds = self.new.bounds(of: "gateway_http_request_duration_seconds")
        return .object(
            [
                Self.member("seconds", Self.rounded(self.seconds)),
                Self.member("cpu_cores", cpu ?? .null),
                Self.member("memory_bytes", self.whole("process_resident_memory_bytes")),
                Self.member("open_files", self.whole("process_open_fds")),
                Self.member("connections", self.whole("gateway_client_connections")),
            ] + self.members(of: all, bounds: bounds)
        )
    }

    // MARK: Parts

    private struct Target: Hashable {
        let upstream: String
        let label: String

        init(_ labels: [String]) { (self.upstream, self.label) = (labels[0], labels[1]) }
    }

    private struct TargetState {
        var isUp = false
        /// The value of the metric: 0 closed, 1 half open, 2 open. Nil without a circuit breaker.
        var circuit: Int?
        var traffic = Traffic()
    }

    private struct Traffic {
        var requests = 0.0
        var errors = 0.0
        var limited = 0.0
        var inFlight = 0.0
        var durations = BucketCounts()

        mutating func count(_ requests: Double, code: String) {
            self.requests += requests
            if code.hasPrefix("5") { self.errors += requests }
        }

        mutating func add(_ other: Traffic) {
            self.requests += other.requests
            self.errors += other.errors
            self.inFlight += other.inFlight
            self.durations.add(other.durations)
        }
    }

    private func json(_ target: Target, _ state: TargetState, bounds: [Double]) -> JSONValue {
        let circuit = state.circuit.map { ["closed", "half_open", "open"][min(max($0, 0), 2)] }
        return .object(
            [
                Self.member("target", .string(target.label)), Self.member("up", .boolean(state.isUp)),
                Self.member("circuit", circuit.map { .string($0) } ?? .null),
            ] + self.members(of: state.traffic, bounds: bounds)
        )
    }

    private func members(of traffic: Traffic, bounds: [Double]) -> [JSONValue.Member] {
        func quantile(_ share: Double) -> JSONValue {
            traffic.durations.quantile(share, bounds: bounds).map { Self.rounded($0 * 1000) } ?? .null
        }
        return [
            Self.member("rate", Self.rounded(traffic.requests / self.seconds)),
            Self.member("error_ratio", traffic.requests > 0 ? Self.rounded(traffic.errors / traffic.requests) : .null),
            Self.member("p50_ms", quantile(0.5)), Self.member("p95_ms", quantile(0.95)),
            Self.member("p99_ms", quantile(0.99)), Self.member("in_flight", .integer(Int(traffic.inFlight))),
        ]
    }

    private func increase(of name: String) -> [MetricReading.Series] { self.new.increase(of: name, since: self.old) }

    private func whole(_ name: String) -> JSONValue { self.new.sum(of: name).map { .integer(Int($0)) } ?? .null }

    private static func busiest(_ traffic: [String: Traffic]) -> [(key: String, value: Traffic)] {
        let sorted = traffic.sorted { ($1.value.requests, $0.key) < ($0.value.requests, $1.key) }
        return Array(sorted.prefix(Sampler.maxEntries))
    }

    private static func member(_ name: String, _ value: JSONValue) -> JSONValue.Member {
        JSONValue.Member(name: name, value: value)
    }

    /// With four decimals.
    private static func rounded(_ value: Double) -> JSONValue { .number((value * 10_000).rounded() / 10_000) }
}
