import NIOCore

/// Writes the access log's lines: JSON for machines, text for people at a terminal.
struct AccessLogFormat {
    enum Style: Sendable {
        case json, text
    }

    private let style: Style
    private var dates = DateCache()

    init(_ style: Style) {
        self.style = style
    }

    /// Writes the line of one exchange, without a line feed.
    /// - Parameter time: milliseconds since 1970.
    mutating func write(_ source: borrowing some AccessLogSource, time: Int64, into line: inout ByteBuffer) {
    }
}
