package import GatewayCore
import GatewayHTTP

/// Counts the bytes before and after compression, for one route on one event loop.
package final class CompressionMeters {
    package static let bytes = MetricDescription(
        "gateway_compression_bytes_total",
        .counter,
        help: "Bytes before (in) and after (out) compression.",
        labels: ["route", "encoding", "direction"],
        unit: .bytes
    )

    private struct Pair {
        let input: Counter
        let output: Counter
    }

    private let route: String
    private let shard: MeterShard
    private var gzip: Pair?
    private var deflate: Pair?
    private var brotli: Pair?

    init(route: String, shard: MeterShard) {
        self.route = route
        self.shard = shard
    }

    func count(_ coding: ContentCoding, input: Int, output: Int) {
        let pair = self.pair(for: coding)
        pair.input.add(UInt64(max(0, input)))
        pair.output.add(UInt64(max(0, output)))
    }

    /// Created on first use, because most routes never use most codings.
    private func pair(for coding: ContentCoding) -> Pair {
        switch coding {
        case .gzip: self.made(&self.gzip, for: coding)
        case .deflate: self.made(&self.deflate, for: coding)
        case .brotli: self.made(&self.brotli, for: coding)
        }
    }

    private func made(_ pair: inout Pair?, for coding: ContentCoding) -> Pair {
        if let pair { return pair }
        let made = Pair(
            input: self.shard.counter(Self.bytes, [self.route, "\(coding.token)", "in"]),
            output: self.shard.counter(Self.bytes, [self.route, "\(coding.token)", "out"])
        )
        pair = made
        return made
    }
}

@available(*, unavailable)
extension CompressionMeters: Sendable {}
