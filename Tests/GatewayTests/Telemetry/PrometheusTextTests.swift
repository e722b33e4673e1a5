import Foundation
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayMiddlewares

struct PrometheusTextTests {
    private func page(_ families: [MetricFamily], _ format: ExpositionFormat = .text) -> String {
        var buffer = ByteBuffer()
        format.write(families, into: &buffer)
        return String(buffer: buffer)
    }

    private func family(_ description: MetricDescription, _ series: [([String], Double)]) -> MetricFamily {
        var family = MetricFamily(description)
        for (labels, value) in series { family.append(labels, value) }
        return family
    }

    private var histogram: MetricFamily {
        let buckets = HistogramBuckets(seconds: [0.25, 1])
        var family = MetricFamily(RouteMeters.responseFirstByte, bounds: buckets.seconds)
        let histogram = Histogram(buckets)
        for seconds in [0.25, 0.5, 0.5, 3.0] { histogram.observe(seconds: seconds) }
        family.append(["users"], histogram)
        return family
    }

    @Test func `a histogram has cumulative buckets`() {
        #expect(
            page([histogram]) == """
                # HELP gateway_http_response_first_byte_seconds Time from the first byte of a request to the first byte of its response.
                # TYPE gateway_http_response_first_byte_seconds histogram
                gateway_http_response_first_byte_seconds_bucket{route="users",le="0.25"} 1
                gateway_http_response_first_byte_seconds_bucket{route="users",le="1"} 3
                gateway_http_response_first_byte_seconds_bucket{route="users",le="+Inf"} 4
                gateway_http_response_first_byte_seconds_sum{route="users"} 4.25
                gateway_http_response_first_byte_seconds_count{route="users"} 4

                """
        )
    }

    @Test func `in OpenMetrics a counter's family has no suffix, and the page ends with EOF`() {
        let page = page([family(RouteMeters.sentBytes, [(["users"], 1234)])], .openMetrics)
        #expect(
            page == """
                # HELP gateway_http_sent_bytes Bytes of heads and bodies written to clients.
                # TYPE gateway_http_sent_bytes counter
                # UNIT gateway_http_sent_bytes bytes
                gateway_http_sent_bytes_total{route="users"} 1234
                # EOF

                """
        )
    }

    @Test func `a counter whose OpenMetrics name belongs to a gauge has no type`() {
        let families = [
            family(MetricDescription("gateway_x_jobs", .gauge(.sum), help: "Jobs."), [([], 2)]),
            family(MetricDescription("gateway_x_jobs_total", .counter, help: "Jobs."), [([], 9)]),
        ]
        #expect(page(families, .openMetrics).contains("# TYPE gateway_x_jobs_total unknown\n"))
        #expect(page(families).contains("# TYPE gateway_x_jobs_total counter\n"))
    }

    @Test(arguments: [
        (["gateway_http_sent_bytes_total"], ["gateway_http_sent_bytes_total"]),
        (
            ["gateway_upstream_queue_seconds"],
            ["_bucket", "_sum", "_count"].map { "gateway_upstream_queue_seconds" + $0 }
        ),
        (["gateway_upstream_queue_seconds_count"], ["gateway_upstream_queue_seconds_count"]),
        (
            ["gateway_upstream_queue_seconds_bucket", "gateway_http_sent_bytes_total"],
            ["gateway_upstream_queue_seconds_bucket", "gateway_http_sent_bytes_total"]
        ),
        (["gateway_http", "nonsense"], []),
    ])
    func `only the selected families and samples are written`(names: [String], expected: [String]) {
        var queue = MetricFamily(TargetMeters.queueTime, bounds: [1])
        queue.append(["api"], Histogram(HistogramBuckets(seconds: [1])))
        let families = [family(RouteMeters.sentBytes, [(["users"], 1234)]), queue]
        for format in [ExpositionFormat.text, .openMetrics] {
            var buffer = ByteBuffer()
            format.write(families, selection: MetricSelection(Set(names)), into: &buffer)
            let samples = String(buffer: buffer).split(separator: "\n").filter { !$0.hasPrefix("#") }
            #expect(Set(samples.map { String($0.prefix { $0 != "{" }) }) == Set(expected))
        }
    }

    @Test func `an OpenMetrics family name selects a counter, too`() {
        var buffer = ByteBuffer()
        let families = [family(RouteMeters.sentBytes, [(["users"], 1)])]
        ExpositionFormat.openMetrics.write(
            families,
            selection: MetricSelection(["gateway_http_sent_bytes"]),
            into: &buffer
        )
        #expect(String(buffer: buffer).contains("\ngateway_http_sent_bytes_total{"))
    }

    @Test func `characters that would end a label or a help line are escaped`() {
        let description = MetricDescription("x", .gauge(.sum), help: "a\\b\n\"c\"", labels: ["l"])
        let families = [family(description, [(["a\\\"\n"], 0)])]
        #expect(page(families) == "# HELP x a\\\\b\\n\"c\"\n# TYPE x gauge\nx{l=\"a\\\\\\\"\\n\"} 0\n")
        #expect(page(families, .openMetrics).hasPrefix("# HELP x a\\\\b\\n\\\"c\\\"\n"))
    }

    @Test(arguments: [(0.5, "0.5"), (3, "3"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN")])
    func `numbers are written in Prometheus syntax`(value: Double, expected: String) {
        #expect(
            page([family(RateLimitMiddleware.trackedKeys, [([], value)])]).hasSuffix(
                "gateway_rate_limit_keys \(expected)\n"
            )
        )
    }

    @Test(arguments: [
        (nil, ExpositionFormat.text), ("", .text), ("*/*", .text), ("text/html,*/*;q=0.8", .text),
        ("application/openmetrics-text", .openMetrics),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1", .openMetrics),
        ("application/openmetrics-text; version=\"1.0.0\", text/plain", .openMetrics),
        ("application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.5", .text),
        ("application/openmetrics-text;version=0.0.1", .text), ("application/openmetrics-text;q=0", .text),
        ("Application/OpenMetrics-Text;q=nan, ;;,=", .text), ("application/openmetrics-text;q=7", .text),
        ("application/openmetrics-text;q=0x1", .text), ("application/openmetrics-text;q=1e0", .text),
        ("application/openmetrics-text;q=+1", .text), ("application/openmetrics-text;q=0.0001", .text),
    ])
    func `Accept selects the format`(accept: String?, expected: ExpositionFormat) {
        #expect(ExpositionFormat.preferred(accept: accept) == expected)
    }

    private static let promtool = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/promtool" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(.enabled(if: promtool != nil)) func `promtool accepts every metric`() throws {
        let families = MetricCatalog.all.map { description -> MetricFamily in
            var family = MetricFamily(description, bounds: HistogramBuckets.standard.seconds)
            let labels = description.labels.map { _ in "a" }
            if description.kind == .histogram {
                family.append(labels, Histogram(.standard))
            } else {
                family.append(labels, 1)
            }
            return family
        }
        let input = Pipe()
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.promtool))
        process.arguments = ["check", "metrics"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(page(families).utf8))
        try input.fileHandleForWriting.close()
        let complaints = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(String(decoding: complaints, as: UTF8.self) == "")
        #expect(process.terminationStatus == 0)
    }
}
