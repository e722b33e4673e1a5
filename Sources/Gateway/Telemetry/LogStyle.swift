/// The form of log lines.
package enum LogStyle: Sendable, Hashable {
    /// One JSON object a line.
    case json
    /// Lines for people.
    case text

    /// Text where a person reads along, else JSON.
    package static func automatic(for destination: LogDestination) -> LogStyle {
        destination.isTerminal ? .text : .json
    }
}
