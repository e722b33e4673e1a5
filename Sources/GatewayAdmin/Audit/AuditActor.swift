import GatewayHTTP

/// Who acts.
package struct AuditActor: Hashable, Sendable {
    /// `admin` with the token; `local` on the gateway's machine, where none is configured; `anonymous` without access;
    /// otherwise what made the gateway act.
    package let name: String
    /// The address of the connection's peer; nil if there is no connection, or it has no address.
    var address: String?
    var requestID: String?

    /// The name of clients without access.
    static let anonymous = "anonymous"

    /// HUP or USR1.
    package static let signal = Self(name: "signal")
    /// `--watch`, which found that the file has changed.
    package static let watch = Self(name: "watch")
    /// The program that embeds the gateway.
    package static let program = Self(name: "program")
}
