import GatewayCore
import GatewayHTTP
import NIOCore

/// `/metrics`: all metrics in a format of Prometheus. `name[]` in the query selects some of them.
struct MetricsEndpoint: AdminEndpoint {
    let path = "/metrics"
    let queryParameters: Set<String> = ["name[]"]
    let summary = "Metrics for Prometheus."

    package func answer(_ call: AdminCall) async -> Response {
        let format = ExpositionFormat.preferred(accept: call.request.accept)
        let names = Set(call.query.values(of: "name[]"))
        var page = ByteBuffer()
        let epoch = Platform.unixMilliseconds() * 1_000_000 - Int64(NIODeadline.now().uptimeNanoseconds)
        PrometheusText(format: format, epoch: epoch, selection: names)
            .write(await call.status.registry.snapshot(), into: &page)
        var response = Response.admin(format.contentType, page)
        response.add(.vary, "Accept")
        return response
    }
}
