import GatewayHTTP
import NIOCore
import Testing

@testable import GatewayCache

struct CacheFetchStateMachineTests {
    private struct Failure: Error {}

    private static func head(_ status: Int = 200) -> FetchedHead {
        FetchedHead(status: status, fields: PreparedFields(), framing: .chunked, lifetime: nil)
    }

    private static func holds(_ condition: Bool, at location: SourceLocation = #_sourceLocation) {
        #expect(condition, sourceLocation: location)
    }

    /// What a reader does next, as a word.
    private static func next(_ reader: Int, _ machine: inout CacheFetch.StateMachine) -> String {
        switch machine.next(reader) {
        case .wait: "wait"
        case .head(let head): "head \(head.status)"
        case .chunk(let chunk): String(buffer: chunk)
        case .end: "end"
        case .stored: "stored"
        case .leave: "leave"
        case .fail: "fail"
        case .cut: "cut"
        }
    }

    private static func machine(maxBody: Int = 1000, stored: Bool = true, private isPrivate: Bool = false)
        -> (CacheFetch.StateMachine, first: Int, other: Int, feeder: Int)
    {
        var machine = CacheFetch.StateMachine(maxBody: maxBody)
        let first = machine.add(takesStored: false, isFirst: true)
        let other = machine.add(takesStored: false)
        let feeder = machine.addFeeder()
        Self.holds(machine.head(Self.head(), from: feeder, isStored: stored, isPrivate: isPrivate))
        return (machine, first, other, feeder)
    }

    @Test func `readers get head, body and end at their own pace`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let other = machine.add(takesStored: false)
        let feeder = machine.addFeeder()
        #expect(Self.next(first, &machine) == "wait")
        Self.holds(machine.head(Self.head(), from: feeder, isStored: true, isPrivate: false))
        #expect(Self.next(first, &machine) == "head 200")
        #expect(Self.next(first, &machine) == "wait")
        Self.holds(machine.body(ByteBuffer(string: "a"), from: feeder) == .take)
        Self.holds(machine.body(ByteBuffer(string: "b"), from: feeder) == .take)
        #expect(Self.next(first, &machine) == "a")
        #expect(Self.next(other, &machine) == "head 200")
        let late = machine.add(takesStored: false)
        #expect(Self.next(first, &machine) == "b")
        #expect(Self.next(first, &machine) == "wait")
        Self.holds(machine.storedBody() == ByteBuffer(string: "ab"))
        Self.holds(machine.ended(nil, from: feeder))
        #expect(Self.next(first, &machine) == "end")
        #expect(Self.next(other, &machine) == "a")
        #expect(Self.next(other, &machine) == "b")
        #expect(Self.next(other, &machine) == "end")
        for step in ["head 200", "a", "b", "end", "wait"] { #expect(Self.next(late, &machine) == step) }
        Self.holds(machine.readerCount == 0)
        Self.holds(!machine.takesReaders)
    }

    @Test func `what is not for sharing goes to the first reader alone`() {
        var (machine, first, other, feeder) = Self.machine(stored: false, private: true)
        Self.holds(!machine.takesReaders)
        #expect(Self.next(other, &machine) == "leave")
        #expect(Self.next(first, &machine) == "head 200")
        _ = machine.body(ByteBuffer(string: "a"), from: feeder)
        #expect(Self.next(first, &machine) == "a")
        Self.holds(machine.ended(nil, from: feeder))
        #expect(Self.next(first, &machine) == "end")
    }

    @Test func `a failing response is told to the others`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let other = machine.add(takesStored: false)
        let feeder = machine.addFeeder()
        Self.holds(machine.head(Self.head(503), from: feeder, isStored: false, isPrivate: true, failure: Failure()))
        #expect(Self.next(other, &machine) == "fail")
        #expect(Self.next(first, &machine) == "head 503")
    }

    @Test func `without a head, all readers get the error`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let other = machine.add(takesStored: true)
        let feeder = machine.addFeeder()
        Self.holds(machine.failed(Failure(), from: feeder))
        #expect(Self.next(first, &machine) == "fail")
        #expect(Self.next(other, &machine) == "fail")
        Self.holds(machine.feeding(feeder) == .stop)
    }

    @Test func `a response that breaks off is cut for each reader and not stored`() {
        var (machine, first, other, feeder) = Self.machine()
        _ = machine.body(ByteBuffer(string: "a"), from: feeder)
        #expect(Self.next(first, &machine) == "head 200")
        Self.holds(machine.failed(Failure(), from: feeder))
        Self.holds(machine.storedBody() == nil)
        #expect(Self.next(first, &machine) == "a")
        #expect(Self.next(first, &machine) == "cut")
        #expect(Self.next(other, &machine) == "fail")
        Self.holds(!machine.ended(nil, from: feeder))
    }

    @Test func `a body over the limit passes at the pace of the slowest reader`() {
        var (machine, first, other, feeder) = Self.machine(maxBody: 300_000)
        let chunk = ByteBuffer(repeating: 1, count: 100_000)
        #expect(Self.next(first, &machine) == "head 200")
        #expect(Self.next(other, &machine) == "head 200")
        for _ in 0..<3 { Self.holds(machine.body(chunk, from: feeder) == .take) }
        Self.holds(machine.feeding(feeder) == .go)
        Self.holds(machine.body(chunk, from: feeder) == .tooLarge)
        Self.holds(machine.storedBody() == nil)
        Self.holds(!machine.takesReaders)
        Self.holds(machine.feeding(feeder) == .pause)
        for _ in 0..<4 { if case .chunk = machine.next(first) {} else { Issue.record("a chunk") } }
        Self.holds(machine.feeding(feeder) == .pause)
        for _ in 0..<2 { if case .chunk = machine.next(other) {} else { Issue.record("a chunk") } }
        Self.holds(machine.feeding(feeder) == .go)
        machine.remove(other)
        Self.holds(machine.feeding(feeder) == .go)
        machine.remove(first)
        Self.holds(machine.feeding(feeder) == .stop)
    }

    @Test func `a reader that takes stored responses leaves when there is none`() {
        var (machine, first, _, feeder) = Self.machine(maxBody: 2)
        let part = machine.add(takesStored: true)
        #expect(Self.next(part, &machine) == "wait")
        #expect(Self.next(first, &machine) == "head 200")
        Self.holds(machine.body(ByteBuffer(string: "abc"), from: feeder) == .tooLarge)
        #expect(Self.next(part, &machine) == "leave")
    }

    @Test func `a fetch outlives its readers only once it is to be stored`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let feeder = machine.addFeeder()
        Self.holds(machine.feeding(feeder) == .go)
        let other = machine.add(takesStored: false)
        machine.remove(first)
        Self.holds(machine.feeding(feeder) == .go)
        Self.holds(machine.head(Self.head(), from: feeder, isStored: true, isPrivate: false))
        machine.remove(other)
        Self.holds(machine.feeding(feeder) == .go)
        _ = machine.body(ByteBuffer(string: "a"), from: feeder)
        Self.holds(machine.storedBody() == ByteBuffer(string: "a"))
        Self.holds(machine.ended(nil, from: feeder))
    }

    @Test func `a fetch without a head ends with its last reader`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let feeder = machine.addFeeder()
        machine.remove(first)
        Self.holds(machine.feeding(feeder) == .stop)
        Self.holds(!machine.head(Self.head(), from: feeder, isStored: false, isPrivate: true))
    }

    @Test func `a fetch in the background goes on until its head is not storable`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let feeder = machine.addFeeder()
        Self.holds(machine.feeding(feeder) == .go)
        Self.holds(!machine.head(Self.head(), from: feeder, isStored: false, isPrivate: true))
        Self.holds(machine.feeding(feeder) == .stop)
    }

    @Test func `the first head of two feeders counts`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let (slow, fast) = (machine.addFeeder(), machine.addFeeder())
        Self.holds(machine.head(Self.head(201), from: fast, isStored: true, isPrivate: false))
        Self.holds(machine.feeding(slow) == .stop)
        Self.holds(!machine.head(Self.head(202), from: slow, isStored: true, isPrivate: false))
        Self.holds(machine.body(ByteBuffer(string: "x"), from: slow) == .ignore)
        Self.holds(!machine.failed(Failure(), from: slow))
        #expect(Self.next(first, &machine) == "head 201")
        Self.holds(!machine.ended(nil, from: slow))
        Self.holds(machine.ended(nil, from: fast))
        #expect(Self.next(first, &machine) == "end")
    }

    @Test func `a private response to a second request is for the reader that it was sent for`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let second = machine.add(takesStored: false)
        let slow = machine.addFeeder()
        let fast = machine.addFeeder(for: second)
        Self.holds(machine.answers(first))
        Self.holds(machine.head(Self.head(), from: fast, isStored: false, isPrivate: true))
        Self.holds(machine.answers(second) && !machine.answers(first))
        Self.holds(machine.feeding(slow) == .stop)
        #expect(Self.next(first, &machine) == "leave")
        #expect(Self.next(second, &machine) == "head 200")
    }

    @Test func `the failure of one of two feeders does not count`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let (one, two) = (machine.addFeeder(), machine.addFeeder())
        Self.holds(!machine.failed(Failure(), from: one))
        #expect(Self.next(first, &machine) == "wait")
        Self.holds(machine.failed(Failure(), from: two))
        #expect(Self.next(first, &machine) == "fail")
    }

    @Test func `a slice of a large buffer does not keep it`() {
        var (machine, first, _, feeder) = Self.machine()
        let received = ByteBuffer(repeating: 7, count: 64 * 1024)
        guard let slice = received.getSlice(at: 100, length: 10) else {
            Issue.record("no slice")
            return
        }
        _ = machine.body(slice, from: feeder)
        _ = machine.next(first)
        guard case .chunk(let chunk) = machine.next(first) else {
            Issue.record("no chunk")
            return
        }
        #expect(chunk.readableBytes == 10)
        #expect(chunk.storageCapacity < 1024)
        Self.holds(machine.storedBody()?.storageCapacity ?? .max < 1024)
    }
}
