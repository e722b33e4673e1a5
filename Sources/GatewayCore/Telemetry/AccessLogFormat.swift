package import GatewaySettings
package import NIOCore

/// Formats the lines of the access log: as JSON, as text for people, or in the combined format.
package struct AccessLogFormat: ~Copyable {
    private let style: AccessLogStyle
    var dates = DateCache()
    var line = LogLine()
    let redaction: QueryRedaction

    /// - Parameter secrets: Names of parameters whose values are not logged, besides those that are secret everywhere.
    init(_ style: AccessLogStyle, secrets: [String] = []) {
        self.style = style
        self.redaction = QueryRedaction(secrets)
    }

    /// Writes the line of one exchange, without a line feed.
    /// - Parameter time: milliseconds since 1970.
    package mutating func write(_ source: some AccessLogSource, time: Int64, into buffer: inout ByteBuffer) {
        line.clear()
        switch style {
        case .json: writeJSON(source, time)
        case .text(let style): writeText(source, time, style)
        case .combined: writeCombined(source, time)
        }
        buffer.writeBytes(line.bytes)
    }

    private mutating func writeJSON(_ source: some AccessLogSource, _ time: Int64) {
        line.write("{\"time\":\"")
        dates.writeTimestamp(milliseconds: time, into: &line)
        switch source.accessLogLevel {
        case .info: line.write("\",\"level\":\"info\"")
        case .warning: line.write("\",\"level\":\"warning\"")
        }
        writeFields(source)
        line.write("}")
    }

    /// In the order of the manual.
    private mutating func writeFields(_ source: some AccessLogSource) {
        write(.requestID, source)
        write(.traceID, source)
        write(.clientIP, source)
        write(.consumer, source)
        write(.method, source)
        write(.host, source)
        write(.path, source)
        write(.query, source)
        write(.protocol, source)
        write(.route, source)
        if let status = source.accessLogStatus {
            line.write(",\"status\":")
            line.write(decimal: status)
        }
        write(.code, source)
        if let status = source.accessLogGRPCStatus {
            writeKey("grpc_status")
            line.write(decimal: status)
        }
        if let bytes = source.accessLogBytesIn {
            writeKey("bytes_in")
            line.write(decimal: bytes)
        }
        if let bytes = source.accessLogBytesOut {
            writeKey("bytes_out")
            line.write(decimal: bytes)
        }
        write("duration_ms", source.accessLogDuration)
        write("first_byte_ms", source.accessLogFirstByte)
        write(.upstream, source)
        write(.target, source)
        write(.reason, source)
        write("upstream_ms", source.accessLogUpstreamTime)
        if source.accessLogAttempts > 0 {
            writeKey("attempts")
            line.write(decimal: source.accessLogAttempts)
        }
        writeTries(source)
        write(.end, source)
        if let webSocket = source.accessLogWebSocket {
            writeKey("close_code")
            line.write(decimal: UInt64(webSocket.closeCode))
            writeKey("messages_in")
            line.write(decimal: webSocket.messagesIn)
            writeKey("messages_out")
            line.write(decimal: webSocket.messagesOut)
        }
        write(.cache, source)
        write(.encoding, source)
        write(.rateLimit, source)
        write(.auth, source)
        write(.userAgent, source)
        write(.referer, source)
        if let session = source.accessLogTLS { write(session) }
    }

    private mutating func write(_ session: AccessLogTLS) {
        writeKey("tls")
        line.write("{\"version\":\"")
        line.write(session.version)
        line.write("\",\"cipher\":\"")
        line.write(session.cipher)
        if let name = session.serverName {
            line.write("\",\"sni\":\"")
            line.writeLogText(name, .json)
        }
        if let subject = session.clientSubject {
            line.write("\",\"client_subject\":\"")
            line.writeLogText(subject, .json)
        }
        line.write(session.isResumed ? "\",\"resumed\":true}" : "\",\"resumed\":false}")
    }

    private mutating func writeTries(_ source: some AccessLogSource) {
        var isFirst = true
        source.withTries { target, failure in
            if isFirst { writeKey("tries") }
            line.write(isFirst ? "[{" : ",{")
            isFirst = false
            if !target.isEmpty {
                line.write("\"target\":\"")
                line.writeLogText(target, .json)
                line.write("\"")
            }
            if !failure.isEmpty {
                line.write(target.isEmpty ? "\"failure\":\"" : ",\"failure\":\"")
                line.writeLogText(failure, .json)
                line.write("\"")
            }
            line.write("}")
        }
        if !isFirst { line.write("]") }
    }

    private mutating func write(_ text: AccessLogText, _ source: some AccessLogSource) {
        source.withBytes(of: text) { bytes in
            writeKey(text.key)
            line.write(UInt8(ascii: "\""))
            switch text {
            case .query: redaction.write(bytes, .json, into: &line)
            case .referer: redaction.writeURL(bytes, .json, into: &line)
            default: line.writeLogText(bytes, .json)
            }
            line.write(UInt8(ascii: "\""))
        }
    }

    private mutating func write(_ key: StaticString, _ time: TimeAmount?) {
        guard let time else { return }
        writeKey(key)
        line.writeMilliseconds(time)
    }

    private mutating func writeKey(_ key: StaticString) {
        line.write(",\"")
        line.write(key)
        line.write("\":")
    }
}

extension LogLine {
    /// Milliseconds with three decimals. Negative durations, of a clock that went back, are written as 0.
    fileprivate mutating func writeMilliseconds(_ time: TimeAmount) {
        let microseconds = max(time.nanoseconds, 0) / 1000
        write(decimal: microseconds / 1000)
        let zero = UInt8(ascii: "0")
        let rest = microseconds % 1000
        write(UInt8(ascii: "."))
        write(zero + UInt8(rest / 100))
        write(zero + UInt8(rest / 10 % 10))
        write(zero + UInt8(rest % 10))
    }
}

/// The format of the access log's lines.
package enum AccessLogStyle: Sendable, Hashable {
    /// One JSON object per line.
    case json
    /// Lines for people.
    case text(TextStyle)
    /// The combined log format of Apache and nginx.
    case combined

    /// Options of text lines.
    package struct TextStyle: Sendable, Hashable {
        /// A terminal shows only the time of day and shortens long targets; a file has the date and the whole target.
        var isTerminal = false
        /// The status is colored.
        var isColored = false
    }

    /// - Parameter destination: where the lines are written.
    package init(_ format: LogFormat, for destination: LogDestination) {
        switch format {
        case .text:
            self = .text(TextStyle(isTerminal: destination.isTerminal, isColored: destination.isColored))
        case .combined: self = .combined
        case .json, .auto: self = .json
        }
    }
}
