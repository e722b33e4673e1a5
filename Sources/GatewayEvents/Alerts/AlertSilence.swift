import GatewaySettings

/// Keeps the alerts of a rule from publishing events for a while.
package struct AlertSilence: Hashable, Sendable {
    package let until: AlertMoment
    package let comment: String

    package init(until: AlertMoment, comment: String) {
        self.until = until
        self.comment = comment
    }

    func isActive(at now: AlertMoment) -> Bool { now.clock < self.until.clock }
}
