import GatewayCore

/// The message that carries a batch of spans: `ExportTraceServiceRequest`. All spans have the same resource and scope.
struct ExportRequest {
    /// The conventions that names of attributes follow.
    static let schema = "https://opentelemetry.io/schemas/1.37.0"
    /// `Resource`, as a field of `ResourceSpans`.
    private let resource: [UInt8]
    /// `InstrumentationScope`, as a field of `ScopeSpans`.
    private let scope: [UInt8]

    init(resource attributes: [Span.Attribute]) {
        var resource = ProtobufWriter()
        resource.message(1) { inner in
            for attribute in attributes { SpanEncoder.write(attribute, 1, into: &inner) }
        }
        self.resource = resource.bytes
        var scope = ProtobufWriter()
        scope.message(1) { inner in
            inner.string(1, "gateway")
            inner.string(2, GatewayVersion.current)
        }
        self.scope = scope.bytes
    }

    /// - Parameter spans: Fields of `ScopeSpans`, as ``SpanEncoder`` writes them.
    func bytes(_ spans: [[UInt8]]) -> [UInt8] {
        var scoped = self.scope
        scoped.reserveCapacity(self.scope.count + spans.reduce(0) { $0 + $1.count } + 64)
        for span in spans { scoped += span }
        var schema = ProtobufWriter()
        schema.string(3, Self.schema)
        scoped += schema.bytes
        var resourceSpans = ProtobufWriter()
        resourceSpans.bytes(2, scoped)
        resourceSpans.string(3, Self.schema)
        var request = ProtobufWriter()
        request.bytes(1, self.resource + resourceSpans.bytes)
        return request.bytes
    }
}

/// What a collector answers: `ExportTraceServiceResponse`.
struct ExportResponse: Hashable {
    /// The number of spans that it did not take.
    private(set) var rejected = 0
    /// Why, or what it warns of.
    private(set) var message = ""

    /// Reads what can be read of an answer.
    init(_ bytes: [UInt8]) {
        var reader = ProtobufReader(bytes[...])
        while let field = reader.next() {
            guard field.number == 1, case .bytes(let partial) = field.value else { continue }
            var inner = ProtobufReader(partial)
            while let field = inner.next() {
                switch (field.number, field.value) {
                case (1, .number(let count)): self.rejected = Int(max(0, Int64(bitPattern: count)))
                case (2, .bytes(let text)): self.message = String(decoding: text.prefix(200), as: UTF8.self)
                default: break
                }
            }
        }
    }
}
