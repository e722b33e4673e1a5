import Testing

@testable import Gateway

struct MetricsTests {
    /// Every metric of the manual.
    static let all = [
        Metrics.requests, Metrics.requestDuration, Metrics.responseFirstByte, Metrics.requestsInFlight,
        Metrics.receivedBytes, Metrics.sentBytes, Metrics.errors, Metrics.timeouts,
        Metrics.requestIDsReplaced, Metrics.upstreamRequests, Metrics.upstreamRequestDuration,
        Metrics.upstreamConnections, Metrics.upstreamConnects, Metrics.upstreamTargetUp,
        Metrics.upstreamRetries, Metrics.upstreamHealthChecks, Metrics.upstreamQueue,
        Metrics.circuitBreakerState, Metrics.rateLimitDecisions, Metrics.rateLimitKeys,
        Metrics.compressionBytes, Metrics.etagNotModified, Metrics.cacheRequests, Metrics.cacheBytes,
        Metrics.cacheObjects, Metrics.cacheEvictions, Metrics.cspReports, Metrics.websocketConnections,
        Metrics.websocketMessages, Metrics.clientConnections, Metrics.clientConnectionsTotal,
        Metrics.tlsHandshakes, Metrics.tlsCertificateExpiry, Metrics.events, Metrics.eventsDropped,
        Metrics.webhookDeliveries, Metrics.configReloads, Metrics.configLastSuccess, Metrics.buildInfo,
        Metrics.logLinesDropped, Metrics.seriesDropped, Metrics.processCPU, Metrics.processResidentMemory,
        Metrics.processOpenFiles, Metrics.processMaximumFiles, Metrics.processStartTime,
    ]

    @Test(arguments: all) func `has a name that tells its kind and unit`(metric: MetricDescription) {
        #expect(metric.name.hasPrefix("gateway_") || metric.name.hasPrefix("process_"))
        #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter))
        if let unit = metric.unit {
            let suffix = metric.kind == .counter ? "_\(unit.rawValue)_total" : "_\(unit.rawValue)"
            #expect(metric.name.hasSuffix(suffix))
        }
        #expect(metric.help.hasSuffix("."))
    }

    @Test func `has no two metrics of one name`() {
        #expect(Set(Self.all.map(\.name)).count == Self.all.count)
    }

    @Test func `reads the process' own figures`() {
        let values = Dictionary(
            uniqueKeysWithValues: ProcessMetrics.families().map { ($0.description.name, $0.values[0]) }
        )
        #expect(values["process_cpu_seconds_total", default: 0] > 0)
        #expect(values["process_max_fds", default: 0] > 3)
        #if os(Linux)
            #expect(values["process_open_fds", default: 0] >= 3)
            #expect(values["process_resident_memory_bytes", default: 0] > 100_000)
            #expect(values["process_start_time_seconds", default: 0] > 1_000_000_000)
        #endif
    }

    @Test func `finds the fields of a process whose name looks like fields`() throws {
        let stat = "7 (a) R 1 (b c) S 1 7 7 0 -1 4194304 1 2 3 4 50 60 0 0 20 0 1 0 12345 99999 678 1844674\n"
        let status = try #require(ProcessStatus(stat))
        #expect(status.startTicks == 12345)
        #expect(status.residentPages == 678)
        #expect(ProcessStatus("") == nil)
        #expect(ProcessStatus("7 (a) S 1") == nil)
        #expect(ProcessMetrics.bootSecond("cpu 1 2\nbtime 1700000000\nprocesses 3\n") == 1_700_000_000)
    }
}
