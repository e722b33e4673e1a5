import GatewayHTTP
package import NIOCore

/// The result of a lookup for one address family of a name.
enum FamilyAnswer: Sendable, Equatable {
    /// The addresses of the name.
    ///
    /// - Parameter lifetime: The shortest TTL of the records involved, or nil if there is no limit, as for a name in
    ///   the hosts file.
    case addresses([IPAddress], lifetime: TimeAmount?)
    /// The name server reports that there are none.
    case none(reason: String)
    /// The result is unknown, because the name server did not answer, refused the query or failed.
    case failed(reason: String)
}

/// The state of a name, which is reported to its watches initially and on each change.
enum NameState: Sendable, Equatable {
    /// The addresses in the order in which to try them. Never empty.
    case addresses([IPAddress])
    /// No address is known. Lookups continue.
    case failed(reason: String)

    /// The state with the addresses that may be connected to.
    func restricted(to policy: AddressPolicy) -> NameState {
        guard case .addresses(let addresses) = self else { return self }
        let allowed = addresses.filter(policy.allows)
        return allowed.isEmpty ? .failed(reason: "its addresses are not public") : .addresses(allowed)
    }
}

/// A name whose last lookup failed.
package struct FailingName: Sendable, Equatable {
    package let name: String
    package let reason: String
    package let since: NIODeadline
    /// The number of earlier addresses that remain in use.
    package let addresses: Int
}

/// The family of an address, and of the DNS record that holds it.
enum AddressFamily: Sendable, Hashable, CaseIterable {
    /// A records.
    case ipv4
    /// AAAA records.
    case ipv6
}
