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
        return self.response.headers.withBytes(type, CompressibleTypes.isEventStream)
    }
}
