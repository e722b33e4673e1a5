/// Why a command has no reply.
package enum RedisError: Error, Hashable, Sendable {
    /// The server is known to be away, so the command was not sent.
    case down(String)
    /// Too many commands wait, so the command was not sent.
    case full
    /// No reply came in time. The command may have been executed.
    case timeout
    /// The connection was lost. The command may have been executed.
    case lost(String)
    /// The server cannot serve the command now: it loads its data, or takes no writes.
    case refused(String)

    /// For the log.
    package var reason: String {
        switch self {
        case .down(let reason), .lost(let reason), .refused(let reason): reason
        case .full: "too many commands wait"
        case .timeout: "no reply in time"
        }
    }
}
