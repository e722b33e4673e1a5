/// Decides at the end of each exchange of one event loop whether it is kept, and copies it.
package final class RequestKeeper {
    private let shelf: KeptRequests.Shelf
    private var pace = KeepingPace()

    init(_ requests: KeptRequests) { self.shelf = requests.makeShelf() }

    /// Keeps an exchange that has ended, if it is one of those that are kept.
    func keep(_ exchange: Exchange, _ outcome: Outcome) {
        guard let reason = exchange.reasonToKeep(outcome) else { return }
        guard self.pace.admits(reason, at: exchange.now) else { return self.shelf.omit() }
        let redaction = ReportRedaction(names: exchange.worker.settings.secretParameters, addresses: [])
        self.shelf.add(KeptRequest(reason, of: exchange, outcome, redaction: redaction))
    }
}

@available(*, unavailable)
extension RequestKeeper: Sendable {}
