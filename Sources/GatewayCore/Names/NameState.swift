import GatewayHTTP
package import NIOCore

/// What a look-up found for one address family of a name.
enum FamilyAnswer: Sendable, Equatable {
    /// - Parameter lifetime: the shortest TTL on the way to the addresses; nil where nothing limits it, as for a name in the
    ///   hosts file.
    case addresses([IPAddress], lifetime: TimeAmount?)
    /// The name server is sure that there are none.
    case none(reason: String)
    /// Nothing is known: the name server did not answer, refused, or failed.
    case failed(reason: String)
}

/// What the users of a name are told, at first and whenever it changes.
enum NameState: Sendable, Equatable {
    /// In the order to try them; never empty.
    case addresses([IPAddress])
    /// No address is known. Look-ups continue.
    case failed(reason: String)
}

/// A name whose last look-up failed.
package struct FailingName: Sendable, Equatable {
    package let name: String
    package let reason: String
    package let since: NIODeadline
    /// How many addresses from before the failure remain in use.
    package let addresses: Int
}

/// The family of an address, and of the DNS record that holds it.
enum AddressFamily: Sendable, Hashable, CaseIterable {
    /// A records.
    case ipv4
    /// AAAA records.
    case ipv6
}
