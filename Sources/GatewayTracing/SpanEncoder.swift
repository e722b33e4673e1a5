import GatewayCore

/// Writes spans as OTLP's messages.
///
/// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
enum SpanEncoder {
    /// The longest value of an attribute, in bytes. Collectors refuse messages of more than 4 MiB.
    static let maxValue = 4096
    private static let error: UInt64 = 2
    /// Bits of the flags beyond those of W3C Trace Context.
    private static let knowsWhetherRemote: UInt32 = 0x100
    private static let isRemote: UInt32 = 0x200

    /// Writes spans as fields of `ScopeSpans`.
    static func encode(_ spans: [Span]) -> [UInt8] {
        var writer = ProtobufWriter()
        for span in spans { writer.message(2) { self.write(span, into: &$0) } }
        return writer.bytes
    }

    private static func write(_ span: Span, into writer: inout ProtobufWriter) {
        writer.id(1, span.context.traceID.high, span.context.traceID.low)
        writer.id(2, span.context.spanID)
        if !span.state.isEmpty { writer.string(3, span.state) }
        if span.parent != 0 { writer.id(4, span.parent) }
        writer.string(5, span.name)
        writer.varint(6, span.kind.rawValue)
        writer.fixed64(7, UInt64(clamping: span.start))
        writer.fixed64(8, UInt64(clamping: span.end))
        for attribute in span.attributes { self.write(attribute, 9, into: &writer) }
        for event in span.events {
            writer.message(11) { inner in
                inner.fixed64(1, UInt64(clamping: event.time))
                inner.string(2, event.name)
                for attribute in event.attributes { self.write(attribute, 3, into: &inner) }
            }
        }
        if let link = span.link {
            writer.message(13) { inner in
                inner.id(1, link.traceID.high, link.traceID.low)
                inner.id(2, link.spanID)
                inner.fixed32(6, UInt32(link.flags) | self.knowsWhetherRemote | self.isRemote)
            }
        }
        if span.isError { writer.message(15) { $0.varint(3, self.error) } }
        let remote = span.hasRemoteParent ? self.isRemote : 0
        writer.fixed32(16, UInt32(span.context.flags) | self.knowsWhetherRemote | remote)
    }

    /// Writes a `KeyValue`.
    static func write(_ attribute: Span.Attribute, _ field: Int, into writer: inout ProtobufWriter) {
        writer.message(field) { pair in
            pair.string(1, attribute.name)
            pair.message(2) { value in
                switch attribute.value {
                case .string(let text): value.string(1, self.capped(text))
                case .boolean(let flag): value.boolean(2, flag)
                case .integer(let number): value.integer(3, number)
                case .number(let number): value.double(4, number)
                }
            }
        }
    }

    private static func capped(_ text: String) -> String {
        if text.utf8.count <= self.maxValue { return text }
        // A character that is cut in two becomes U+FFFD.
        return String(decoding: text.utf8.prefix(self.maxValue), as: UTF8.self)
    }
}
