package import Logging
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes the gateway's own messages, such as starts, reloads and warnings: as JSON or as text for people.
package struct GatewayLogHandler: LogHandler {
    package var logLevel: Logger.Level {
        get { ownLevel ?? control.level }
        set { ownLevel = newValue }
    }
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    /// The level of this logger, if it differs from that of the log.
    private var ownLevel: Logger.Level?
    private let control: LogControl
    private let isColored: Bool
    private let writer: LogWriter
    private let clock: @Sendable () -> Int64

    /// - Parameters:
    ///   - isColored: whether text has colored levels.
    ///   - clock: the time in milliseconds since 1970.
    package init(
        _ style: LogStyle,
        to writer: LogWriter,
        isColored: Bool = false,
        clock: (@Sendable () -> Int64)? = nil
    ) {
        self.init(LogControl(level: .info, style: style), to: writer, isColored: isColored, clock: clock)
    }

    /// Creates a handler whose level and style can be changed later.
    package init(
        _ control: LogControl,
        to writer: LogWriter,
        isColored: Bool = false,
        clock: (@Sendable () -> Int64)? = nil
    ) {
        self.control = control
        self.writer = writer
        self.isColored = isColored
        self.clock = clock ?? wallClockMilliseconds
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        if let error = event.error, all["error"] == nil { all["error"] = "\(error)" }
        let fields = all.sorted { $0.key < $1.key }

        var line = LogLine()
        var dates = DateCache()
        switch control.style {
        case .json:
            line.write(string: "{\"time\":\"")
            dates.writeTimestamp(milliseconds: clock(), into: &line)
            line.write(string: "\",\"level\":\"\(event.level.rawValue)\",\"message\":\"")
            line.writeLogText(event.message.description, .json)
            line.write(string: "\"")
            for (key, value) in fields {
                line.write(string: ",\"")
                // A second "time" or "level" would hide the first from most readers.
                if ["time", "level", "message"].contains(key) { line.write(string: "_") }
                line.writeLogText(key, .json)
                line.write(string: "\":")
                line.writeJSON(value)
            }
            line.write(string: "}\n")
        case .text:
            dates.writeTimestamp(milliseconds: clock(), into: &line)
            line.write(string: " \(level(event.level)) ")
            line.writeLogText(event.message.description, .quoted)
            for (key, value) in fields {
                line.write(string: " ")
                line.writeLogText(key, .word)
                line.write(string: "=\"")
                line.writeLogText("\(value)", .quoted)
                line.write(string: "\"")
            }
            line.write(string: "\n")
        }
        writer.append(ByteBuffer(bytes: line.bytes), count: 1)
    }

    private func level(_ level: Logger.Level) -> String {
        let name = level.rawValue.uppercased()
        guard isColored else { return name }
        let color =
            switch level {
            case .trace, .debug: "90"
            case .info, .notice: "32"
            case .warning: "33"
            case .error, .critical: "31"
            }
        return "\u{1B}[\(color)m\(name)\u{1B}[0m"
    }
}

extension LogLine {
    fileprivate mutating func writeJSON(_ value: Logger.Metadata.Value) {
        switch value {
        case .string(let text): writeJSON(text)
        case .stringConvertible(let text): writeJSON(text.description)
        case .array(let values):
            write(string: "[")
            for (index, value) in values.enumerated() {
                if index > 0 { write(string: ",") }
                writeJSON(value)
            }
            write(string: "]")
        case .dictionary(let values):
            write(string: "{")
            for (index, (key, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { write(string: ",") }
                writeJSON(key)
                write(string: ":")
                writeJSON(value)
            }
            write(string: "}")
        }
    }

    private mutating func writeJSON(_ text: String) {
        write(string: "\"")
        writeLogText(text, .json)
        write(string: "\"")
    }
}

/// The time in milliseconds since 1970.
private func wallClockMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

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
