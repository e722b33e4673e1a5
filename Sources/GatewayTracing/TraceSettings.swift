import GatewayCore
import GatewayHTTP
import GatewaySettings
import NIOCore

/// How spans are exported, from the settings and the environment.
struct TraceSettings: Sendable {
    /// Where spans are posted.
    let url: ServiceURL
    let interval: TimeAmount
    let queue: Int
    private let fields: [(name: String, value: String)]
    private let envelope: ExportRequest

    /// Nil if no spans are sent.
    init?(_ tracing: TracingConfiguration, gateway: String) {
        guard tracing.isOn else { return nil }
        let text = tracing.environment.endpoint ?? Self.endpoint(below: tracing.otlp)
        guard let url = ServiceURL(text) else { return nil }
        self.url = url
        self.interval = TimeAmount(tracing.interval)
        self.queue = tracing.queue
        self.fields = tracing.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        self.envelope = ExportRequest(resource: TraceResource.attributes(tracing, gateway: gateway))
    }

    private static func endpoint(below base: String) -> String {
        base + (base.hasSuffix("/") ? "v1/traces" : "/v1/traces")
    }

    /// The request that posts a batch.
    func request(_ batch: TraceQueue.Batch) -> OutboundRequest {
        var request = OutboundRequest(.post, path: self.url.path, timeout: .seconds(10), maxBody: 64 * 1024)
        request.whenTooLarge = .truncate
        let bytes = ByteBuffer(bytes: self.envelope.bytes(batch.items))
        // Spans repeat much, so the fastest level is enough.
        let compressed = Gzip.compress(bytes, level: 1)
        request.body = compressed ?? bytes
        request.fields = PreparedFields { fields in
            fields.add(HeaderName(.contentType), "application/x-protobuf")
            if compressed != nil { fields.add(HeaderName(.contentEncoding), "gzip") }
            fields.add(HeaderName(.userAgent), "gateway/\(GatewayVersion.current)".utf8)
            for (name, value) in self.fields { fields.add(HeaderName(name), Array(value.utf8)) }
        }
        return request
    }
}
