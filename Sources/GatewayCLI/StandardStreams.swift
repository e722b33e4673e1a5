#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The three standard descriptors that every program expects to be open.
enum StandardStreams {
    /// Opens the descriptors that the caller closed. Otherwise the next file or socket would get one of their numbers
    /// and receive text meant for standard output.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // Open with the opposite access mode so that using the stream still fails.
            let mode = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY
            #if canImport(Darwin)
                _ = Darwin.open("/dev/null", mode)
            #elseif canImport(Musl)
                _ = Musl.open("/dev/null", mode)
            #else
                _ = Glibc.open("/dev/null", mode)
            #endif
        }
    }
}

/// Writes error messages to standard error.
enum StandardError {
    static func print(lines: [String]) { self.write(lines.map { $0 + "\n" }.joined()) }

    static func write(_ text: String) {
        // A failure to write to standard error cannot be reported anywhere.
        try? writeAll(text, to: STDERR_FILENO)
    }
}

/// Writes output without the buffering of `print`, which hides write errors and would not be flushed while a gateway
/// runs.
enum StandardOutput {
    static func write(_ text: String) throws(OutputError) { try writeAll(text, to: STDOUT_FILENO) }

    static func print(_ line: String) throws(OutputError) { try self.write(line + "\n") }
}

/// An error while writing output.
struct OutputError: Error, CustomStringConvertible {
    let code: Int32

    /// Whether the reader closed the pipe. This is not an error worth reporting.
    var isClosedPipe: Bool { self.code == EPIPE }

    var description: String {
        let reason = self.code == EBADF ? "it is closed" : String(cString: strerror(self.code))
        return "cannot write to standard output: \(reason)"
    }
}

private func writeAll(_ text: String, to descriptor: Int32) throws(OutputError) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if written > 0 {
            bytes = bytes.dropFirst(written)
            continue
        }
        switch errno {
        case EINTR: continue
        case EAGAIN:
            // Another process may have made the pipe non-blocking.
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&wait, 1, 1000)
        default: throw OutputError(code: errno)
        }
    }
}
