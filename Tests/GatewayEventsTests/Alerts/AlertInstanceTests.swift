import Testing

@testable import GatewayEvents

@Suite struct AlertInstanceTests {
    private static let second: Int64 = 1_000_000_000

    private static func moment(_ seconds: Int) -> AlertMoment {
        AlertMoment(clock: Int64(seconds) * self.second, wall: Int64(seconds) * 1000)
    }

    private static func timing(for holding: Int = 0, resolveAfter: Int = 0, cooldown: Int = 0) -> AlertTiming {
        AlertTiming(
            holding: Int64(holding) * self.second,
            resolving: Int64(resolveAfter) * self.second,
            cooldown: Int64(cooldown) * self.second
        )
    }

    /// An alert that is evaluated step by step.
    private struct Script {
        var instance = AlertInstance.unknown(at: AlertInstanceTests.moment(0))
        var timing: AlertTiming
        var notices: [String] = []
        var isSilenced = false
        var isWarm = true

        init(_ timing: AlertTiming) { self.timing = timing }

        mutating func at(_ seconds: Int, _ holds: Bool?) -> AlertInstance.State {
            let now = AlertInstanceTests.moment(seconds)
            _ = self.instance.evaluated(holds: holds, value: 1, isWarm: self.isWarm, timing: self.timing, at: now)
            let notice = self.instance.notice(isSilenced: self.isSilenced, timing: self.timing, at: now)
            if notice != .none { self.notices.append("\(notice)@\(seconds)") }
            return self.instance.state
        }
    }

    @Test func `a condition fires once it held for long enough`() {
        var script = Script(Self.timing(for: 60, resolveAfter: 120))
        #expect(script.at(0, false) == .ok)
        #expect(script.at(5, true) == .pending)
        #expect(script.instance.due(timing: script.timing) == 65 * Self.second)
        #expect(script.at(64, true) == .pending)
        #expect(script.at(65, true) == .firing)
        #expect(script.at(70, false) == .firing)
        #expect(script.instance.due(timing: script.timing) == 190 * Self.second)
        #expect(script.at(100, true) == .firing)
        #expect(script.at(110, false) == .firing)
        #expect(script.at(229, false) == .firing)
        #expect(script.at(230, false) == .resolved)
        #expect(script.at(231, nil) == .resolved)
        #expect(script.at(230 + 900, nil) == .noData)
        #expect(script.notices == ["firing@65", "resolved@230"])
    }

    @Test func `a condition that ends early does not fire`() {
        var script = Script(Self.timing(for: 60))
        #expect(script.at(0, true) == .pending)
        #expect(script.at(30, false) == .ok)
        #expect(script.at(40, true) == .pending)
        #expect(script.at(50, nil) == .noData)
        #expect(script.at(60, true) == .pending)
        #expect(script.at(119, true) == .pending)
        #expect(script.notices == [])
    }

    @Test func `no data ends an alert after resolve_after, and not in a cold start`() {
        var script = Script(Self.timing(resolveAfter: 60))
        #expect(script.at(0, true) == .firing)
        #expect(script.at(10, nil) == .firing)
        #expect(script.at(60, true) == .firing)
        #expect(script.at(70, nil) == .firing)
        #expect(script.at(130, nil) == .resolved)
        var cold = Script(Self.timing())
        #expect(cold.at(0, true) == .firing)
        cold.isWarm = false
        #expect(cold.at(10, nil) == .firing)
        cold.isWarm = true
        #expect(cold.at(20, nil) == .resolved)
    }

    @Test func `within the cooldown neither a firing nor its end is told`() {
        var script = Script(Self.timing(cooldown: 600))
        _ = script.at(0, true)
        _ = script.at(10, false)
        #expect(script.at(20, true) == .firing)
        #expect(script.at(30, false) == .resolved)
        #expect(script.notices == ["firing@0", "resolved@10"])
        // One that still fires afterwards is told.
        _ = script.at(600, true)
        #expect(script.notices.count == 2)
        _ = script.at(610, true)
        _ = script.at(620, false)
        #expect(script.notices == ["firing@0", "resolved@10", "firing@610", "resolved@620"])
    }

    @Test func `a silence tells nothing, and afterwards what is still so`() {
        var script = Script(Self.timing())
        script.isSilenced = true
        _ = script.at(0, true)
        _ = script.at(10, false)
        script.isSilenced = false
        _ = script.at(20, false)
        #expect(script.notices == [])
        script.isSilenced = true
        _ = script.at(30, true)
        script.isSilenced = false
        _ = script.at(40, true)
        #expect(script.notices == ["firing@40"])
        // The end of what was told is told late; a new firing is told as such.
        script.isSilenced = true
        _ = script.at(50, false)
        script.isSilenced = false
        _ = script.at(60, false)
        #expect(script.notices == ["firing@40", "resolved@60"])
        _ = script.at(70, true)
        script.isSilenced = true
        _ = script.at(80, false)
        _ = script.at(90, true)
        script.isSilenced = false
        _ = script.at(100, true)
        #expect(script.notices == ["firing@40", "resolved@60", "firing@70", "firing@100"])
    }

    @Test func `flapping is told once, until it is calm`() {
        var script = Script(Self.timing())
        for step in 0..<5 { #expect(script.at(step * 60, step % 2 == 0) == (step % 2 == 0 ? .firing : .resolved)) }
        #expect(script.at(300, false) == .flapping)
        for step in 6..<40 { #expect(script.at(step * 60, step % 2 == 0) == .flapping) }
        #expect(
            script.notices == ["firing@0", "resolved@60", "firing@120", "resolved@180", "firing@240", "firing@300"]
        )
        #expect(script.at(39 * 60 + 599, false) == .flapping)
        #expect(script.at(39 * 60 + 600, false) == .resolved)
        #expect(script.notices.last == "resolved@2940")
        #expect(script.at(3000, true) == .firing)
        #expect(script.notices.last == "firing@3000")
    }

    @Test func `slow changes are not flapping`() {
        var script = Script(Self.timing())
        for step in 0..<50 { #expect(script.at(step * 121, step % 2 == 0) != .flapping) }
        #expect(script.notices.count == 50)
    }

    /// The states by definition, from the whole past, instead of by transitions.
    @Test(arguments: 0..<60)
    func `random conditions go through the states of a plain model`(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let timing = Self.timing(
            for: [0, 0, 30, 60].randomElement(using: &random) ?? 0,
            resolveAfter: [0, 0, 20, 120].randomElement(using: &random) ?? 0,
            cooldown: [0, 0, 100, 600].randomElement(using: &random) ?? 0
        )
        var script = Script(timing)
        var model = PlainAlert(timing)
        var now = 0
        var holds: Bool? = false
        let persistence = Int.random(in: 1...12, using: &random)
        for _ in 0..<400 {
            now += Int.random(in: 1...30, using: &random)
            if Int.random(in: 0..<persistence, using: &random) == 0 {
                holds = [true, true, false, false, nil].randomElement(using: &random) ?? nil
            }
            if Int.random(in: 0..<40, using: &random) == 0 { script.isSilenced.toggle() }
            let state = script.at(now, holds)
            model.at(now, holds, isSilenced: script.isSilenced)
            #expect(state.rawValue == model.state)
            #expect(script.notices == model.notices)
        }
        // Nobody is told twice of one firing, or of an end without a firing.
        for (first, second) in zip(script.notices, script.notices.dropFirst()) {
            #expect(!(first.hasPrefix("resolved") && second.hasPrefix("resolved")))
        }
    }
}

/// Decides each time from all evaluations so far.
private struct PlainAlert {
    let timing: AlertTiming
    var past: [(time: Int, holds: Bool?)] = []
    var flips: [(time: Int, on: Bool)] = []
    var flapping: (from: Int, number: Int)?
    var shownSince = 0
    var state = "no_data"
    var notices: [String] = []
    private var number = 0
    private var toldNumber = 0
    private var receiversThinkOn = false
    private var lastNotice = Int.min / 2

    init(_ timing: AlertTiming) { self.timing = timing }

    private func span(_ nanoseconds: Int64) -> Int { Int(nanoseconds / 1_000_000_000) }

    /// How long the condition has been so, by the evaluations up to now.
    private func lasting(_ isSo: (Bool?) -> Bool, since start: Int) -> Int? {
        guard let last = self.past.last, isSo(last.holds) else { return nil }
        var first = last.time
        for entry in self.past.reversed() {
            guard isSo(entry.holds), entry.time >= start else { break }
            first = entry.time
        }
        return last.time - first
    }

    mutating func at(_ now: Int, _ holds: Bool?, isSilenced: Bool) {
        self.past.append((now, holds))
        let isOn = self.flips.last?.on ?? false
        let start = self.flips.last?.time ?? 0
        if !isOn, let held = self.lasting({ $0 == true }, since: start), held >= self.span(self.timing.holding) {
            self.flip(true, at: now)
        } else if isOn, let over = self.lasting({ $0 != true }, since: start + 1),
            over >= self.span(self.timing.resolving)
        {
            self.flip(false, at: now)
        }
        if self.flapping != nil, let last = self.flips.last, now - last.time >= 600 {
            self.flapping = nil
            self.calmSince = now
        }
        let shown = self.shown(at: now, holds)
        if shown != self.state {
            self.state = shown
            self.shownSince = now
        }
        self.tell(at: now, isSilenced: isSilenced)
    }

    private var calmSince = Int.min

    private mutating func flip(_ on: Bool, at now: Int) {
        self.flips.append((now, on))
        if self.flapping != nil { return }
        if on { self.number += 1 }
        let lately = self.flips.filter { $0.time >= self.calmSince && now - $0.time <= 600 }
        if lately.count > 5 {
            self.number += 1
            self.flapping = (now, self.number)
        }
    }

    private func shown(at now: Int, _ holds: Bool?) -> String {
        if self.flapping != nil { return "flapping" }
        if self.flips.last?.on == true { return "firing" }
        if holds == true { return "pending" }
        let wasOver = self.state == "resolved" || self.state == "firing" || self.state == "flapping"
        if wasOver, self.state != "resolved" || now - self.shownSince < 900 { return "resolved" }
        return holds == nil ? "no_data" : "ok"
    }

    private mutating func tell(at now: Int, isSilenced: Bool) {
        if isSilenced { return }
        if self.state == "firing" || self.state == "flapping" {
            let isKnown = self.receiversThinkOn && self.toldNumber == self.number
            if isKnown || now - self.lastNotice < self.span(self.timing.cooldown) { return }
            (self.receiversThinkOn, self.toldNumber, self.lastNotice) = (true, self.number, now)
            self.notices.append("firing@\(now)")
        } else if self.receiversThinkOn {
            (self.receiversThinkOn, self.lastNotice) = (false, now)
            self.notices.append("resolved@\(now)")
        }
    }
}
