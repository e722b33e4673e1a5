import NIOCore
import Testing

@testable import Gateway
@testable import GatewayCore

struct ChainCursorTests {
    /// Hooks of a chain from the top: `R` request, `r` response, `f` failure, `c` completion.
    struct Example: Sendable, CustomTestStringConvertible {
        var hooks: [String]
        /// The decisions of hooks, by names such as `R1` or `f0`. All other hooks return `.next`. `end` is the end of
        /// the chain.
        var decisions: [String: Verdict]
        /// The hooks in the order in which they run, and the status that the client receives.
        var trace: String
        var testDescription: String { "\(self.hooks) \(self.decisions)" }

        init(_ hooks: String..., where decisions: [String: Verdict] = [:], trace: String) {
            self.hooks = hooks
            self.decisions = decisions
            self.trace = trace
        }
    }

    enum Verdict: Sendable {
        case respond, fail, transform, suspend
        case collect(Int)
        /// Only on the first call.
        case retry
    }

    @Test(arguments: [
        Example(trace: "404"),
        Example("Rr", "Rr", where: ["end": .respond], trace: "R0 R1 r1 r0 201"),
        Example("Rr", "R", "r", where: ["end": .respond], trace: "R0 R1 r2 r0 201"),
        Example("Rr", "Rr", "Rr", where: ["R1": .respond], trace: "R0 R1 r0 202"),
        Example("Rr", "Rr", where: ["R0": .respond], trace: "R0 202"),
        Example("r", "R", "r", where: ["R1": .respond], trace: "R1 r0 202"),
        Example("Rrf", "Rrf", "Rrf", where: ["R1": .fail], trace: "R0 R1 f0 r0 403"),
        Example("Rrf", "Rrf", "Rrf", trace: "R0 R1 R2 f2 f1 f0 r2 r1 r0 404"),
        Example("Rrf", "Rrf", "Rrf", where: ["f1": .respond], trace: "R0 R1 R2 f2 f1 r0 202"),
        Example("Rrf", "Rrf", "Rrf", where: ["f1": .fail], trace: "R0 R1 R2 f2 f1 f0 r0 403"),
        Example("Rrf", "Rrf", "Rrf", where: ["R2": .fail, "f0": .respond], trace: "R0 R1 R2 f1 f0 202"),
        Example("r", "r", "r", where: ["end": .respond, "r1": .respond], trace: "r2 r1 r0 202"),
        Example("rf", "rf", "rf", where: ["end": .respond, "r1": .fail], trace: "r2 r1 f0 r0 403"),
        Example("Rrfc", "c", "Rrfc", where: ["R2": .fail], trace: "R0 R2 f0 r0 403 c0 c1 c2"),
        Example("f", "f", where: ["f1": .respond], trace: "f1 202"),
        Example("Rr", "Rr", where: ["r1": .transform, "end": .respond], trace: "R0 R1 r1 r0 201"),
        Example("Rr", "Rr", where: ["R0": .collect(9), "end": .respond], trace: "R0 R0:0 R1 r1 r0 201"),
        Example("Rr", "Rr", where: ["r1": .collect(9), "end": .respond], trace: "R0 R1 r1 r1:3 r0 201"),
        Example("Rr", "Rr", where: ["r1": .collect(2), "end": .respond], trace: "R0 R1 r1 r1:larger r0 201"),
        Example(
            "r",
            "r",
            where: ["r0": .collect(9), "r1": .collect(2), "end": .respond],
            trace: "r1 r1:larger r0 r0:3 201"
        ),
        Example("Rr", "Rr", "Rr", where: ["r1": .retry, "end": .respond], trace: "R0 R1 R2 r2 r1 R2 r2 r1 r0 201"),
        Example("Rrf", "Rrf", where: ["f0": .retry], trace: "R0 R1 f1 f0 R1 f1 f0 r1 r0 404"),
        Example("Rr", "Rr", where: ["R0": .suspend, "end": .respond], trace: "R0 -"),
        Example("Rrc", "Rrc", where: ["r1": .suspend, "end": .respond], trace: "R0 R1 r1 -"),
    ])
    func `a response passes the hooks above the one that made it`(example: Example) async throws {
        let trace = try await WorkerFixture.run { worker in
            let trace = Trace(example.decisions)
            let chain = Chain()
            for (place, hooks) in example.hooks.enumerated() {
                for hook in hooks { chain.append(trace.probe(hook, place), at: place) }
            }
            let isAnswered = example.decisions["end"] != nil
            let client = RecordingClient()
            let exchange = try worker.exchange("GET / HTTP/1.1", "Host: a", client: client)
            trace.client = client
            exchange.plan = worker.plan(
                "a",
                chain,
                action: isAnswered ? .respond(Response(status: 201, body: ByteBuffer(string: "abc"))) : .refuse
            )
            exchange.refusal = nil
            exchange.driver.descend()
            return trace.text
        }
        #expect(trace == example.trace)
    }

    @Test func `the way down visits each hook once`() {
        var cursor = ChainCursor()
        #expect((0..<4).map { _ in cursor.nextDown(2) } == [0, 1, nil, nil])
        #expect(cursor.nextUp() == nil)
    }

    @Test(
        arguments: [
            (nil, [2, 1, 0]), (0, []), (1, [0]), (3, [0]), (4, [1, 0]), (7, [1, 0]), (8, [2, 1, 0]),
        ] as [(Int?, [Int])]
    )
    func `the way up visits the hooks above a position`(place: Int?, indices: [Int]) {
        var cursor = ChainCursor()
        cursor.turn(from: place, among: [0, 3, 7])
        var seen: [Int] = []
        while let index = cursor.nextUp() { seen.append(index) }
        #expect(seen == indices)
    }
}

/// What the probes of one exchange have recorded.
private final class Trace {
    private var decisions: [String: ChainCursorTests.Verdict]
    private var early: [String] = []
    private var late: [String] = []
    var client: RecordingClient?

    init(_ decisions: [String: ChainCursorTests.Verdict]) { self.decisions = decisions }

    var text: String { (self.early + [self.client?.status.map { "\($0)" } ?? "-"] + self.late).joined(separator: " ") }

    func probe(_ hook: Character, _ place: Int) -> any Middleware {
        switch hook {
        case "R": RequestProbe(self, place)
        case "r": ResponseProbe(self, place)
        case "f": FailureProbe(self, place)
        default: CompletionProbe(self, place)
        }
    }

    func decide(_ hook: String, _ exchange: Exchange) -> Decision {
        switch exchange.collected {
        case .none: self.early.append(hook)
        case .whole(let body): self.early.append("\(hook):\(body.readableBytes)")
        case .larger: self.early.append("\(hook):larger")
        }
        switch self.decisions[hook] {
        case .respond: return .respond(Response(status: 202))
        case .fail: return .fail(.forbidden("No."))
        case .transform: return .transform(Passing())
        case .collect(let limit): return .collect(upTo: limit)
        case .retry:
            self.decisions[hook] = nil
            return .retry(after: .zero)
        case .suspend:
            _ = exchange.resumption()
            return .suspend
        case nil: return .next
        }
    }

    func completed(_ hook: String) { self.late.append(hook) }
}

private class Probe {
    struct Config: Codable, Sendable {}
    class var name: String { "probe" }
    let trace: Trace
    let place: Int

    init(_ trace: Trace, _ place: Int) {
        self.trace = trace
        self.place = place
    }

    required init(_ config: Config, in context: inout BuildContext) {
        self.trace = Trace([:])
        self.place = 0
    }
}

private final class RequestProbe: Probe, RequestHook {
    func request(_ exchange: Exchange) -> Decision { self.trace.decide("R\(self.place)", exchange) }
}

private final class ResponseProbe: Probe, ResponseHook {
    func response(_ exchange: Exchange) -> Decision { self.trace.decide("r\(self.place)", exchange) }
}

private final class FailureProbe: Probe, FailureHook {
    func failure(_ error: GatewayError, _ exchange: Exchange) -> Decision {
        self.trace.decide("f\(self.place)", exchange)
    }
}

private final class CompletionProbe: Probe, CompletionHook {
    func complete(_ exchange: Exchange, _ outcome: Outcome) { self.trace.completed("c\(self.place)") }
}

private final class Passing: BodyTransform {
    var rank: BodyRank { .rewrite }
    func write(_ chunk: inout ByteBuffer, to sink: inout BodySink) throws(TransformError) {
        sink.write(chunk)
        chunk.clear()
    }
    func end(to sink: inout BodySink) throws(TransformError) {}
}
