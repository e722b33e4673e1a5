import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

@Suite struct NameResolverFailureTests {
    private typealias Machine = NameResolver.StateMachine

    @Test func `a failed name is reported at once, and retried after 1, 2, 4, … 30 s`() {
        var names = NameSchedule()
        _ = names.watch(1, "a", every: 60)
        var lookup: UInt64 = 0
        for delay in [1, 2, 4, 8, 16, 30, 30] as [Int64] {
            let actions = names.answer(lookup, .silence, ipv6: .silence)
            #expect(actions.told == (lookup == 0 ? [.failed(reason: "no answer from the name server")] : []))
            #expect(names.pass(.seconds(delay) - .nanoseconds(1)).start.isEmpty)
            lookup += 1
            #expect(names.pass(.nanoseconds(1)).start == [.init(id: lookup, name: "a")])
        }
        #expect(names.answer(lookup, .found("10.0.0.1")).told == [.found("10.0.0.1")])
        // The next failure starts over.
        _ = names.pass(.seconds(60))
        _ = names.answer(lookup + 1, .silence, ipv6: .silence)
        #expect(names.pass(.seconds(1)).started == ["a"])
    }

    @Test func `the delay after failures is never longer than the interval`() {
        var names = NameSchedule()
        _ = names.watch(1, "a", every: 3)
        for lookup in 0..<4 as Range<UInt64> {
            _ = names.answer(lookup, .silence, ipv6: .silence)
            #expect(names.pass(.seconds(3)).started == ["a"])
        }
    }

    @Test func `a look-up without an answer ends after 5 s`() {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        #expect(names.pass(.seconds(5) - .nanoseconds(1)) == Machine.Actions())
        let actions = names.pass(.nanoseconds(1))
        #expect(actions.end == [0] && actions.told == [.failed(reason: "no answer in time")])
    }

    @Test
    func `if look-ups fail the last addresses stay in use, with one warning and one notice on recovery`() {
        var names = NameSchedule()
        _ = names.watch(1, "a", every: 10)
        _ = names.answer(0, .found("10.0.0.1"))
        var log: [Machine.Report] = []
        var told: [NameState] = []
        for lookup in 1..<20 as Range<UInt64> {
            _ = names.pass(.seconds(10))
            let actions = names.answer(lookup, .silence, ipv6: .silence)
            log += actions.log
            told += actions.told
        }
        let failing = FailingName(
            name: "a",
            reason: "no answer from the name server",
            since: .uptimeNanoseconds(10_000_000_000),
            addresses: 1
        )
        #expect(told.isEmpty && log == [.failing(failing)])
        #expect(names.machine.failing == [failing])
        #expect(names.watch(2, "a").told == [.found("10.0.0.1")])
        _ = names.pass(.seconds(10))
        #expect(names.answer(20, .found("10.0.0.1")).log == [.recovered(name: "a")])
        #expect(names.machine.failing.isEmpty)
    }

    @Test func `a failure of one address family is ignored if the other answers`() {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        #expect(names.answer(0, .found("10.0.0.1"), ipv6: .silence).told == [.found("10.0.0.1")])
        #expect(names.machine.failing.isEmpty)
    }

    @Test func `a name that no longer exists keeps its addresses for 30 s`() {
        var names = NameSchedule()
        _ = names.watch(1, "a", every: 10)
        _ = names.answer(0, .found("10.0.0.1"))
        _ = names.pass(.seconds(10))
        var lookup: UInt64 = 1
        var told: [NameState] = []
        let start = names.now
        while told.isEmpty, names.now < start + .seconds(100) {
            let actions = names.answer(lookup, .none(reason: "the name does not exist"))
            told = actions.told
            if told.isEmpty {
                lookup += UInt64(names.pass(.seconds(1)).start.count)
            } else {
                let gone = [IPAddress("10.0.0.1")].compactMap(\.self)
                #expect(actions.log == [.changed(name: "a", added: [], removed: gone)])
            }
        }
        #expect(told == [.failed(reason: "the name does not exist")])
        #expect(names.now - start >= .seconds(30) && names.now - start <= .seconds(41))
    }

    @Test func `a failure in between lets a missing name keep its addresses`() {
        var names = NameSchedule()
        _ = names.watch(1, "a", every: 20)
        _ = names.answer(0, .found("10.0.0.1"))
        _ = names.pass(.seconds(20))
        for lookup in 1..<12 as Range<UInt64> {
            let answer = lookup % 2 == 0 ? FamilyAnswer.silence : .noAddress
            #expect(names.answer(lookup, answer).tell.isEmpty)
            _ = names.pass(.seconds(20))
        }
    }

    // MARK: Limits

    @Test func `look-ups over the limit wait, and new names go before refreshes`() {
        var names = NameSchedule { $0.maxLookups = 2 }
        for id in 1...2 as ClosedRange<UInt64> { _ = names.watch(id, "old\(id)", every: 1) }
        for id in 0...1 as ClosedRange<UInt64> { _ = names.answer(id, .found("10.0.0.1")) }
        #expect(names.watch(3, "a").started == ["a"])
        #expect(names.watch(4, "b").started == ["b"])
        #expect(names.pass(.seconds(1)).start.isEmpty)
        #expect(names.watch(5, "c").start.isEmpty)
        #expect(names.answer(2, .found("10.0.0.1")).started == ["c"])
        #expect(names.answer(3, .found("10.0.0.1")).started.first?.hasPrefix("old") == true)
        #expect(names.machine.lookupsRunning == 2)
    }

    @Test func `a waiting look-up without a watch is skipped`() {
        var names = NameSchedule { $0.maxLookups = 1 }
        _ = names.watch(1, "a")
        _ = names.watch(2, "b")
        _ = names.watch(3, "c")
        #expect(names.unwatch(2) == Machine.Actions())
        #expect(names.unwatch(1) == Machine.Actions(end: [0], start: [.init(id: 1, name: "c")]))
    }

    @Test func `failing names leave half of the look-ups to others`() {
        var names = NameSchedule { $0.maxLookups = 4 }
        for id in 0..<4 as Range<UInt64> { _ = names.watch(id, "silent\(id)") }
        #expect(names.pass(.seconds(5)).end.count == 4)
        #expect(names.pass(.seconds(1)).start.count == 2)
        #expect(names.watch(10, "a").started == ["a"])
        #expect(names.watch(11, "b").started == ["b"])
    }

    @Test func `names over the limit fail, and others are unaffected`() {
        var names = NameSchedule { $0.maxNames = 2 }
        _ = names.watch(1, "a")
        _ = names.watch(2, "b")
        let actions = names.watch(3, "c")
        #expect(actions.tell == [.init(watches: [3], state: .failed(reason: "more than 2 names are looked up"))])
        #expect(names.watch(4, "a").start.isEmpty)
        _ = names.unwatch(3)
        _ = names.unwatch(2)
        #expect(names.watch(5, "c").started == ["c"])
    }

    @Test func `any order of events leaves nothing behind`() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var names = NameSchedule {
                $0.maxLookups = 3
                $0.maxNames = 5
            }
            var running: Set<UInt64> = []
            func note(_ actions: Machine.Actions, _ running: inout Set<UInt64>) {
                running.formUnion(actions.start.map(\.id))
                running.subtract(actions.end)
            }
            for _ in 0..<300 {
                let id = UInt64.random(in: 0..<8, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0:
                    note(names.unwatch(id), &running)
                    note(names.watch(id, "name\(id % 6)", every: .random(in: 1...20, using: &random)), &running)
                case 1: note(names.unwatch(id), &running)
                case 2, 3:
                    guard let lookup = running.sorted().randomElement(using: &random) else { continue }
                    let answers = [FamilyAnswer.silence, .noAddress, .found("10.0.0.\(id)", seconds: Int64(id))]
                    let family: AddressFamily = Bool.random(using: &random) ? .ipv4 : .ipv6
                    note(names.answer(lookup, family, answers[Int(id) % 3]), &running)
                default: note(names.pass(.milliseconds(.random(in: 0...4000, using: &random))), &running)
                }
                #expect(names.machine.lookupsRunning == running.count)
                #expect(running.count <= 3 && names.machine.count <= 5)
            }
            for id in 0..<8 as Range<UInt64> { note(names.unwatch(id), &running) }
            #expect(names.machine.count == 0 && names.machine.lookupsRunning == 0)
        }
    }
}
