package import Logging
import NIOConcurrencyHelpers

/// The level and style of a log. All copies of its loggers follow a change.
package final class LogControl: Sendable {
    private struct State {
        var level: Logger.Level
        var style: LogStyle
    }

    private let state: NIOLockedValueBox<State>

    package init(level: Logger.Level, style: LogStyle) {
        self.state = NIOLockedValueBox(State(level: level, style: style))
    }

    package var level: Logger.Level {
        get { self.state.withLockedValue { $0.level } }
        set { self.state.withLockedValue { $0.level = newValue } }
    }

    package var style: LogStyle {
        get { self.state.withLockedValue { $0.style } }
        set { self.state.withLockedValue { $0.style = newValue } }
    }
}
