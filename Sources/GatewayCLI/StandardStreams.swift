#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The three descriptors that every program expects to be open.
enum StandardStreams {
    /// Opens those that the caller closed: else the next file or socket would get their number, and what is meant for
    /// standard output would be written into it.
    static func open() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // In the direction that nobody wants, so that reading and writing still fail.
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

/// Where mistakes are written.
enum StandardError {
    static func print(lines: [String]) { self.write(lines.map { $0 + "\n" }.joined()) }

    static func write(_ text: String) {
        // There is no other place to report that this one cannot be written.
        try? writeAll(text, to: STDERR_FILENO)
    }
}

/// Where answers are written, past the buffer of `print`: that hides whether they arrived, and a gateway that serves does
/// not end, which would empty it.
enum StandardOutput {
    static func write(_ text: String) throws(OutputError) { try writeAll(text, to: STDOUT_FILENO) }

    static func print(_ line: String) throws(OutputError) { try self.write(line + "\n") }
}

/// An answer could not be written.
struct OutputError: Error, CustomStringConvertible {
    let code: Int32

    /// Whoever closes a pipe has read enough, and wants no word about it.
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
            // A pipe that another process has made non-blocking.
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&wait, 1, 1000)
        default: throw OutputError(code: errno)
        }
    }
}
