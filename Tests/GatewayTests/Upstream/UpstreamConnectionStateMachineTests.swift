import GatewayHTTP
import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

@Suite struct UpstreamConnectionStateMachineTests {
    typealias Machine = UpstreamConnectionStateMachine

    enum Event: Sendable {
        case start(reused: Bool)
        case flushed, requestEnded
        case received
        case head(Int, keepAlive: Bool)
        case bodyEnded(drained: Bool)
        case discard
        case read(full: Bool)
        case readComplete
        case inputClosed
        case closed(Machine.Request?, bodyComplete: Bool)
        case close
    }

    enum Result: Equatable, Sendable {
        case none
        case bytes(Machine.OnBytes)
        case head(Machine.OnHead)
        case bodyEnd(Machine.OnBodyEnd)
        case discard(Machine.OnDiscard)
        case readComplete(Machine.OnReadComplete)
        case closed(Machine.OnClosed)
        case close(Bool)
    }

    struct Trace: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [(Event, Result)]

        init(_ description: String, _ steps: (Event, Result)...) {
            self.testDescription = description
            self.steps = steps
        }
    }

    private static func apply(_ event: Event, to machine: inout Machine) -> Result {
        switch event {
        case .start(let isReused): machine.start(isReused: isReused)
        case .flushed: machine.flushed()
        case .requestEnded: machine.requestEnded()
        case .received: return .bytes(machine.received())
        case .head(let status, let keepAlive):
            return .head(machine.head(UpstreamResponse(status: status, framing: .length(1), keepAlive: keepAlive)))
        case .bodyEnded(let isDrained): return .bodyEnd(machine.bodyEnded(isDrained: isDrained))
        case .discard: return .discard(machine.discard())
        case .read(let isFull): machine.read(isFull: isFull)
        case .readComplete: return .readComplete(machine.readComplete())
        case .inputClosed: machine.inputClosed()
        case .closed(let request, let isComplete):
            return .closed(machine.closed(request, isBodyComplete: isComplete))
        case .close: return .close(machine.close())
        }
        return .none
    }

    private static let get = Machine.Request(isIdempotent: true, isBodyKept: true, resends: 0, hasPartialHead: false)
    private static let post = Machine.Request(isIdempotent: false, isBodyKept: true, resends: 0, hasPartialHead: false)

    private static func with(_ request: Machine.Request, _ change: (inout Machine.Request) -> Void) -> Machine.Request {
        var request = request
        change(&request)
        return request
    }

    private static let traces = [
        Trace(
            "a response that is discarded frees the connection if it is complete",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.flushed, .none),
            (.read(full: false), .none),
            (.head(503, keepAlive: true), .head(.final)),
            (.discard, .discard(.drop)),
            (.received, .bytes(.readBody)),
            (.bodyEnded(drained: true), .bodyEnd(.settle)),
            (.readComplete, .readComplete(.release)),
            (.start(reused: true), .none),
            (.requestEnded, .none),
            (.read(full: false), .none),
            (.head(200, keepAlive: true), .head(.final)),
            (.readComplete, .readComplete(.none)),
            (.closed(nil, bodyComplete: false), .closed(.unused))
        ),
        Trace(
            "the rest of a response that is discarded is not awaited",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.flushed, .none),
            (.read(full: false), .none),
            (.head(503, keepAlive: true), .head(.final)),
            (.discard, .discard(.drop)),
            (.readComplete, .readComplete(.close))
        ),
        Trace(
            "a response that is discarded later, or before the request was sent, closes the connection",
            (.start(reused: false), .none),
            (.flushed, .none),
            (.read(full: false), .none),
            (.head(503, keepAlive: true), .head(.final)),
            (.discard, .discard(.close)),
            (.requestEnded, .none),
            (.readComplete, .readComplete(.none)),
            (.discard, .discard(.close))
        ),
        Trace(
            "a complete exchange returns the connection to the pool",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.flushed, .none),
            (.received, .bytes(.readHead)),
            (.head(200, keepAlive: true), .head(.final)),
            (.received, .bytes(.readBody)),
            (.bodyEnded(drained: true), .bodyEnd(.settle)),
            (.readComplete, .readComplete(.release)),
            (.readComplete, .readComplete(.none)),
            (.start(reused: true), .none),
            (.received, .bytes(.readHead))
        ),
        Trace(
            "bytes that nobody asked for close the connection",
            (.received, .bytes(.close)),
            (.close, .close(true)),
            (.received, .bytes(.discard)),
            (.close, .close(false))
        ),
        Trace(
            "bytes after the response close the connection",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.head(200, keepAlive: true), .head(.final)),
            (.bodyEnded(drained: false), .bodyEnd(.close))
        ),
        Trace(
            "late bytes after the response close the connection",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.head(200, keepAlive: true), .head(.final)),
            (.bodyEnded(drained: true), .bodyEnd(.settle)),
            (.received, .bytes(.close))
        ),
        Trace(
            "a response before the end of the request closes the connection",
            (.start(reused: false), .none),
            (.head(200, keepAlive: true), .head(.final)),
            (.bodyEnded(drained: true), .bodyEnd(.close))
        ),
        Trace(
            "a connection that the upstream does not keep closes",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.head(200, keepAlive: false), .head(.final)),
            (.bodyEnded(drained: true), .bodyEnd(.close))
        ),
        Trace(
            "a socket that fills every buffer of a pass may hold more",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.read(full: true), .none),
            (.read(full: true), .none),
            (.read(full: true), .none),
            (.read(full: true), .none),
            (.head(200, keepAlive: true), .head(.final)),
            (.bodyEnded(drained: true), .bodyEnd(.settle)),
            (.readComplete, .readComplete(.close))
        ),
        Trace(
            "a read that leaves room empties the socket",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.read(full: true), .none),
            (.read(full: true), .none),
            (.read(full: true), .none),
            (.read(full: false), .none),
            (.head(200, keepAlive: true), .head(.final)),
            (.bodyEnded(drained: true), .bodyEnd(.settle)),
            (.readComplete, .readComplete(.release))
        ),
        Trace(
            "informational responses precede the final one",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.head(100, keepAlive: true), .head(.informational)),
            (.received, .bytes(.readHead)),
            (.head(103, keepAlive: true), .head(.informational)),
            (.head(204, keepAlive: true), .head(.final)),
            (.bodyEnded(drained: true), .bodyEnd(.settle))
        ),
        Trace(
            "an informational response with a body leaves the connection in doubt",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.head(103, keepAlive: false), .head(.informational)),
            (.head(200, keepAlive: true), .head(.final)),
            (.bodyEnded(drained: true), .bodyEnd(.close))
        ),
        Trace(
            "nobody asked for an upgrade",
            (.start(reused: false), .none),
            (.head(101, keepAlive: true), .head(.unexpectedUpgrade)),
            (.close, .close(true))
        ),
        Trace(
            "an idle connection closes without consequence, once",
            (.closed(nil, bodyComplete: false), .closed(.unused)),
            (.closed(nil, bodyComplete: false), .closed(.ignore))
        ),
        Trace(
            "a body may end with the input",
            (.start(reused: false), .none),
            (.requestEnded, .none),
            (.head(200, keepAlive: false), .head(.final)),
            (.inputClosed, .none),
            (.closed(get, bodyComplete: true), .closed(.bodyEnded)),
            (.bodyEnded(drained: false), .bodyEnd(.close)),
            (.close, .close(true))
        ),
        Trace(
            "a body of another framing breaks off",
            (.start(reused: false), .none),
            (.head(200, keepAlive: true), .head(.final)),
            (.inputClosed, .none),
            (.closed(get, bodyComplete: false), .closed(.failed))
        ),
        Trace(
            "a connection that is cut is no end of a body",
            (.start(reused: false), .none),
            (.head(200, keepAlive: false), .head(.final)),
            (.closed(get, bodyComplete: true), .closed(.failed))
        ),
        Trace(
            "an unsent request is sent again, whatever its method",
            (.start(reused: false), .none),
            (.closed(post, bodyComplete: false), .closed(.sendAgain))
        ),
        Trace(
            "a fresh connection that ends says something about the endpoint",
            (.start(reused: false), .none),
            (.flushed, .none),
            (.closed(get, bodyComplete: false), .closed(.reset(isFresh: true, mayMove: true)))
        ),
        Trace(
            "an idempotent request is sent again after a stale connection",
            (.start(reused: true), .none),
            (.flushed, .none),
            (.closed(get, bodyComplete: false), .closed(.sendAgain))
        ),
        Trace(
            "no other request is repeated once it may have been read",
            (.start(reused: true), .none),
            (.flushed, .none),
            (.closed(post, bodyComplete: false), .closed(.reset(isFresh: false, mayMove: false)))
        ),
        Trace(
            "a stale connection that began to answer was alive",
            (.start(reused: true), .none),
            (.flushed, .none),
            (
                .closed(with(get) { $0.hasPartialHead = true }, bodyComplete: false),
                .closed(.reset(isFresh: false, mayMove: true))
            )
        ),
        Trace(
            "a body that is not kept is not sent again",
            (.start(reused: true), .none),
            (
                .closed(with(get) { $0.isBodyKept = false }, bodyComplete: false),
                .closed(.reset(isFresh: false, mayMove: false))
            )
        ),
        Trace(
            "a request is sent again twice at most",
            (.start(reused: true), .none),
            (
                .closed(with(get) { $0.resends = 2 }, bodyComplete: false),
                .closed(.reset(isFresh: false, mayMove: true))
            )
        ),
    ]

    @Test(arguments: Self.traces)
    func `answers each event of a trace`(trace: Trace) {
        var machine = Machine()
        for (index, (event, expected)) in trace.steps.enumerated() {
            let result = Self.apply(event, to: &machine)
            #expect(result == expected, "step \(index): \(event)")
        }
    }

    @Test(arguments: [
        (false, false, false, true), (true, false, false, false), (true, true, false, false), (true, true, true, true),
    ])
    func `tells whether the body has to be kept`(
        isFlushed: Bool,
        isIdempotent: Bool,
        hasAlternatives: Bool,
        isKept: Bool
    ) {
        var machine = Machine()
        machine.start(isReused: false)
        if isFlushed { machine.flushed() }
        #expect(machine.mayBeSentAgain(isIdempotent: isIdempotent, hasAlternatives: hasAlternatives) == isKept)
        _ = machine.head(UpstreamResponse(status: 200, framing: .none, keepAlive: true))
        #expect(!machine.mayBeSentAgain(isIdempotent: isIdempotent, hasAlternatives: hasAlternatives))
    }

    @Test func `a kept connection stands in for other endpoints`() {
        var machine = Machine()
        machine.start(isReused: true)
        machine.flushed()
        #expect(machine.mayBeSentAgain(isIdempotent: true, hasAlternatives: false))
    }

    @Test func `reading resumes once, and a complete response resumes it`() {
        var machine = Machine()
        machine.start(isReused: false)
        machine.pauseReading()
        #expect(machine.isReadingPaused)
        let (first, second) = (machine.resumeReading(), machine.resumeReading())
        #expect(first)
        #expect(!second)
        machine.requestEnded()
        _ = machine.head(UpstreamResponse(status: 200, framing: .none, keepAlive: true))
        machine.pauseReading()
        #expect(machine.bodyEnded(isDrained: true) == .settle)
        #expect(!machine.isReadingPaused)
    }

    @Test(arguments: [false, true])
    func `the end of the input ends a body unless TLS says that it was cut`(isCut: Bool) {
        var machine = Machine()
        machine.start(isReused: false)
        machine.requestEnded()
        machine.flushed()
        _ = machine.head(UpstreamResponse(status: 200, framing: .untilClose, keepAlive: false))
        if isCut { machine.inputCut() }
        machine.inputClosed()
        let request = Machine.Request(isIdempotent: true, isBodyKept: true, resends: 0, hasPartialHead: false)
        #expect(machine.closed(request, isBodyComplete: true) == (isCut ? .failed : .bodyEnded))
    }

    @Test func `a retired connection finishes its request and closes`() {
        var machine = Machine()
        machine.start(isReused: false)
        machine.retire()
        machine.requestEnded()
        _ = machine.head(UpstreamResponse(status: 200, framing: .none, keepAlive: true))
        #expect(machine.bodyEnded(isDrained: true) == .close)
    }

    @Test func `a connection is proven by its first response`() {
        var machine = Machine()
        #expect(machine.isUnproven)
        machine.start(isReused: false)
        #expect(machine.isUnproven)
        machine.requestEnded()
        _ = machine.head(UpstreamResponse(status: 200, framing: .none, keepAlive: true))
        _ = machine.bodyEnded(isDrained: true)
        _ = machine.readComplete()
        #expect(!machine.isUnproven)
    }

    @Test func `remembers the last Keep-Alive timeout`() {
        var machine = Machine()
        for (timeout, expected) in [(nil, nil), (5, 5), (nil, 5), (9, 9)] as [(Int64?, Int64?)] {
            machine.start(isReused: false)
            let response = UpstreamResponse(
                status: 200,
                framing: .none,
                keepAlive: true,
                timeout: timeout.map { .seconds($0) }
            )
            _ = machine.head(response)
            #expect(machine.keepAlive == expected.map { .seconds($0) })
        }
    }
}
