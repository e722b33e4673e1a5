import GatewayTLS
import NIOCore

/// A protocol that a client's connection can speak.
enum ClientProtocol: Hashable, Sendable {
    case http1
    case http2

    /// Creates the protocol that ALPN negotiated (RFC 7301). A client that did not negotiate one speaks HTTP/1.1.
    init(alpn token: String?) { self = token == "h2" ? .http2 : .http1 }

    /// Creates the handler that serves the connection. It belongs at the end of the pipeline, and may be added after the
    /// channel has become active.
    func makeHandler(for arrival: ClientArrival) -> any ChannelHandler & ClientConnection {
        switch self {
        case .http1: ConnectionHandler(arrival)
        case .http2: HTTP2Connection(arrival)
        }
    }
}

/// What is known about a connection before its first request.
struct ClientArrival {
    let worker: Worker
    let listener: ListenerPlan
    /// The address of the socket, or the one that a PROXY header reports.
    let peer: ClientAddress
    /// The PROXY header that the connection began with.
    var proxyHeader: ProxyHeader?
    /// False if there are too many connections. The client then only gets an error response.
    let isAdmitted: Bool
    /// What the handshake agreed on; nil if the connection is plain.
    var tls: TLSSession?
    var output = ConnectionOutput.Destination.socket

    /// Adds the first handlers of the connection. With TLS, the handshake selects the protocol.
    func begin(on channel: any Channel, transport: Transport = .plain) throws {
        guard let security = self.listener.security else {
            return try transport.install(in: channel) { output in
                var arrival = self
                arrival.output = output
                return ClientProtocol.http1.makeHandler(for: arrival)
            }
        }
        try channel.pipeline.syncOperations.addHandler(HandshakeHandler(security, self))
    }

    /// Returns the connection after its handshake.
    func secured(by session: TLSSession) -> ClientArrival {
        var arrival = self
        arrival.tls = session
        arrival.output = .channel
        return arrival
    }
}
