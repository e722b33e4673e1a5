import GatewayHTTP2
package import GatewaySettings
import NIOCore

/// `[server.http2]`, in the units that connections use.
package struct HTTP2Limits: Sendable, Equatable {
    let maxStreams: Int
    /// The window of each stream for request bodies.
    let window: Int
    let connectionWindow: Int
    let maxFrame: Int
    /// The silence after which the client is pinged. Nil for never.
    let keepalivePing: TimeAmount?

    package init(_ configuration: HTTP2Configuration = HTTP2Configuration()) {
        self.maxStreams = configuration.maxStreams
        self.window = configuration.window.bytes
        self.connectionWindow = configuration.connectionWindow.bytes
        self.maxFrame = configuration.maxFrame.bytes
        self.keepalivePing = configuration.keepalivePing.interval.map { TimeAmount($0) }
    }
}
