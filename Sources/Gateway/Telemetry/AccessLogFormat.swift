import NIOCore

/// Writes the access log's lines: JSON for machines, text for people at a terminal.
struct AccessLogFormat {
    private let style: LogStyle
    private var dates = DateCache()

    init(_ style: LogStyle) {
        self.style = style
    }

    /// Writes the line of one exchange, without a line feed.
    /// - Parameter time: milliseconds since 1970.
    mutating func write(_ source: some AccessLogSource, time: Int64, into line: inout ByteBuffer) {
        switch style {
        case .json: writeJSON(source, time, &line)
        case .text: writeText(source, time, &line)
        }
    }

    private mutating func writeJSON(_ source: some AccessLogSource, _ time: Int64, _ line: inout ByteBuffer) {
        line.writeStaticString("{\"time\":\"")
        dates.writeTimestamp(milliseconds: time, into: &line)
        switch source.accessLogLevel {
        case .info: line.writeStaticString("\",\"level\":\"info\"")
        case .warning: line.writeStaticString("\",\"level\":\"warning\"")
        }
        writeFields(source, &line)
        line.writeStaticString("}")
    }

    private mutating func writeText(_ source: some AccessLogSource, _ time: Int64, _ line: inout ByteBuffer) {
        dates.writeTimestamp(milliseconds: time, into: &line)
        if source.accessLogLevel == .warning { line.writeStaticString(" WARNING") }
        if let status = source.accessLogStatus {
            line.writeStaticString(" ")
            line.writeDecimal(status)
        }
        line.writeStaticString(" ")
        line.writeMilliseconds(source.accessLogDuration)
        line.writeStaticString("ms ")
        source.withBytes(of: .method) {
            line.writeLogText($0, .word)
            line.writeStaticString(" ")
        }
        source.withBytes(of: .host) { line.writeLogText($0, .word) }
        source.withBytes(of: .path) { line.writeLogText($0, .word) }
        source.withBytes(of: .query) {
            line.writeStaticString("?")
            QueryRedaction.write($0, .word, into: &line)
        }
        writeFields(source, &line)
    }

    /// The fields in the order of the manual; in a text line the request itself stands before them already.
    private func writeFields(_ source: some AccessLogSource, _ line: inout ByteBuffer) {
        write(.requestID, source, &line)
        write(.traceID, source, &line)
        write(.clientIP, source, &line)
        write(.consumer, source, &line)
        if style == .json {
            write(.method, source, &line)
            write(.host, source, &line)
            write(.path, source, &line)
            write(.query, source, &line)
        }
        write(.protocol, source, &line)
        write(.route, source, &line)
        if style == .json, let status = source.accessLogStatus {
            line.writeStaticString(",\"status\":")
            line.writeDecimal(status)
        }
        write(.code, source, &line)
        if let bytes = source.accessLogBytesIn {
            writeKey("bytes_in", &line)
            line.writeDecimal(bytes)
        }
        if let bytes = source.accessLogBytesOut {
            writeKey("bytes_out", &line)
            line.writeDecimal(bytes)
        }
        if style == .json { write("duration_ms", source.accessLogDuration, &line) }
        write("first_byte_ms", source.accessLogFirstByte, &line)
        write(.upstream, source, &line)
        write(.target, source, &line)
        write("upstream_ms", source.accessLogUpstreamTime, &line)
        if source.accessLogAttempts > 0 {
            writeKey("attempts", &line)
            line.writeDecimal(source.accessLogAttempts)
        }
        write(.end, source, &line)
        write(.cache, source, &line)
        write(.encoding, source, &line)
        write(.rateLimit, source, &line)
        write(.userAgent, source, &line)
        write(.referer, source, &line)
        write(.tls, source, &line)
    }

    private func write(_ text: AccessLogText, _ source: some AccessLogSource, _ line: inout ByteBuffer) {
        source.withBytes(of: text) { bytes in
            if style == .json, text != .query, text != .referer,
                bytes.endOfPlainLogText(from: 0, .json) == bytes.count
            {
                line.writeJSONField(text.key, plain: bytes)
            } else {
                writeEscaped(text, bytes, &line)
            }
        }
    }

    private func writeEscaped(_ text: AccessLogText, _ bytes: UnsafeRawBufferPointer, _ line: inout ByteBuffer) {
        let context: LogTextContext = style == .json ? .json : .quoted
        writeKey(text.key, &line)
        line.writeStaticString("\"")
        switch text {
        case .query: QueryRedaction.write(bytes, context, into: &line)
        case .referer: QueryRedaction.writeURL(bytes, context, into: &line)
        default: line.writeLogText(bytes, context)
        }
        line.writeStaticString("\"")
    }

    private func write(_ key: StaticString, _ time: TimeAmount?, _ line: inout ByteBuffer) {
        guard let time else { return }
        writeKey(key, &line)
        line.writeMilliseconds(time)
    }

    private func writeKey(_ key: StaticString, _ line: inout ByteBuffer) {
        if style == .json {
            line.writeStaticString(",\"")
            line.writeStaticString(key)
            line.writeStaticString("\":")
        } else {
            line.writeStaticString(" ")
            line.writeStaticString(key)
            line.writeStaticString("=")
        }
    }
}

extension ByteBuffer {
    /// Writes a text that needs no escapes, with all that stands around it, in one go.
    fileprivate mutating func writeJSONField(_ key: StaticString, plain bytes: UnsafeRawBufferPointer) {
        let name = UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        let length = name.count + bytes.count + 6
        writeWithUnsafeMutableBytes(minimumWritableBytes: length) { out in
            out[0] = UInt8(ascii: ",")
            out[1] = UInt8(ascii: "\"")
            UnsafeMutableRawBufferPointer(rebasing: out[2...]).copyMemory(from: name)
            out[name.count + 2] = UInt8(ascii: "\"")
            out[name.count + 3] = UInt8(ascii: ":")
            out[name.count + 4] = UInt8(ascii: "\"")
            UnsafeMutableRawBufferPointer(rebasing: out[(name.count + 5)...]).copyMemory(from: bytes)
            out[length - 1] = UInt8(ascii: "\"")
            return length
        }
    }

    fileprivate mutating func writeDecimal(_ number: some FixedWidthInteger) {
        // Twenty digits are the most that 64 bits have; the digits come from the right.
        writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { digits in
            var rest = UInt64(clamping: number)
            var count = 1
            var bound = rest / 10
            while bound > 0 {
                bound /= 10
                count += 1
            }
            for place in stride(from: count - 1, through: 0, by: -1) {
                digits[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            }
            return count
        }
    }

    /// Milliseconds with three places; a clock that went back counts as none.
    fileprivate mutating func writeMilliseconds(_ time: TimeAmount) {
        let microseconds = max(time.nanoseconds, 0) / 1000
        writeDecimal(microseconds / 1000)
        let fraction = UInt8(ascii: "0")
        let rest = microseconds % 1000
        writeMultipleIntegers(
            UInt8(ascii: "."),
            fraction + UInt8(rest / 100),
            fraction + UInt8(rest / 10 % 10),
            fraction + UInt8(rest % 10)
        )
    }
}
