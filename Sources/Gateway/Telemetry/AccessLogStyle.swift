/// The format of the access log's lines.
enum AccessLogStyle: Sendable, Hashable {
    /// One JSON object per line.
    case json
    /// Lines for people.
    case text(TextStyle)
    /// The combined log format of Apache and nginx.
    case combined

    /// Options of text lines.
    struct TextStyle: Sendable, Hashable {
        /// A terminal shows only the time of day and shortens long targets; a file has the date and the whole target.
        var isTerminal = false
        /// The status is colored.
        var isColored = false
    }

    /// - Parameter destination: where the lines are written.
    init(_ format: LogFormat, for destination: LogDestination) {
        switch format {
        case .text:
            self = .text(TextStyle(isTerminal: destination.isTerminal, isColored: destination.isColored))
        case .combined: self = .combined
        case .json, .auto: self = .json
        }
    }
}
