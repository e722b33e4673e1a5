import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `/metrics/system`: the resources of the process, and how promptly its event loops respond.
enum SystemReport {
    /// - Parameter patience: how long a loop may take to respond.
    static func json(_ status: GatewayStatus, within patience: TimeAmount) async -> SettingValue {
        let delays = await EventLoopProbe.delays(of: status.eventLoops, within: patience)
        let metrics = MetricValues(await status.registry.snapshot())
        var files: [String: SettingValue] = ["open": .whole(metrics.sum(Metrics.processOpenFiles))]
        let limit = metrics.sum(Metrics.processMaximumFiles)
        if limit.isFinite { files["limit"] = .whole(limit) }
        var report: [String: SettingValue] = [
            "version": .string(GatewayVersion.current),
            "uptime_seconds": .integer(status.uptime),
            "draining": .boolean(status.shared.isDraining),
            "cpu": ["used_seconds": .number(metrics.sum(Metrics.processCPU)), "cores": .integer(System.coreCount)],
            "memory": ["resident_bytes": .whole(metrics.sum(Metrics.processResidentMemory))],
            "files": .table(files),
            "client_connections": .whole(metrics.sum(Metrics.clientConnections)),
            "event_loops": .list(delays.map(self.json)),
        ]
        if let load = self.load() { report["load"] = load }
        return .table(report)
    }

    /// Of one event loop.
    private static func json(_ delay: TimeAmount?) -> SettingValue {
        guard let delay else { return ["responsive": false] }
        return ["responsive": true, "delay_ms": .number(Double(delay.nanoseconds / 1000) / 1000)]
    }

    /// How many threads wanted to run, on the whole machine.
    private static func load() -> SettingValue? {
        var means = [0.0, 0, 0]
        guard getloadavg(&means, 3) == 3 else { return nil }
        func rounded(_ value: Double) -> SettingValue { .number((value * 100).rounded() / 100) }
        return ["1m": rounded(means[0]), "5m": rounded(means[1]), "15m": rounded(means[2])]
    }
}
