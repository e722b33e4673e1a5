import NIOConcurrencyHelpers

/// What a scripted upstream answers from now on.
final class AnswerSwitch: Sendable {
    private let box: NIOLockedValueBox<String>

    init(_ answer: String) { self.box = NIOLockedValueBox(answer) }

    var answer: String {
        get { self.box.withLockedValue { $0 } }
        set { self.box.withLockedValue { $0 = newValue } }
    }

    var script: ScriptedUpstream.Script { serving { _ in self.answer } }
}

/// A response with this status.
func status(_ status: Int) -> String { "HTTP/1.1 \(status) Status\r\nContent-Length: 0\r\n\r\n" }
