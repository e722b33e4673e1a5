import NIOCore

extension AccessLogFormat {
    /// The maximum length of the target in a terminal line, in bytes, so that most lines fit in 100 columns.
    private static let targetWidth = 48

    /// One line for people: time, status, duration, request, route and client. If the gateway or the upstream failed,
    /// it also shows the reason and the request ID.
    mutating func writeText(_ source: some AccessLogSource, _ time: Int64, _ style: AccessLogStyle.TextStyle) {
        if style.isTerminal {
            dates.writeTimeOfDay(milliseconds: time, into: &line)
        } else {
            dates.writeTimestamp(milliseconds: time, into: &line)
        }
        line.write(" ")
        writeStatus(source, style)
        line.write(" ")
        line.writeDuration(source.accessLogDuration)
        source.withBytes(of: .method) {
            line.write(" ")
            line.writeLogText($0, .word)
        }
        line.write(" ")
        let start = line.count
        source.withBytes(of: .host) { line.writeLogText($0, .word) }
        source.withBytes(of: .path) { line.writeLogText($0, .word) }
        source.withBytes(of: .query) {
            line.write("?")
            redaction.write($0, .word, into: &line)
        }
        if style.isTerminal { line.shorten(from: start, to: Self.targetWidth) }
        writeWord(.route, source)
        writeWord(.clientIP, source)
        if source.accessLogAttempts > 1 {
            line.write(" tries=")
            line.write(decimal: source.accessLogAttempts)
        }
        if source.accessLogLevel == .warning { writeTrouble(source) }
    }

    private mutating func writeStatus(_ source: some AccessLogSource, _ style: AccessLogStyle.TextStyle) {
        guard let status = source.accessLogStatus else { return line.write("---") }
        guard style.isColored else { return line.write(decimal: status) }
        switch status {
        case ..<300: line.write("\u{1B}[32m")
        case ..<400: line.write("\u{1B}[36m")
        case ..<500: line.write("\u{1B}[33m")
        default: line.write("\u{1B}[31m")
        }
        line.write(decimal: status)
        line.write("\u{1B}[0m")
    }

    /// The details of a slow or failed request.
    private mutating func writeTrouble(_ source: some AccessLogSource) {
        var isError = false
        source.withBytes(of: .code) { _ in isError = true }
        if isError {
            writeWord(.code, source)
        } else {
            writeWord(.end, source)
        }
        writeWord(.reason, source)
        writeWord(.target, source)
        writeWord(.requestID, source)
    }

    private mutating func writeWord(_ text: AccessLogText, _ source: some AccessLogSource) {
        source.withBytes(of: text) {
            line.write(" ")
            line.writeLogText($0, .word)
        }
    }
}

extension LogLine {
    /// Milliseconds with one decimal, in eight columns.
    fileprivate mutating func writeDuration(_ time: TimeAmount) {
        let tenths = max(time.nanoseconds, 0) / 100_000
        var bound: Int64 = 10
        // Six columns for the number, two for the unit.
        for _ in 0..<3 {
            if tenths / 10 < bound { write(" ") }
            bound *= 10
        }
        write(decimal: tenths / 10)
        write(".")
        write(decimal: tenths % 10)
        write("ms")
    }
}
