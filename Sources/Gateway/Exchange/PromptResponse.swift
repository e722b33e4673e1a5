import GatewayHTTP
import GatewayHTTP1

/// Responses that a client is to see piece by piece, as they come.
extension Exchange {
    private static let accelBuffering = HeaderName("X-Accel-Buffering")

    /// Nobody may wait for the whole body: an event stream, or one whose upstream says that it is not to be buffered.
    var isPrompt: Bool {
        if self.response.headers.present.contains(.unknown),
            let buffering = self.response.headers.first(Self.accelBuffering)
        {
            if self.response.headers.equals(buffering, "no") { return true }
        }
        return self.isEventStream
    }

    /// The response is `text/event-stream`.
    var isEventStream: Bool {
        guard let type = self.response.headers.first(.contentType) else { return false }
        return self.response.headers.withBytes(type, EventStreamType.matches)
    }
}

/// The media type of event streams, whose pieces a client must see as they come.
enum EventStreamType {
    private static let name: StaticString = "text/event-stream"

    /// Whether a value of `Content-Type` names it.
    static func matches(_ contentType: UnsafeRawBufferPointer) -> Bool {
        let name = UnsafeRawBufferPointer(start: self.name.utf8Start, count: self.name.utf8CodeUnitCount)
        guard contentType.count >= name.count else { return false }
        return ByteClass.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: contentType[..<name.count]), name)
    }
}
