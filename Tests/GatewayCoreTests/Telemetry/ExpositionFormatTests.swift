import Testing

@testable import GatewayCore

struct ExpositionFormatTests {
    /// An `Accept` field, and the format that it chooses. `PROTOBUF` is the full type.
    private struct Case: Sendable, CustomTestStringConvertible {
        let accept: String
        let format: ExpositionFormat

        init(_ accept: String, _ format: ExpositionFormat) {
            let type = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            self.accept = accept.split(separator: "PROTOBUF", omittingEmptySubsequences: false).joined(separator: type)
            self.format = format
        }

        var testDescription: String { self.accept }
    }

    private static let cases: [Case] = [
        Case("PROTOBUF", .protobuf),
        // What Prometheus 2.42 sends, with native histograms and without.
        Case(
            """
            PROTOBUF,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,\
            text/plain;version=0.0.4;q=0.5,*/*;q=0.1
            """,
            .protobuf
        ),
        Case(
            """
            application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
            text/plain;version=0.0.4;q=0.5,*/*;q=0.1
            """,
            .openMetrics
        ),
        Case("PROTOBUF;q=0.5, text/plain;version=0.0.4;q=0.9", .text),
        Case("PROTOBUF;q=0.5, application/openmetrics-text;q=0.6", .openMetrics),
        Case("PROTOBUF;q=0.5, application/openmetrics-text;q=0.5, text/plain;q=0.5", .protobuf),
        Case("PROTOBUF;q=0", .text),
        Case("PROTOBUF;q=0, text/plain;q=0.1", .text),
        Case("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=text", .text),
        Case("application/vnd.google.protobuf; proto=other.Message; encoding=delimited", .text),
        Case("application/vnd.google.protobuf", .protobuf),
        Case("application/json", .text),
    ]

    @Test(arguments: cases) private func `the highest weight chooses`(test: Case) {
        #expect(ExpositionFormat.preferred(accept: test.accept) == test.format)
    }

    @Test func `without Accept the page is text`() { #expect(ExpositionFormat.preferred(accept: nil) == .text) }
}
