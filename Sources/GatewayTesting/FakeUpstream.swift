import Gateway
import GatewayCore
public import HTTPTypes
import NIOConcurrencyHelpers
public import NIOCore

/// The upstream of a ``TestRoute``. It follows a script of responses and records the requests it receives.
public final class FakeUpstream: Sendable {
    /// The response to one request.
    public struct Answer: Sendable {
        /// The head of the response.
        public var head: HTTPResponse
        /// The chunks of the body, each written separately.
        public var chunks: [ByteBuffer] = []
        /// Delay before the head, on the manual clock.
        public var delay = TimeAmount.zero
        /// Delay before each chunk, on the manual clock.
        public var chunkDelay = TimeAmount.zero
        /// Whether the connection fails after the last chunk, or before the head if there are no chunks.
        public var breaksOff = false

        /// Creates an answer with a status, header fields and a text body.
        public init(status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], text: String = "") {
            self.head = HTTPResponse(status: status, headerFields: headers)
            if !text.isEmpty { self.chunks = [ByteBuffer(string: text)] }
        }

        /// Returns an answer with a body of unknown length, in chunks.
        public static func chunks(_ texts: String..., headers: HTTPFields = [:]) -> Answer {
            var answer = Answer(headers: headers)
            answer.chunks = texts.map { ByteBuffer(string: $0) }
            answer.isStreamed = true
            return answer
        }

        /// An answer that fails the connection without sending a response.
        public static var failure: Answer {
            var answer = Answer()
            answer.breaksOff = true
            return answer
        }

        /// Returns the same answer with a delay before the head.
        public func after(_ delay: TimeAmount) -> Answer {
            var answer = self
            answer.delay = delay
            return answer
        }

        var isStreamed = false
    }

    /// A received request.
    public struct Request: Sendable {
        /// The head, including the fields that the gateway adds.
        public let head: HTTPRequest
        /// The complete body.
        public let body: ByteBuffer

        /// The complete body as text.
        public var text: String { String(buffer: self.body) }
    }

    private struct State {
        var script: [Answer]
        var requests: [Request] = []
        var arrived = 0
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: NIOLockedValueBox<State>

    /// Creates an upstream.
    ///
    /// - Parameter script: One answer per request. The last one repeats. An empty script answers every request with
    ///   200.
    public init(_ script: Answer...) {
        self.state = NIOLockedValueBox(State(script: script.isEmpty ? [Answer()] : script))
    }

    /// The requests received so far.
    public var requests: [Request] { self.state.withLockedValue(\.requests) }

    /// Waits until this number of requests have been received completely. Their delays start at that point.
    public func arrived(_ count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLockedValue { state in
                if state.arrived < count { state.waiting.append((count, continuation)) }
                return state.arrived >= count
            }
            if isThere { continuation.resume() }
        }
    }

    func answer(_ request: AsyncRequest, _ clock: ManualClock) async throws -> AsyncResponse {
        var body = ByteBuffer()
        for try await chunk in request.body { body.writeImmutableBuffer(chunk) }
        let received = Request(head: request.head, body: body)
        let answer = self.state.withLockedValue { state in
            state.requests.append(received)
            return state.script.count > 1 ? state.script.removeFirst() : state.script[0]
        }
        if answer.delay > .zero {
            try await clock.sleep(for: answer.delay) { self.reportArrival() }
        } else {
            self.reportArrival()
        }
        if answer.breaksOff, answer.chunks.isEmpty { throw BrokenOff() }
        if !answer.isStreamed, !answer.breaksOff, answer.chunkDelay == .zero {
            var whole = ByteBuffer()
            for chunk in answer.chunks { whole.writeImmutableBuffer(chunk) }
            return AsyncResponse(head: answer.head, body: whole.readableBytes > 0 ? .bytes(whole) : .none)
        }
        return AsyncResponse(
            head: answer.head,
            body: .stream { writer in
                for chunk in answer.chunks {
                    if answer.chunkDelay > .zero { try await clock.sleep(for: answer.chunkDelay) }
                    try await writer.write(chunk)
                }
                if answer.breaksOff { throw BrokenOff() }
            }
        )
    }

    private func reportArrival() {
        let ready = self.state.withLockedValue { state in
            state.arrived += 1
            let ready = state.waiting.filter { $0.count <= state.arrived }
            state.waiting.removeAll { $0.count <= state.arrived }
            return ready
        }
        for waiting in ready { waiting.continuation.resume() }
    }

    private struct BrokenOff: Error {}
}
