import GatewayHTTP
import GatewayHTTP1

/// Detects responses that must be delivered as they arrive.
extension ResponseHead {
    private static let accelBuffering = HeaderName("X-Accel-Buffering")

    /// Whether middlewares must not wait for the whole body: the response is an event stream, or the upstream disables
    /// buffering with `X-Accel-Buffering: no`.
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

/// The media type of event streams, which must be delivered as they arrive.
package enum EventStreamType {
    private static let name: StaticString = "text/event-stream"

    /// Returns whether a value of `Content-Type` denotes an event stream.
    package static func matches(_ contentType: UnsafeRawBufferPointer) -> Bool {
        let name = UnsafeRawBufferPointer(start: self.name.utf8Start, count: self.name.utf8CodeUnitCount)
        guard contentType.count >= name.count else { return false }
        return ByteClass.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: contentType[..<name.count]), name)
    }
}
