import NIOCore

extension AccessLogFormat {
    /// The combined log format of Apache and nginx, which goaccess, AWStats and fail2ban read:
    /// `CLIENT - USER [TIME] "REQUEST" STATUS BYTES "REFERER" "USER AGENT"`.
    ///
    /// A client that left before the status is 499, as in nginx.
    mutating func writeCombined(_ source: some AccessLogSource, _ time: Int64) {
        writeField(.clientIP, source)
        line.write(" - ")
        writeField(.consumer, source)
        line.write(" [")
        dates.writeLogTime(milliseconds: time, into: &line)
        line.write("] \"")
        writeRequest(source)
        line.write("\" ")
        line.write(decimal: source.accessLogStatus ?? 499)
        line.write(" ")
        line.write(decimal: source.accessLogBytesOut ?? 0)
        line.write(" \"")
        var isEmpty = true
        source.withBytes(of: .referer) {
            redaction.writeURL($0, .combined, into: &line)
            isEmpty = false
        }
        if isEmpty { line.write("-") }
        line.write("\" \"")
        writeField(.userAgent, source, .combined)
        line.write("\"")
    }

    private mutating func writeRequest(_ source: some AccessLogSource) {
        var isEmpty = true
        source.withBytes(of: .method) {
            line.writeLogText($0, .combined)
            line.write(" ")
            isEmpty = false
        }
        guard !isEmpty else { return line.write("-") }
        source.withBytes(of: .path) { line.writeLogText($0, .combined) }
        source.withBytes(of: .query) {
            line.write("?")
            redaction.write($0, .combined, into: &line)
        }
        source.withBytes(of: .protocol) {
            line.write(" ")
            line.writeLogText($0, .combined)
        }
    }

    /// A text, or a hyphen where there is none.
    private mutating func writeField(
        _ text: AccessLogText,
        _ source: some AccessLogSource,
        _ context: LogTextContext = .word
    ) {
        var isEmpty = true
        source.withBytes(of: text) {
            line.writeLogText($0, context)
            isEmpty = false
        }
        if isEmpty { line.write("-") }
    }
}
