import NIOConcurrencyHelpers

/// What all sides have seen of one run, and what should not have been.
final class FaultyRun: Sendable {
    private struct State {
        /// How often the head of a request came upstream.
        var sent: [Int: Int] = [:]
        /// How often it came whole.
        var received: [Int: Int] = [:]
        /// Requests of which the upstream has begun the answer that it meant to give.
        var answered: Set<Int> = []
        var outcomes: [String: Int] = [:]
        var violations: [String] = []
        var holding = 0
    }

    let seed: UInt64
    private let state = NIOLockedValueBox(State())
    private let allHeld = Signal()
    private let places: Int

    /// - Parameter places: how many requests have to be upstream at once before ``hold()`` lets them go.
    init(seed: UInt64, places: Int) {
        self.seed = seed
        self.places = places
    }

    func exchange(_ number: Int) -> FaultyExchange { FaultyExchange(number: number, seed: self.seed) }

    var violations: [String] { self.state.withLockedValue(\.violations) }
    var outcomes: [String: Int] { self.state.withLockedValue(\.outcomes) }

    func violation(_ number: Int, _ text: String) {
        let exchange = self.exchange(number)
        let what = "seed \(self.seed), exchange \(number) (\(exchange.summary)): \(text)"
        self.state.withLockedValue { $0.violations.append(what) }
    }

    /// - Returns: which attempt it is, from 0.
    func sent(_ number: Int) -> Int {
        self.state.withLockedValue { state in
            state.sent[number, default: 0] += 1
            return state.sent[number, default: 1] - 1
        }
    }

    func received(_ number: Int) { self.state.withLockedValue { $0.received[number, default: 0] += 1 } }
    func answered(_ number: Int) { self.state.withLockedValue { _ = $0.answered.insert(number) } }
    func count(_ outcome: String) { self.state.withLockedValue { $0.outcomes[outcome, default: 0] += 1 } }

    func hasAnswered(_ number: Int) -> Bool { self.state.withLockedValue { $0.answered.contains(number) } }
    func sendings(_ number: Int) -> Int { self.state.withLockedValue { $0.sent[number] ?? 0 } }
    func receipts(_ number: Int) -> Int { self.state.withLockedValue { $0.received[number] ?? 0 } }

    func hold() async throws {
        let isLast = self.state.withLockedValue { state in
            state.holding += 1
            return state.holding == self.places
        }
        if isLast { self.allHeld.fire() }
        try await self.allHeld.wait()
    }
}
