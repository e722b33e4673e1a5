import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore
import Synchronization

/// `/health/polling`: the active health checks of upstreams, and their results.
struct PollingEndpoint: AdminEndpoint {
    let path = "/health/polling"
    let summary = "Active health checks: results, and when each target is polled next."
    let operation = APIOperation("getPolling", .health, answers: [.json(Self.schema)])

    package func answer(_ call: AdminCall) -> Response {
        let upstreams = call.status.upstreams
        let targets = upstreams.targets
        let list = upstreams.configuration.sorted { $0.key < $1.key }.compactMap { name, upstream -> JSONValue? in
            guard let health = upstream.health else { return nil }
            return [
                "name": .string(name),
                "interval_seconds": .number(health.interval.seconds),
                "targets": .array((targets[name] ?? []).map(Self.json)),
            ]
        }
        return .admin([
            "polls_running": .integer(upstreams.pollsRunning.load(ordering: .relaxed)),
            "max_polls": .integer(call.status.configuration.server.maxPolls),
            "upstreams": .array(list),
        ])
    }

    /// The results of a target as a whole; nil if it is not polled.
    static func json(of target: UpstreamTarget) -> JSONValue? {
        guard target.isPolled else { return nil }
        let whole = EndpointPolling.whole(of: target.endpoints.compactMap(\.pollResults))
        return self.members(whole ?? EndpointPolling(health: PolledHealth(since: target.createdAt)))
    }

    private static func json(_ target: UpstreamTarget) -> JSONValue {
        let addresses = target.endpoints.compactMap { endpoint in endpoint.pollResults.map { (endpoint, $0) } }
        var object: JSONValue = ["target": .string(target.label)]
        if let whole = EndpointPolling.whole(of: addresses.map(\.1)) {
            object.append(Self.members(whole))
        } else {
            object.append(Self.members(EndpointPolling(health: PolledHealth(since: target.createdAt))))
        }
        if target.name != nil {
            let list = addresses.map { endpoint, results -> JSONValue in
                var address: JSONValue = ["address": .string(endpoint.label)]
                address.append(Self.members(results))
                return address
            }
            object.append(["addresses": .array(list)])
        }
        return object
    }

    private static func members(_ results: EndpointPolling) -> JSONValue {
        func time(_ moment: EndpointHealth.Moment?) -> JSONValue {
            moment.map { .string(CivilTime.rfc3339(milliseconds: $0.time)) } ?? .null
        }
        return [
            "state": .string(results.health.state.rawValue),
            "since": time(results.health.since),
            "last_poll": time(results.lastPoll),
            "next_poll": time(results.nextPoll),
            "last_result": results.hasSucceeded.map { $0 ? "ok" : "failed" } ?? .null,
            "reason": results.failure.map { .string($0.reason) } ?? .null,
            "latency_ms": results.latency.map { .number(($0.milliseconds * 1000).rounded() / 1000) } ?? .null,
            "consecutive_successes": .integer(results.health.successes),
            "consecutive_failures": .integer(results.health.failures),
            "polls_total": .integer(results.count),
        ]
    }
}

extension JSONValue {
    /// Appends the members of another object.
    fileprivate mutating func append(_ other: JSONValue) {
        guard case .object(let members) = self, case .object(let more) = other else { return }
        self = .object(members + more)
    }
}

extension TimeAmount {
    fileprivate var milliseconds: Double { Double(self.nanoseconds) / 1_000_000 }
}

extension PollingEndpoint {
    static let resultMembers: APISchema.Members = [
        "state": .word("By health checks alone.", of: ["unknown", "up", "down"]),
        "since": .time("When the state began."),
        "last_poll": .time("When the last poll ended.").orNull,
        "next_poll": .time("When the next poll is due.").orNull,
        "last_result": .word("", of: ["ok", "failed"]).orNull,
        "reason": .text("Why the last failed poll failed.", "timeout").orNull,
        "latency_ms": .milliseconds("How long the last poll took.").orNull,
        "consecutive_successes": .integer("The polls since the result last changed.", 3),
        "consecutive_failures": .integer("The polls since the result last changed.", 0),
        "polls_total": .integer("The polls since the health checks began.", 3),
    ]

    private static let target = APISchema.object(
        ["target": .text("As in metrics and logs.", "backend:80")] + Self.resultMembers,
        optional: [
            "addresses": .list(
                of: .object(["address": .text("", "10.0.0.7:80")] + Self.resultMembers),
                "Of a host name."
            )
        ]
    ).named("PolledTarget")

    fileprivate static let schema = APISchema.object([
        "polls_running": .integer("The polls that run now.", 0),
        "max_polls": .integer("The maximum number of polls at a time.", 100),
        "upstreams": .list(
            of: .object([
                "name": .text("The upstream.", "api"),
                "interval_seconds": .number("The time from one poll to the next.", 5, from: 0),
                "targets": .list(of: Self.target),
            ])
        ),
    ])
}
