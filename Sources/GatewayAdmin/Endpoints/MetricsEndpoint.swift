import GatewayCore
import GatewayHTTP
import NIOCore

/// `/metrics`: all metrics in a format of Prometheus. `name[]` in the query selects some of them.
///
/// Event loops only copy their values. The page is written and compressed in the task of the request.
struct MetricsEndpoint: AdminEndpoint {
    let path = "/metrics"
    let summary = "Metrics for Prometheus."
    let operation = APIOperation(
        "getMetrics",
        .metrics,
        query: [
            APIParameter(
                "name[]",
                .list(of: .text("", "process_open_fds"), "Names of metrics or samples; without it all of them.")
            )
        ],
        answers: [
            APIAnswer(
                200,
                ["text/plain", "application/openmetrics-text", "application/vnd.google.protobuf"],
                .text("The metrics, in the format that `Accept` prefers.", "process_open_fds 42\n")
            )
        ]
    )

    /// Smaller pages are not compressed, in bytes.
    private static let compressedSize = 1024

    package func answer(_ call: AdminCall) async -> Response {
        let format = ExpositionFormat.preferred(accept: call.request.accept)
        let selection = MetricSelection(Set(call.query.values(of: "name[]")))
        let epoch = Platform.unixMilliseconds() * 1_000_000 - Int64(NIODeadline.now().uptimeNanoseconds)
        let families = await call.status.registry.snapshot(natively: format.isNative) { selection.mayInclude($0) }
        var page = ByteBuffer()
        format.write(families, epoch: epoch, selection: selection, into: &page)
        var isCompressed = false
        if call.request.acceptsGzip, page.readableBytes >= Self.compressedSize {
            // The fastest level: it takes a third of the time of the default, for pages that are read once.
            if let compressed = Gzip.compress(page, level: 1) { (page, isCompressed) = (compressed, true) }
        }
        var response = Response.admin(format.contentType, page)
        if isCompressed { response.add(.contentEncoding, "gzip") }
        response.add(.vary, "Accept, Accept-Encoding")
        return response
    }
}
