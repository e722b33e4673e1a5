package import NIOCore

/// A connection of a client, whatever protocol it speaks, as its worker and its listener see it.
package protocol ClientConnection: AnyObject {
    var listener: ListenerPlan { get }
    /// When the connection became idle. Nil if closing it now would lose a request or a response.
    var idleSince: NIODeadline? { get }

    /// Serves the requests that have begun or are on their way, and closes.
    func drain()
    func drainCancelled()
    /// Closes the connection. Requests that have no response yet get an error response.
    ///
    /// - Returns: Whether a request was cut off.
    func drainTimeIsUp() -> Bool
    /// Applies the listener's new limits.
    func limitsChanged(from old: ConnectionLimits)
    /// Closes an idle connection.
    func close()
}
