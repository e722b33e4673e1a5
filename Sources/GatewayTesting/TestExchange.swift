import Gateway
public import HTTPTypes
import NIOConcurrencyHelpers
public import NIOCore

/// A request in progress on a ``TestRoute``.
public final class TestExchange: Sendable {
    private struct State {
        var answer = TestAnswer()
        var isOver = false
        var waiting: [CheckedContinuation<TestAnswer, Never>] = []
        var leave: (@Sendable () async -> Void)?
    }

    private let state = NIOLockedValueBox(State())

    /// Waits for the end of the response and returns it.
    public func answer() async -> TestAnswer {
        await withCheckedContinuation { continuation in
            let answer: TestAnswer? = self.state.withLockedValue { state in
                if !state.isOver { state.waiting.append(continuation) }
                return state.isOver ? state.answer : nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// The response received so far.
    public var answerSoFar: TestAnswer { self.state.withLockedValue(\.answer) }

    /// Disconnects the client before the response is complete.
    public func leave() async { await self.state.withLockedValue(\.leave)?() }

    func leaves(by leave: @escaping @Sendable () async -> Void) {
        self.state.withLockedValue { $0.leave = leave }
    }

    func take(_ event: SocketlessEvent) {
        let ready: ([CheckedContinuation<TestAnswer, Never>], TestAnswer)? = self.state.withLockedValue { state in
            switch event {
            case .informational(let status): state.answer.informational.append(status)
            case .head(let status, let fields):
                state.answer.status = status
                for field in fields {
                    guard let name = HTTPField.Name(field.name) else { continue }
                    state.answer.headers.append(HTTPField(name: name, value: field.value))
                }
            case .chunk(let chunk): state.answer.chunks.append(chunk)
            case .over(let isComplete):
                state.answer.isComplete = isComplete
                state.isOver = true
                defer { state.waiting = [] }
                return (state.waiting, state.answer)
            }
            return nil
        }
        guard let (waiting, answer) = ready else { return }
        for continuation in waiting { continuation.resume(returning: answer) }
    }
}

/// The response that the client received.
public struct TestAnswer: Sendable {
    /// The status; 0 if no head arrived.
    public internal(set) var status = 0
    /// The header fields as they leave the chain. They do not include the fields that the connection adds (`Date`,
    /// `Connection`, `Transfer-Encoding`).
    public internal(set) var headers = HTTPFields()
    /// The chunks of the body, as they were written.
    public internal(set) var chunks: [ByteBuffer] = []
    /// Whether the response is complete. False if the connection was closed early or the client disconnected.
    public internal(set) var isComplete = false
    /// The status codes of interim responses (100 to 199).
    public internal(set) var informational: [Int] = []

    /// The complete body.
    public var body: ByteBuffer { self.chunks.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) } }
    /// The complete body as text.
    public var text: String { String(buffer: self.body) }
}
