import GatewayCore
import GatewaySettings
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `/metrics/system`: the resources of the process, and how quickly its event loops respond.
struct SystemEndpoint: AdminEndpoint {
    let path = "/metrics/system"
    let summary = "CPU, memory, open files and event loops of the process."
    let operation = APIOperation("getSystem", .metrics, answers: [.json(Self.schema)])

    package func answer(_ call: AdminCall) async -> Response {
        let status = call.status
        let delays = await EventLoopProbe.delays(of: status.eventLoops, within: AdminCall.patience)
        let metrics = MetricValues(await status.registry.snapshot())
        var files: [String: JSONValue] = ["open": .whole(metrics.sum(ProcessMetrics.openFiles))]
        let limit = metrics.sum(ProcessMetrics.maximumFiles)
        if limit.isFinite { files["limit"] = .whole(limit) }
        var report: [String: JSONValue] = [
            "version": .string(GatewayVersion.current),
            "uptime_seconds": .integer(status.uptime),
            "draining": .boolean(status.shared.isDraining),
            "cpu": ["cores": .integer(System.coreCount), "used_seconds": .number(metrics.sum(ProcessMetrics.cpu))],
            "memory": ["resident_bytes": .whole(metrics.sum(ProcessMetrics.residentMemory))],
            "files": .sorted(files),
            "client_connections": .whole(metrics.sum(ListenerPlan.connections)),
            "event_loops": .array(delays.map(Self.json)),
        ]
        if let load = Self.load() { report["load"] = load }
        return .admin(.sorted(report))
    }

    /// - Parameter delay: how long the event loop took to respond; nil if it did not.
    private static func json(_ delay: TimeAmount?) -> JSONValue {
        guard let delay else { return ["responsive": false] }
        return ["delay_ms": .number(Double(delay.nanoseconds / 1000) / 1000), "responsive": true]
    }

    /// The load averages of the machine.
    private static func load() -> JSONValue? {
        var means = [0.0, 0, 0]
        guard getloadavg(&means, 3) == 3 else { return nil }
        func rounded(_ value: Double) -> JSONValue { .number((value * 100).rounded() / 100) }
        return ["15m": rounded(means[2]), "1m": rounded(means[0]), "5m": rounded(means[1])]
    }
}

extension SystemEndpoint {
    fileprivate static let schema = APISchema.object(
        [
            "version": .text("The version of the gateway.", GatewayVersion.current),
            "uptime_seconds": .integer("How long the gateway runs.", 73),
            "draining": .boolean("Whether it finishes its requests.", false),
            "cpu": .object([
                "cores": .integer("The processor cores of the machine.", 4),
                "used_seconds": .number("The processor time that the process has used.", 1.5, from: 0),
            ]),
            "memory": .object(["resident_bytes": .integer("", 31_457_280)]),
            "files": .object(
                ["open": .integer("The open files and sockets.", 42)],
                optional: ["limit": .integer("Their maximum number.", 1024)]
            ),
            "client_connections": .integer("The open connections of clients.", 3),
            "event_loops": .list(
                of: .object(
                    ["responsive": .boolean("Whether it responded within a second.")],
                    optional: ["delay_ms": .milliseconds("How long it took.", 0.05)]
                )
            ),
        ],
        optional: [
            "load": .object(
                ["1m": .number("", 0.5, from: 0), "5m": .number("", 0.4, from: 0), "15m": .number("", 0.3, from: 0)],
                "The load averages of the machine."
            )
        ]
    )
}
