import GatewaySettings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where log lines are written.
package enum LogDestination: Sendable, Hashable {
    case standardOutput
    case standardError
    /// A file. Created if missing, and only appended to.
    case file(String)
    /// A descriptor that the caller opens and closes.
    case descriptor(Int32)

    /// Whether the destination is a terminal.
    package var isTerminal: Bool {
        switch self {
        case .standardOutput: isatty(STDOUT_FILENO) == 1
        case .standardError: isatty(STDERR_FILENO) == 1
        case .descriptor(let descriptor): isatty(descriptor) == 1
        case .file: false
        }
    }

    /// Whether to write colors: to a terminal whose user has not opted out (https://no-color.org).
    package var isColored: Bool {
        func value(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
        return self.isTerminal && value("NO_COLOR").isEmpty && value("TERM") != "dumb"
    }

    func open() throws(LogDestinationError) -> Int32 {
        switch self {
        case .standardOutput: return STDOUT_FILENO
        case .standardError: return STDERR_FILENO
        case .descriptor(let descriptor): return descriptor
        case .file(let path):
            // Without a reader, opening a pipe would block the start forever.
            let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK
            #if canImport(Darwin)
                let descriptor = Darwin.open(path, flags, 0o640)
            #elseif canImport(Musl)
                let descriptor = Musl.open(path, flags, 0o640)
            #else
                let descriptor = Glibc.open(path, flags, 0o640)
            #endif
            guard descriptor >= 0 else {
                let isUnreadPipe = errno == ENXIO
                throw LogDestinationError(
                    path: path,
                    reason: isUnreadPipe ? "nobody reads from this pipe" : String(cString: strerror(errno)),
                    suggestion: isUnreadPipe
                        ? "start its reader first" : "make its directory, or let the gateway's user write there"
                )
            }
            return descriptor
        }
    }

    /// Closes a descriptor that `open` returned.
    package func close(_ descriptor: Int32) {
        guard case .file = self else { return }
        #if canImport(Darwin)
            _ = Darwin.close(descriptor)
        #elseif canImport(Musl)
            _ = Musl.close(descriptor)
        #else
            _ = Glibc.close(descriptor)
        #endif
    }
}

/// A log file that could not be opened.
package struct LogDestinationError: Error, Sendable, CustomStringConvertible {
    let path: String
    package let reason: String
    let suggestion: String

    package var description: String { "cannot open the log file \(path): \(reason); \(suggestion)" }
}

extension AccessLogTarget {
    /// Where lines would be written; standard output where there are none.
    package var destination: LogDestination {
        if case .file(let path) = self { .file(path) } else { .standardOutput }
    }
}
