package import GatewayCore

/// What a gateway tells its successor in the environment. The successor's process ID is not known before it starts, so
/// `LISTEN_PID` cannot be used.
package struct HandoverInvitation: Hashable, Sendable {
    package static let variable = "GATEWAY_HANDOVER"

    /// The process that hands over.
    package let predecessor: CInt
    /// The passed sockets, in the order of their descriptors.
    package let origins: [PassedSocket.Origin]

    package var sockets: Range<CInt> { SocketActivation.first..<SocketActivation.first + CInt(self.origins.count) }
    /// The descriptor of the ``HandoverChannel``.
    package var channel: CInt { self.sockets.upperBound }

    package init(predecessor: CInt, origins: [PassedSocket.Origin]) {
        self.predecessor = predecessor
        self.origins = origins
    }

    // MARK: In the environment

    /// Nil if the text is not an invitation, or if it names an address that this version does not understand.
    package init?(_ text: String) {
        let lines = text.split(separator: "\n")
        guard let predecessor = lines.first.flatMap({ CInt($0) }) else { return nil }
        let origins = lines.dropFirst().compactMap { PassedSocket.Origin($0) }
        guard origins.count == lines.count - 1 else { return nil }
        self.init(predecessor: predecessor, origins: origins)
    }

    package var text: String { (["\(self.predecessor)"] + self.origins.map { "\($0)" }).joined(separator: "\n") }

    /// The successor's environment: the one of this process, except for what concerns only this process.
    package func environment(from own: [String: String]) -> [String: String] {
        var environment = own
        for name in SocketActivation.variables + ["WATCHDOG_PID"] { environment[name] = nil }
        environment["LISTEN_FDS"] = "\(self.origins.count)"
        environment[Self.variable] = self.text
        return environment
    }
}
