package import GatewaySettings
package import NIOCore

/// Figures of a moment, for those who subscribe to `metrics.…`. A sample is no event: it has no ID and is not replayed.
package struct EventSample: Sendable {
    package let kind: SampleKind
    /// Milliseconds since 1970.
    package let time: Int64
    package let data: JSONValue
    /// The data as JSON on one line, without a line end.
    package let json: ByteBuffer

    package var topic: String { self.kind.topic }

    package init(_ kind: SampleKind, time: Int64, _ data: JSONValue) {
        self.kind = kind
        self.time = time
        self.data = data
        self.json = ByteBuffer(string: JSONText.text(data))
    }
}
