import NIOConcurrencyHelpers

/// What all sides observed during a run, and the violations.
final class FaultyRun: Sendable {
    private struct State {
        /// How often the head of each request reached the upstream.
        var sent: [Int: Int] = [:]
        /// How often each request reached the upstream completely.
        var received: [Int: Int] = [:]
        /// Requests for which the upstream has begun the intended response.
        var answered: Set<Int> = []
        var outcomes: [String: Int] = [:]
        var violations: [String] = []
        var holding = 0
    }

    let seed: UInt64
    private let state = NIOLockedValueBox(State())
    private let allHeld = Signal()
    private let places: Int

    /// - Parameter places: How many requests must reach the upstream at once before ``hold()`` releases them.
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

    /// - Returns: The number of the attempt, from 0.
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
