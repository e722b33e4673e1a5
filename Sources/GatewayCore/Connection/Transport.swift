package import NIOCore

/// What lies between the handler of a connection and its socket.
package enum Transport: Sendable {
    /// Nothing: the handler's bytes are what the peer receives.
    case plain
    /// Handlers that transform the bytes of both directions, such as TLS, ordered from the socket to the connection.
    case layered(@Sendable () throws -> [any ChannelHandler])

    /// Builds the pipeline of a new channel. The output of the handler follows from the layers in front of it, so no byte can
    /// bypass them.
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
