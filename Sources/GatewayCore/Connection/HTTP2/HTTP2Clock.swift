import NIOCore

/// The times that the deadlines of an HTTP/2 connection are counted from.
struct HTTP2Clock {
    var openedAt = NIODeadline.uptimeNanoseconds(0)
    /// When the client last sent anything.
    var receivedAt = NIODeadline.uptimeNanoseconds(0)
    /// When data was last sent.
    var sentAt = NIODeadline.uptimeNanoseconds(0)
    /// Since when there is no stream. Nil while there is one.
    var idleSince: NIODeadline?
    /// When the first part of an incomplete field block arrived.
    var blockSince: NIODeadline?
    /// When the ping that has no answer yet was sent.
    var pingSentAt: NIODeadline?
    /// When the last streams are refused, or the connection closes.
    var drainDeadline = NIODeadline.distantFuture
    /// The next time to look for streams that wait too long.
    var streamDeadline = NIODeadline.distantFuture
    private var armedUntil = NIODeadline.distantFuture

    /// Returns the deadline to set in the wheel, or nil if the wheel already checks this connection earlier.
    mutating func arm(_ next: NIODeadline) -> NIODeadline? {
        guard next < self.armedUntil else { return nil }
        self.armedUntil = next
        return next
    }

    mutating func disarm() { self.armedUntil = .distantFuture }
}
