package import NIOCore

/// A message to the service manager (systemd's `sd_notify(3)`).
package enum ServiceMessage: Hashable, Sendable {
    /// Everything listens, or a reload has ended.
    case ready
    /// A reload has begun.
    case reloading(at: NIODeadline)
    case stopping
    /// Another process is the gateway from now on.
    case mainProcess(CInt)
    /// The event loops respond.
    case watchdog

    package var text: String {
        switch self {
        case .ready: "READY=1"
        // The time tells the manager which reload this is, so both must be in one message.
        case .reloading(let time): "RELOADING=1\nMONOTONIC_USEC=\(time.uptimeNanoseconds / 1000)"
        case .stopping: "STOPPING=1"
        case .mainProcess(let process): "MAINPID=\(process)"
        case .watchdog: "WATCHDOG=1"
        }
    }
}

/// How often the service manager expects to hear that the gateway works.
package struct ServiceWatchdog: Hashable, Sendable {
    /// The longest time between two messages.
    package let limit: TimeAmount

    /// Half of the limit, as the protocol recommends, so that one late message does no harm.
    package var interval: TimeAmount { .nanoseconds(self.limit.nanoseconds / 2) }
    /// How long the event loops may take to respond. Longer, and the next message would be late.
    package var patience: TimeAmount { .nanoseconds(self.limit.nanoseconds / 4) }

    /// Nil if the manager expects nothing, or expects it of another process.
    package init?(_ environment: [String: String], process: CInt) {
        guard let limit = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), limit > 0,
            limit <= Int64.max / 1000
        else { return nil }
        if let other = environment["WATCHDOG_PID"], CInt(other) != process { return nil }
        self.limit = .microseconds(limit)
    }
}
