package import NIOCore

/// The layers between the handler of a connection and its socket.
package enum Transport: Sendable {
    /// No layers: the peer receives the handler's bytes unchanged.
    case plain
    /// Handlers that transform the bytes of both directions, such as TLS, ordered from the socket to the connection.
    case layered(@Sendable () throws -> [any ChannelHandler])

    /// Builds the pipeline of a new channel. The layers determine the output's destination, so no byte can bypass
    /// them.
    func install(
        in channel: any Channel,
        _ makeHandler: (ConnectionOutput.Destination) -> any ChannelHandler
    ) throws {
        let operations = channel.pipeline.syncOperations
        switch self {
        case .plain:
            try operations.addHandler(makeHandler(.socket))
        case .layered(let makeLayers):
            try operations.addHandlers(makeLayers() + [makeHandler(.channel)])
        }
    }
}
