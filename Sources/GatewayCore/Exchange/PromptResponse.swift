import GatewayHTTP
import GatewayHTTP1

/// Responses whose pieces a client must see as they come.
extension ResponseHead {
    private static let accelBuffering = HeaderName("X-Accel-Buffering")

    /// Whether no middleware may wait for the whole body: an event stream, or a response that the upstream does not want buffered.
    package var isPrompt: Bool {
        if self.headers.present.contains(.unknown),
            let buffering = self.headers.first(Self.accelBuffering)
        {
            if self.headers.equals(buffering, "no") { return true }
        }
        return self.isEventStream
    }

    /// Whether the response is `text/event-stream`.
    package var isEventStream: Bool {
        guard let type = self.headers.first(.contentType) else { return false }
        return self.headers.withBytes(type, EventStreamType.matches)
    }
}

/// The media type of event streams, whose pieces a client must see as they come.
package enum EventStreamType {
    private static let name: StaticString = "text/event-stream"

    /// Whether a value of `Content-Type` names it.
    package static func matches(_ contentType: UnsafeRawBufferPointer) -> Bool {
        let name = UnsafeRawBufferPointer(start: self.name.utf8Start, count: self.name.utf8CodeUnitCount)
        guard contentType.count >= name.count else { return false }
        return ByteClass.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: contentType[..<name.count]), name)
    }
}
