import GatewayHTTP1
import NIOCore
import NIOPosix
import Testing

@testable import Gateway
@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayHTTP

struct OpenMetricsTests {
    private func trace(_ digit: Character) throws -> TraceDigits {
        try #require(Array(String(repeating: digit, count: 32).utf8).withUnsafeBytes { TraceDigits($0) })
    }

    private func page(_ families: [MetricFamily], _ format: ExpositionFormat = .openMetrics) -> String {
        var buffer = ByteBuffer()
        format.write(families, epoch: 1_700_000_000_000_000_000, into: &buffer)
        return String(buffer: buffer)
    }

    private func family(_ observe: (Histogram) throws -> Void) rethrows -> MetricFamily {
        let buckets = HistogramBuckets(seconds: [0.25, 1])
        var family = MetricFamily(RouteMeters.responseFirstByte, bounds: buckets.seconds)
        let histogram = Histogram(buckets)
        try observe(histogram)
        family.append(["users"], histogram)
        return family
    }

    @Test func `each bucket has its latest exemplar`() throws {
        let family = try family { histogram in
            histogram.observe(nanoseconds: 100_000_000, trace: try trace("a"), at: .uptimeNanoseconds(1_000_000_000))
            histogram.observe(nanoseconds: 125_000_000, trace: try trace("b"), at: .uptimeNanoseconds(2_500_000_000))
            histogram.observe(nanoseconds: 200_000_000, trace: nil, at: .uptimeNanoseconds(3_000_000_000))
            histogram.observe(nanoseconds: 500_000_000)
            histogram.observe(nanoseconds: 2_000_000_000, trace: try trace("c"), at: .uptimeNanoseconds(4_000_000_000))
        }
        let lines = page([family]).split(separator: "\n").filter { $0.contains("_bucket") }
        let start = "gateway_http_response_first_byte_seconds_bucket{route=\"users\",le="
        let (first, last) = (String(repeating: "b", count: 32), String(repeating: "c", count: 32))
        #expect(
            lines == [
                "\(start)\"0.25\"} 3 # {trace_id=\"\(first)\"} 0.125 1700000002.5",
                "\(start)\"1.0\"} 4",
                "\(start)\"+Inf\"} 5 # {trace_id=\"\(last)\"} 2 1700000004",
            ]
        )
        #expect(!page([family], .text).contains("trace_id"))
    }

    @Test func `exemplars of loops and series are merged`() throws {
        let old = try family {
            $0.observe(nanoseconds: 1, trace: try trace("a"), at: .uptimeNanoseconds(1_000_000))
            $0.observe(nanoseconds: 600_000_000, trace: try trace("b"), at: .uptimeNanoseconds(9_000_000))
        }
        var new = MetricFamily(RouteMeters.responseFirstByte, bounds: [0.25, 1])
        new.append(["admin"], Histogram(HistogramBuckets(seconds: [0.25, 1])))
        let histogram = Histogram(HistogramBuckets(seconds: [0.25, 1]))
        histogram.observe(nanoseconds: 2, trace: try trace("c"), at: .uptimeNanoseconds(2_000_000))
        histogram.observe(nanoseconds: 600_000_000, trace: try trace("d"), at: .uptimeNanoseconds(8_000_000))
        new.append(["users"], histogram)
        for parts in [[old, new], [new, old]] {
            let merged = try #require(MetricFamily.merged(parts))
            #expect(merged.labels == [["admin"], ["users"]])
            #expect(merged.exemplars.map(\.place) == [4, 5])
            #expect(merged.exemplars.map(\.exemplar.trace.text.first) == ["c", "b"])
        }
    }

    @Test(arguments: ["", "abc", String(repeating: "a", count: 33)]) func `any other ID is rejected`(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { TraceDigits($0) } == nil)
    }

    @Test func `a page with every metric and unusual labels is valid OpenMetrics`() throws {
        let trace = try trace("e")
        let families = MetricCatalog.all.map { description -> MetricFamily in
            var family = MetricFamily(description, bounds: HistogramBuckets.standard.seconds)
            for value in ["a", "\"\\\n{},# ", "ü"] where !description.labels.isEmpty || value == "a" {
                let labels = description.labels.map { _ in value }
                if description.kind == .histogram {
                    let histogram = Histogram(.standard)
                    for step: UInt64 in 0..<60 {
                        histogram.observe(nanoseconds: 1 << step, trace: trace, at: .uptimeNanoseconds(step))
                    }
                    family.append(labels, histogram)
                } else {
                    family.append(labels, 0.1)
                }
            }
            return family
        }
        let read = OpenMetricsPage(page(families))
        #expect(read.complaints == [])
        #expect(read.samples.count { $0.exemplar != nil } > 100)
    }

    @Test(arguments: [
        "", "# EOF", "a 1\n# EOF\n", "# TYPE a gauge\na 1\n", "# TYPE a gauge\n\na 1\n# EOF\n",
        "# TYPE a counter\na 1\n# EOF\n", "# TYPE a gauge\na 1\na 1\n# EOF\n", "# TYPE a gauge\na{b=\"c} 1\n# EOF\n",
        "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\na 2\n# EOF\n",
        "# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n", "# TYPE a gauge\na 1 # {} 1\n# EOF\n",
        "# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n# EOF\n",
        "# TYPE a histogram\na_bucket{le=\"1.0\"} 1 # {} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n# EOF\n",
        "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n# EOF\n",
    ])
    func `invalid pages are detected`(page: String) {
        #expect(OpenMetricsPage(page).complaints != [])
    }

    @Test func `the page of a running gateway is valid, too`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let admin = AdminFixture()
        let trace = try trace("f")
        for loop in group.makeIterator() {
            try await loop.submit {
                let shard = admin.status.registry.makeShard(on: loop)
                let meters = RouteMeters(route: "users", shard: shard)
                for step in 0..<40 {
                    let request = RouteMeters.Request(
                        method: step % 2 == 0 ? .get : .other,
                        status: 200 + step,
                        isError: false,
                        duration: .nanoseconds(1 << Int64(step)),
                        firstByte: .nanoseconds(1 << Int64(step / 2)),
                        bytesIn: 1,
                        bytesOut: 2,
                        trace: trace
                    )
                    meters.count(request, at: .now())
                }
                meters.countError(.notFound)
            }.get()
        }
        let page = try await admin.get("/metrics") { $0.accept = "application/openmetrics-text" }.text
        let read = OpenMetricsPage(page)
        #expect(read.complaints == [])
        #expect(read.samples.contains { $0.exemplar?.hasPrefix("{trace_id=\"ffff") == true })
        try await group.shutdownGracefully()
    }
}
