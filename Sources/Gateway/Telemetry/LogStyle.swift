/// The format of log lines.
package enum LogStyle: Sendable, Hashable {
    /// One JSON object per line.
    case json
    /// Lines for people.
    case text

    /// Text on a terminal, otherwise JSON.
    package static func automatic(for destination: LogDestination) -> LogStyle {
        destination.isTerminal ? .text : .json
    }
}
