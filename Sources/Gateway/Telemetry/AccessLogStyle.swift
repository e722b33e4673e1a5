/// The form of the access log's lines.
enum AccessLogStyle: Sendable, Hashable {
    /// One JSON object per line.
    case json
    /// Lines for people.
    case text(TextStyle)
    /// The combined log format of Apache and nginx.
    case combined

    /// Where text lines are read.
    struct TextStyle: Sendable, Hashable {
        /// A terminal shows the time of day and cuts long targets short; a file keeps the date and the whole target.
        var isTerminal = false
        /// The status is coloured.
        var isColored = false
    }

    /// - Parameter destination: where the lines go.
    init(_ format: LogFormat, for destination: LogDestination) {
        switch format {
        case .text:
            self = .text(TextStyle(isTerminal: destination.isTerminal, isColored: destination.isColored))
        case .combined: self = .combined
        case .json, .auto: self = .json
        }
    }
}
