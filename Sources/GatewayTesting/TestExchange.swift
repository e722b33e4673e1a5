import Gateway
public import HTTPTypes
import NIOConcurrencyHelpers
public import NIOCore

/// A request that a ``TestRoute`` is answering.
public final class TestExchange: Sendable {
    private struct State {
        var answer = TestAnswer()
        var isOver = false
        var waiting: [CheckedContinuation<TestAnswer, Never>] = []
        var leave: (@Sendable () async -> Void)?
    }

    private let state = NIOLockedValueBox(State())

    /// Waits for the end of the answer.
    public func answer() async -> TestAnswer {
        await withCheckedContinuation { continuation in
            let answer: TestAnswer? = self.state.withLockedValue { state in
                if !state.isOver { state.waiting.append(continuation) }
                return state.isOver ? state.answer : nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// What has come of the answer so far.
    public var answerSoFar: TestAnswer { self.state.withLockedValue(\.answer) }

    /// Has the client leave before its answer is whole.
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

/// What the client got.
public struct TestAnswer: Sendable {
    /// 0 where no head came.
    public internal(set) var status = 0
    /// The fields as they leave the chain, without those that the connection adds (`Date`, `Connection`,
    /// `Transfer-Encoding`).
    public internal(set) var headers = HTTPFields()
    /// The body in the pieces in which it was written.
    public internal(set) var chunks: [ByteBuffer] = []
    /// False where the client was cut off, or left.
    public internal(set) var isComplete = false
    /// Statuses from 100 to 199 that came before.
    public internal(set) var informational: [Int] = []

    /// The whole body.
    public var body: ByteBuffer { self.chunks.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) } }
    /// The whole body as text.
    public var text: String { String(buffer: self.body) }
}
