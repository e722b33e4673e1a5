import Testing

@testable import Gateway
@testable import GatewayCore

struct ExchangeStateMachineTests {
    /// What happens to an exchange, in the order in which it happens.
    enum Event: Sendable {
        case begin(hasBody: Bool)
        case bottom
        case requestBody, requestEnd, requestFailed, requestTooLarge
        case informational, head, body, end
        case answered, started, wroteLastByte, clientWritable
        case upstreamFailed
        case suspend, resume, resumeLate, collect, collected, endHalt
        case retry
        case finish, release
    }

    struct Trace: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]

        /// An event, what the machine returns, and the stage after it.
        struct Step: Sendable {
            let event: Event
            let result: String
            let stage: ExchangeStateMachine.Stage
        }

        init(_ name: String, _ steps: (Event, String, ExchangeStateMachine.Stage)...) {
            self.testDescription = name
            self.steps = steps.map { Step(event: $0.0, result: $0.1, stage: $0.2) }
        }
    }

    static let traces = [
        Trace(
            "a request without a body is forwarded",
            (.begin(hasBody: false), "", .descending),
            (.bottom, "", .waiting),
            (.head, "climb", .climbing),
            (.started, "", .responding),
            (.body, "write", .responding),
            (.end, "write", .responding),
            (.wroteLastByte, "", .flushing),
            (.finish, "complete", .over),
            (.release, "", .idle)
        ),
        Trace(
            "a body is forwarded while the response is awaited",
            (.begin(hasBody: true), "", .descending),
            (.bottom, "", .waiting),
            (.requestBody, "forward", .waiting),
            (.informational, "pass", .waiting),
            (.requestEnd, "forward", .waiting),
            (.head, "climb", .climbing),
            (.informational, "drop", .climbing)
        ),
        Trace(
            "a request hook collects the body",
            (.begin(hasBody: true), "", .descending),
            (.collect, "", .descending),
            (.requestBody, "collect(limit: 8)", .descending),
            (.requestEnd, "collected", .descending),
            (.collected, "", .descending),
            (.bottom, "", .waiting)
        ),
        Trace(
            "a body that is too large to collect streams through",
            (.begin(hasBody: true), "", .descending),
            (.collect, "", .descending),
            (.requestBody, "collect(limit: 8)", .descending),
            (.collected, "", .descending),
            (.bottom, "", .waiting),
            (.requestBody, "forward", .waiting),
            (.requestEnd, "forward", .waiting)
        ),
        Trace(
            "a response hook collects the body",
            (.begin(hasBody: false), "", .descending),
            (.bottom, "", .waiting),
            (.head, "climb", .climbing),
            (.collect, "", .climbing),
            (.body, "collect(limit: 8)", .climbing),
            (.end, "collected", .climbing),
            (.collected, "", .climbing),
            (.started, "", .responding)
        ),
        Trace(
            "a response waits for a suspended hook",
            (.begin(hasBody: false), "", .descending),
            (.bottom, "", .waiting),
            (.head, "climb", .climbing),
            (.suspend, "", .climbing),
            (.body, "hold", .climbing),
            (.end, "hold", .climbing),
            (.clientWritable, "ignore", .climbing),
            (.resume, "up", .climbing),
            (.started, "", .responding)
        ),
        Trace(
            "a hook on the way down is resumed once",
            (.begin(hasBody: false), "", .descending),
            (.suspend, "", .descending),
            (.resume, "down", .descending),
            (.resume, "ignore", .descending)
        ),
        Trace(
            "a resumption is stale once the halt has ended otherwise",
            (.begin(hasBody: false), "", .descending),
            (.suspend, "", .descending),
            (.endHalt, "", .descending),
            (.suspend, "", .descending),
            (.resumeLate, "ignore", .descending),
            (.resume, "down", .descending)
        ),
        Trace(
            "a local answer needs no upstream",
            (.begin(hasBody: true), "", .descending),
            (.answered, "", .climbing),
            (.started, "", .responding),
            (.requestBody, "forward", .responding),
            (.wroteLastByte, "", .flushing),
            (.clientWritable, "finish", .flushing)
        ),
        Trace(
            "an upstream that breaks off before its head is an error",
            (.begin(hasBody: false), "", .descending),
            (.upstreamFailed, "ignore", .descending),
            (.bottom, "", .waiting),
            (.upstreamFailed, "answer", .waiting),
            (.answered, "", .climbing),
            (.head, "drop", .climbing)
        ),
        Trace(
            "an upstream that breaks off in the body cuts the client",
            (.begin(hasBody: false), "", .descending),
            (.bottom, "", .waiting),
            (.head, "climb", .climbing),
            (.upstreamFailed, "answer", .climbing),
            (.started, "", .responding),
            (.upstreamFailed, "cut", .responding),
            (.finish, "complete", .over),
            (.finish, "ignore", .over),
            (.upstreamFailed, "ignore", .over)
        ),
        Trace(
            "a request that fails is an error until the response has begun",
            (.requestFailed, "ignore", .idle),
            (.begin(hasBody: true), "", .descending),
            (.requestFailed, "answer", .descending),
            (.bottom, "", .waiting),
            (.requestFailed, "answer", .waiting),
            (.head, "climb", .climbing),
            (.requestFailed, "answer", .climbing),
            (.started, "", .responding),
            (.requestFailed, "cut", .responding),
            (.requestTooLarge, "cut", .responding),
            (.wroteLastByte, "", .flushing),
            (.requestFailed, "cut", .flushing),
            (.requestTooLarge, "ignore", .flushing),
            (.finish, "complete", .over),
            (.requestFailed, "ignore", .over),
            (.requestBody, "drop", .over)
        ),
        Trace(
            "a request is sent again until the response has begun",
            (.begin(hasBody: false), "", .descending),
            (.bottom, "", .waiting),
            (.head, "climb", .climbing),
            (.retry, "descend", .descending),
            (.bottom, "", .waiting),
            (.head, "climb", .climbing),
            (.started, "", .responding),
            (.retry, "refuse", .responding),
            (.wroteLastByte, "", .flushing),
            (.retry, "refuse", .flushing),
            (.finish, "complete", .over),
            (.retry, "refuse", .over)
        ),
        Trace(
            "a request that waits to be sent again ends with an error or with its client",
            (.begin(hasBody: true), "", .descending),
            (.bottom, "", .waiting),
            (.upstreamFailed, "answer", .waiting),
            (.retry, "descend", .descending),
            (.suspend, "", .descending),
            (.requestEnd, "forward", .descending),
            (.upstreamFailed, "ignore", .descending),
            (.requestFailed, "answer", .descending),
            (.endHalt, "", .descending),
            (.answered, "", .climbing),
            (.resume, "ignore", .climbing)
        ),
        Trace(
            "a request is sent again when the wait is over",
            (.begin(hasBody: true), "", .descending),
            (.bottom, "", .waiting),
            (.head, "climb", .climbing),
            (.retry, "descend", .descending),
            (.suspend, "", .descending),
            (.resume, "down", .descending),
            (.bottom, "", .waiting),
            (.requestBody, "forward", .waiting)
        ),
        Trace(
            "a client that accepts bytes again continues what waits for it",
            (.begin(hasBody: false), "", .descending),
            (.clientWritable, "ignore", .descending),
            (.bottom, "", .waiting),
            (.clientWritable, "resumeUpstream", .waiting),
            (.head, "climb", .climbing),
            (.clientWritable, "resumeUpstream", .climbing),
            (.started, "", .responding),
            (.clientWritable, "continueResponse", .responding)
        ),
    ]

    @Test(arguments: traces)
    func `returns what to do, event by event`(trace: Trace) {
        var machine = ExchangeStateMachine()
        var halts: [UInt32] = []
        for (number, step) in trace.steps.enumerated() {
            let result = Self.apply(step.event, to: &machine, &halts)
            #expect(result == step.result, "step \(number): \(step.event)")
            #expect(machine.stage == step.stage, "step \(number): \(step.event)")
        }
    }

    @Test func `tells which message is complete`() {
        var machine = ExchangeStateMachine()
        machine.begin(hasBody: true)
        #expect(!machine.isRequestEnded && !machine.isResponseEnded)
        _ = machine.requestEnded()
        #expect(machine.isRequestEnded)
        machine.reachedBottom()
        _ = machine.responseHead()
        _ = machine.responseEnded()
        #expect(machine.isResponseEnded)
        _ = machine.retry()
        #expect(machine.isRequestEnded && !machine.isResponseEnded)
        machine.answered()
        #expect(machine.isResponseEnded)
        _ = machine.finish()
        machine.release()
        machine.begin(hasBody: false)
        #expect(machine.isRequestEnded && !machine.isResponseEnded)
    }

    private static func apply(
        _ event: Event,
        to machine: inout ExchangeStateMachine,
        _ halts: inout [UInt32]
    ) -> String {
        switch event {
        case .begin(let hasBody): machine.begin(hasBody: hasBody)
        case .bottom: machine.reachedBottom()
        case .requestBody: return "\(machine.requestBody())"
        case .requestEnd: return "\(machine.requestEnded())"
        case .requestFailed: return "\(machine.requestFailed())"
        case .requestTooLarge: return "\(machine.requestTooLarge())"
        case .informational: return "\(machine.informational())"
        case .head: return "\(machine.responseHead())"
        case .body: return "\(machine.responseBody())"
        case .end: return "\(machine.responseEnded())"
        case .answered: machine.answered()
        case .started: machine.startedResponse()
        case .wroteLastByte: machine.wroteLastByte()
        case .clientWritable: return "\(machine.clientWritable())"
        case .upstreamFailed: return "\(machine.upstreamFailed())"
        case .suspend:
            halts.append(machine.makeHalt())
            machine.suspend()
        case .resume: return "\(machine.resume(halts.last ?? 0))"
        case .resumeLate: return "\(machine.resume(halts.first ?? 0))"
        case .collect: machine.collect(upTo: 8)
        case .collected: machine.collected()
        case .endHalt: machine.endHalt()
        case .retry: return "\(machine.retry())"
        case .finish: return "\(machine.finish())"
        case .release: machine.release()
        }
        return ""
    }
}
