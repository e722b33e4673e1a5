package import GatewayCore
import NIOCore

/// Counts the commands of one worker.
package final class RedisMeters {
    package static let commands = MetricDescription(
        "gateway_redis_commands_total",
        .counter,
        help: "Commands for Redis by what became of them: ok, error (a reply), timeout, lost, down (not sent).",
        labels: ["command", "result"]
    )

    package static let duration = MetricDescription(
        "gateway_redis_command_duration_seconds",
        .histogram,
        help: "Time from a command to its reply.",
        labels: ["command"],
        unit: .seconds
    )

    private struct Series {
        let duration: Histogram
        var results: [RedisMeters.Result: Counter] = [:]
    }

    private enum Result: String {
        case ok, error, timeout, lost, down
    }

    private let meters: MeterShard
    private var series: [String: Series] = [:]

    init(_ meters: MeterShard) { self.meters = meters }

    func count(_ command: String, _ result: Swift.Result<RedisReply, RedisError>, after time: TimeAmount) {
        let outcome: RedisMeters.Result
        switch result {
        case .success(.error), .failure(.refused): outcome = .error
        case .success: outcome = .ok
        case .failure(.timeout): outcome = .timeout
        case .failure(.lost): outcome = .lost
        case .failure(.down), .failure(.full): outcome = .down
        }
        var series = self.series[command] ?? Series(duration: self.meters.histogram(Self.duration, [command]))
        if let counter = series.results[outcome] {
            counter.add()
        } else {
            let counter = self.meters.counter(Self.commands, [command, outcome.rawValue])
            counter.add()
            series.results[outcome] = counter
            self.series[command] = series
        }
        if outcome == .ok || outcome == .error {
            series.duration.observe(nanoseconds: UInt64(max(0, time.nanoseconds)))
        }
    }
}

@available(*, unavailable)
extension RedisMeters: Sendable {}
