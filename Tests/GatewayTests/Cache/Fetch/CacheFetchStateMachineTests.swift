import GatewayHTTP
import NIOCore
import Testing

@testable import GatewayCache

struct CacheFetchStateMachineTests {
    private struct Failure: Error {}

    private static func head(_ status: Int = 200) -> FetchedHead {
        FetchedHead(status: status, fields: PreparedFields(), framing: .chunked, lifetime: nil)
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
        #expect(machine.head(Self.head(), from: feeder, isStored: stored, isPrivate: isPrivate))
        return (machine, first, other, feeder)
    }

    @Test func `readers get head, body and end at their own pace`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let other = machine.add(takesStored: false)
        let feeder = machine.addFeeder()
        #expect(Self.next(first, &machine) == "wait")
        #expect(machine.head(Self.head(), from: feeder, isStored: true, isPrivate: false))
        #expect(Self.next(first, &machine) == "head 200")
        #expect(Self.next(first, &machine) == "wait")
        #expect(machine.body(ByteBuffer(string: "a"), from: feeder) == .take)
        #expect(machine.body(ByteBuffer(string: "b"), from: feeder) == .take)
        #expect(Self.next(first, &machine) == "a")
        #expect(Self.next(other, &machine) == "head 200")
        let late = machine.add(takesStored: false)
        #expect(Self.next(first, &machine) == "b")
        #expect(Self.next(first, &machine) == "wait")
        #expect(machine.storedBody() == ByteBuffer(string: "ab"))
        #expect(machine.ended(nil, from: feeder))
        #expect(Self.next(first, &machine) == "end")
        #expect(Self.next(other, &machine) == "a")
        #expect(Self.next(other, &machine) == "b")
        #expect(Self.next(other, &machine) == "end")
        for step in ["head 200", "a", "b", "end", "wait"] { #expect(Self.next(late, &machine) == step) }
        #expect(machine.readerCount == 0)
        #expect(!machine.takesReaders)
    }

    @Test func `what is not for sharing goes to the first reader alone`() {
        var (machine, first, other, feeder) = Self.machine(stored: false, private: true)
        #expect(!machine.takesReaders)
        #expect(Self.next(other, &machine) == "leave")
        #expect(Self.next(first, &machine) == "head 200")
        _ = machine.body(ByteBuffer(string: "a"), from: feeder)
        #expect(Self.next(first, &machine) == "a")
        #expect(machine.ended(nil, from: feeder))
        #expect(Self.next(first, &machine) == "end")
    }

    @Test func `a failing response is told to the others`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let other = machine.add(takesStored: false)
        let feeder = machine.addFeeder()
        #expect(machine.head(Self.head(503), from: feeder, isStored: false, isPrivate: true, failure: Failure()))
        #expect(Self.next(other, &machine) == "fail")
        #expect(Self.next(first, &machine) == "head 503")
    }

    @Test func `without a head, all readers get the error`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let other = machine.add(takesStored: true)
        let feeder = machine.addFeeder()
        #expect(machine.failed(Failure(), from: feeder))
        #expect(Self.next(first, &machine) == "fail")
        #expect(Self.next(other, &machine) == "fail")
        #expect(machine.feeding(feeder) == .stop)
    }

    @Test func `a response that breaks off is cut for each reader and not stored`() {
        var (machine, first, other, feeder) = Self.machine()
        _ = machine.body(ByteBuffer(string: "a"), from: feeder)
        #expect(Self.next(first, &machine) == "head 200")
        #expect(machine.failed(Failure(), from: feeder))
        #expect(machine.storedBody() == nil)
        #expect(Self.next(first, &machine) == "a")
        #expect(Self.next(first, &machine) == "cut")
        #expect(Self.next(other, &machine) == "fail")
        #expect(!machine.ended(nil, from: feeder))
    }

    @Test func `a body over the limit passes at the pace of the slowest reader`() {
        var (machine, first, other, feeder) = Self.machine(maxBody: 300_000)
        let chunk = ByteBuffer(repeating: 1, count: 100_000)
        #expect(Self.next(first, &machine) == "head 200")
        #expect(Self.next(other, &machine) == "head 200")
        for _ in 0..<3 { #expect(machine.body(chunk, from: feeder) == .take) }
        #expect(machine.feeding(feeder) == .go)
        #expect(machine.body(chunk, from: feeder) == .tooLarge)
        #expect(machine.storedBody() == nil)
        #expect(!machine.takesReaders)
        #expect(machine.feeding(feeder) == .pause)
        for _ in 0..<4 { if case .chunk = machine.next(first) {} else { Issue.record("a chunk") } }
        #expect(machine.feeding(feeder) == .pause)
        for _ in 0..<2 { if case .chunk = machine.next(other) {} else { Issue.record("a chunk") } }
        #expect(machine.feeding(feeder) == .go)
        machine.remove(other)
        #expect(machine.feeding(feeder) == .go)
        machine.remove(first)
        #expect(machine.feeding(feeder) == .stop)
    }

    @Test func `a reader that takes stored responses leaves when there is none`() {
        var (machine, first, _, feeder) = Self.machine(maxBody: 2)
        let part = machine.add(takesStored: true)
        #expect(Self.next(part, &machine) == "wait")
        #expect(Self.next(first, &machine) == "head 200")
        #expect(machine.body(ByteBuffer(string: "abc"), from: feeder) == .tooLarge)
        #expect(Self.next(part, &machine) == "leave")
    }

    @Test func `a fetch outlives its readers only once it is to be stored`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let feeder = machine.addFeeder()
        #expect(machine.feeding(feeder) == .go)
        let other = machine.add(takesStored: false)
        machine.remove(first)
        #expect(machine.feeding(feeder) == .go)
        #expect(machine.head(Self.head(), from: feeder, isStored: true, isPrivate: false))
        machine.remove(other)
        #expect(machine.feeding(feeder) == .go)
        _ = machine.body(ByteBuffer(string: "a"), from: feeder)
        #expect(machine.storedBody() == ByteBuffer(string: "a"))
        #expect(machine.ended(nil, from: feeder))
    }

    @Test func `a fetch without a head ends with its last reader`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let feeder = machine.addFeeder()
        machine.remove(first)
        #expect(machine.feeding(feeder) == .stop)
        #expect(!machine.head(Self.head(), from: feeder, isStored: false, isPrivate: true))
    }

    @Test func `a fetch in the background goes on until its head is not storable`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let feeder = machine.addFeeder()
        #expect(machine.feeding(feeder) == .go)
        #expect(!machine.head(Self.head(), from: feeder, isStored: false, isPrivate: true))
        #expect(machine.feeding(feeder) == .stop)
    }

    @Test func `the first head of two feeders counts`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let (slow, fast) = (machine.addFeeder(), machine.addFeeder())
        #expect(machine.head(Self.head(201), from: fast, isStored: true, isPrivate: false))
        #expect(machine.feeding(slow) == .stop)
        #expect(!machine.head(Self.head(202), from: slow, isStored: true, isPrivate: false))
        #expect(machine.body(ByteBuffer(string: "x"), from: slow) == .ignore)
        #expect(!machine.failed(Failure(), from: slow))
        #expect(Self.next(first, &machine) == "head 201")
        #expect(!machine.ended(nil, from: slow))
        #expect(machine.ended(nil, from: fast))
        #expect(Self.next(first, &machine) == "end")
    }

    @Test func `the failure of one of two feeders does not count`() {
        var machine = CacheFetch.StateMachine(maxBody: 1000)
        let first = machine.add(takesStored: false, isFirst: true)
        let (one, two) = (machine.addFeeder(), machine.addFeeder())
        #expect(!machine.failed(Failure(), from: one))
        #expect(Self.next(first, &machine) == "wait")
        #expect(machine.failed(Failure(), from: two))
        #expect(Self.next(first, &machine) == "fail")
    }

    @Test func `a slice of a large buffer does not keep it`() {
        var (machine, first, _, feeder) = Self.machine()
        let received = ByteBuffer(repeating: 7, count: 64 * 1024)
        _ = received.getSlice(at: 100, length: 10).map { machine.body($0, from: feeder) }
        _ = machine.next(first)
        guard case .chunk(let chunk) = machine.next(first) else { return Issue.record("no chunk") }
        #expect(chunk.readableBytes == 10)
        #expect(chunk.storageCapacity < 1024)
        #expect(machine.storedBody()?.storageCapacity ?? .max < 1024)
    }
}
