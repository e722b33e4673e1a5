import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP

@Suite struct NameResolverStateMachineTests {
    private typealias Machine = NameResolver.StateMachine

    // MARK: Shared look-ups

    @Test func `a name is looked up once for all its watches, and all are notified`() {
        var names = NameSchedule()
        #expect(names.watch(1, "api.internal").start == [.init(id: 0, name: "api.internal")])
        #expect(names.watch(2, "API.internal") == Machine.Actions())
        let actions = names.answer(0, .found("10.0.0.2", "10.0.0.1"))
        #expect(actions.tell == [.init(watches: [1, 2], state: .found("10.0.0.1", "10.0.0.2"))])
        #expect(actions.end == [0])
        #expect(names.watch(3, "api.internal").tell == [.init(watches: [3], state: .found("10.0.0.1", "10.0.0.2"))])
    }

    @Test func `a final dot makes another name, since search domains do not apply to it`() {
        var names = NameSchedule()
        #expect(names.watch(1, "api").started == ["api"])
        #expect(names.watch(2, "api.").started == ["api."])
    }

    @Test func `a look-up without a watch is dropped, and its answer ignored`() {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        _ = names.watch(2, "a")
        #expect(names.unwatch(1).end.isEmpty)
        #expect(names.unwatch(2).end == [0])
        #expect(names.unwatch(2) == Machine.Actions())
        #expect(names.answer(0, .found("10.0.0.1")) == Machine.Actions())
        #expect(names.machine.count == 0 && names.machine.lookupsRunning == 0)
        #expect(names.pass(.hours(1)) == Machine.Actions())
    }

    @Test func `a cancelled watch gets no further notifications`() {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        _ = names.watch(2, "a")
        _ = names.unwatch(1)
        #expect(names.answer(0, .found("10.0.0.1")).tell == [.init(watches: [2], state: .found("10.0.0.1"))])
    }

    // MARK: Refresh

    /// The seconds until the next look-up.
    @Test(
        arguments: [
            (30, nil, 30), (30, 300, 30), (30, 5, 5), (30, 1, 1), (30, 0, 1), (1, 60, 1), (3600, nil, 3600),
        ] as [(Int64, Int64?, Int64)]
    )
    func `a name is looked up again after its interval or TTL, whichever is shorter`(
        _ interval: Int64,
        _ lifetime: Int64?,
        _ expected: Int64
    ) {
        var names = NameSchedule()
        _ = names.watch(1, "a", every: interval)
        _ = names.answer(0, .found("10.0.0.1", seconds: lifetime), ipv6: .found("::1", seconds: 7200))
        #expect(names.pass(.seconds(expected) - .nanoseconds(1)).start.isEmpty)
        #expect(names.pass(.nanoseconds(1)).started == ["a"])
    }

    @Test func `the shortest interval of all watches applies`() {
        var names = NameSchedule()
        _ = names.watch(1, "a", every: 60)
        _ = names.answer(0, .found("10.0.0.1"))
        _ = names.watch(2, "a", every: 10)
        #expect(names.pass(.seconds(10)).started == ["a"])
        _ = names.answer(1, .found("10.0.0.1"))
        _ = names.unwatch(2)
        _ = names.pass(.seconds(10))
        _ = names.answer(2, .found("10.0.0.1"))
        #expect(names.pass(.seconds(59)).start.isEmpty)
        #expect(names.pass(.seconds(1)).started == ["a"])
    }

    @Test func `look-ups of names with the same interval are spread`() {
        var machine = Machine()
        var random = SystemRandomNumberGenerator()
        let start = NIODeadline.uptimeNanoseconds(0)
        for id in 0..<40 {
            _ = machine.watch(UInt64(id), "name\(id)", every: .seconds(30), now: start)
            _ = machine.answered(UInt64(id), .ipv4, .found("10.0.0.1"), now: start, using: &random)
            _ = machine.answered(UInt64(id), .ipv6, .noAddress, now: start, using: &random)
        }
        #expect(machine.timeReached(start + .seconds(1), using: &random).start.isEmpty)
        #expect(machine.nextDeadline >= start + .seconds(27))
        let early = machine.timeReached(start + .milliseconds(28_500), using: &random)
        #expect((1..<40).contains(early.start.count))
        #expect(machine.timeReached(start + .seconds(30), using: &random).start.count == 40 - early.start.count)
    }

    @Test func `watches are notified only of changes, and a change is logged`() {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        _ = names.answer(0, .found("10.0.0.1", "10.0.0.2"))
        _ = names.pass(.seconds(30))
        let same = names.answer(1, .found("10.0.0.2", "10.0.0.1"))
        #expect(same.tell.isEmpty && same.log.isEmpty)
        _ = names.pass(.seconds(30))
        let other = names.answer(2, .found("10.0.0.3", "10.0.0.2"))
        #expect(other.told == [.found("10.0.0.2", "10.0.0.3")])
        let (added, removed) = ([IPAddress("10.0.0.3")].compactMap(\.self), [IPAddress("10.0.0.1")].compactMap(\.self))
        #expect(other.log == [.changed(name: "a", added: added, removed: removed)])
    }

    // MARK: Address families

    @Test func `the addresses of both families alternate`() {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        let actions = names.answer(0, .found("10.0.0.1", "10.0.0.2"), ipv6: .found("::2"))
        #expect(actions.told == [.found("::2", "10.0.0.1", "10.0.0.2")])
    }

    @Test(arguments: AddressFamily.allCases)
    func `a family without an answer delays the other by 50 ms`(_ family: AddressFamily) {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        let address = family == .ipv4 ? "10.0.0.1" : "2001:db8::1"
        #expect(names.answer(0, family, .found(address)) == Machine.Actions())
        #expect(names.pass(.milliseconds(49)) == Machine.Actions())
        #expect(names.pass(.milliseconds(1)).told == [.found(address)])
        // The other answer may still arrive, or not.
        let late = names.pass(.seconds(5))
        #expect(late.end == [0] && late.tell.isEmpty)
        #expect(names.machine.failing.isEmpty)
    }

    @Test func `the addresses of a late family are added`() {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        _ = names.answer(0, .ipv4, .found("10.0.0.1"))
        _ = names.pass(.seconds(1))
        #expect(names.answer(0, .ipv6, .found("::2")).told == [.found("::2", "10.0.0.1")])
    }

    @Test func `a failed family keeps its addresses, an empty one does not`() {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        _ = names.answer(0, .found("10.0.0.1"), ipv6: .found("::2"))
        _ = names.pass(.seconds(30))
        #expect(names.answer(1, .found("10.0.0.1"), ipv6: .silence).tell.isEmpty)
        _ = names.pass(.seconds(30))
        #expect(names.answer(2, .found("10.0.0.1"), ipv6: .noAddress).told == [.found("10.0.0.1")])
    }

    @Test func `a second answer for the same family is ignored`() {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        _ = names.answer(0, .ipv4, .found("10.0.0.1"))
        #expect(names.answer(0, .ipv4, .found("10.0.0.9")) == Machine.Actions())
        #expect(names.answer(0, .ipv6, .noAddress).told == [.found("10.0.0.1")])
    }

    @Test(arguments: [FamilyAnswer.found("0.0.0.0"), .found()])
    func `an answer without a usable address is a failure`(_ answer: FamilyAnswer) {
        var names = NameSchedule()
        _ = names.watch(1, "a")
        guard case .failed = names.answer(0, answer).told.first else {
            Issue.record("the answer was used")
            return
        }
    }

    @Test func `of too many addresses always the same ones are used`() {
        var names = NameSchedule { $0.maxAddresses = 3 }
        _ = names.watch(1, "a")
        let first = names.answer(0, .found("10.0.0.4", "10.0.0.3", "10.0.0.2", "10.0.0.1"))
        #expect(first.told == [.found("10.0.0.1", "10.0.0.2", "10.0.0.3")])
        _ = names.pass(.seconds(30))
        #expect(names.answer(1, .found("10.0.0.1", "10.0.0.4", "10.0.0.2", "10.0.0.3")).tell.isEmpty)
    }
}
