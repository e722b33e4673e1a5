import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

/// A state machine with a manual clock and no jitter.
struct NameSchedule {
    typealias Machine = NameResolver.StateMachine

    var machine: Machine
    private(set) var now = NIODeadline.uptimeNanoseconds(0)
    private var random = Still()

    init(_ change: (inout Machine.Settings) -> Void = { _ in }) {
        var settings = Machine.Settings()
        change(&settings)
        self.machine = Machine(settings)
    }

    /// Draws the lower bound of any range. With zero, the algorithm would reject and draw forever.
    private struct Still: RandomNumberGenerator {
        func next() -> UInt64 { 1 }
    }

    mutating func watch(_ id: UInt64, _ name: String, every seconds: Int64 = 30) -> Machine.Actions {
        self.machine.watch(id, name, every: .seconds(seconds), now: self.now)
    }

    mutating func unwatch(_ id: UInt64) -> Machine.Actions { self.machine.unwatch(id, now: self.now) }

    mutating func answer(_ lookup: UInt64, _ family: AddressFamily, _ answer: FamilyAnswer) -> Machine.Actions {
        self.machine.answered(lookup, family, answer, now: self.now, using: &self.random)
    }

    /// Answers for both families, and returns the last actions.
    mutating func answer(_ lookup: UInt64, _ ipv4: FamilyAnswer, ipv6: FamilyAnswer = .noAddress) -> Machine.Actions {
        _ = self.answer(lookup, .ipv6, ipv6)
        return self.answer(lookup, .ipv4, ipv4)
    }

    /// Advances the time, stopping at every deadline of the machine.
    mutating func pass(_ time: TimeAmount) -> Machine.Actions {
        let end = self.now + time
        var all = Machine.Actions()
        while true {
            self.now = min(end, max(self.now, self.machine.nextDeadline))
            let actions = self.machine.timeReached(self.now, using: &self.random)
            all.end += actions.end
            all.start += actions.start
            all.tell += actions.tell
            all.log += actions.log
            if self.now == end { return all }
        }
    }
}

extension FamilyAnswer {
    static let noAddress = FamilyAnswer.none(reason: "the name has no address")
    static let silence = FamilyAnswer.failed(reason: "no answer from the name server")

    static func found(_ texts: String..., seconds: Int64? = nil) -> FamilyAnswer {
        .addresses(texts.compactMap { IPAddress($0) }, lifetime: seconds.map { .seconds($0) })
    }
}

extension NameResolver.StateMachine.Actions {
    var started: [String] { self.start.map(\.name) }
    var told: [NameState] { self.tell.map(\.state) }
}

extension NameState {
    static func found(_ texts: String...) -> NameState { .addresses(texts.compactMap { IPAddress($0) }) }
}
