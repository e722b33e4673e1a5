#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Where mistakes are written.
enum StandardError {
    static func print(lines: [String]) {
        writeAll(lines.map { $0 + "\n" }.joined(), to: STDERR_FILENO)
    }
}

/// Where answers are written, past the buffer of `print`: a gateway that serves does not end, which would empty it.
enum StandardOutput {
    static func write(_ text: String) { writeAll(text, to: STDOUT_FILENO) }
}

private func writeAll(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written > 0 else { return }
        bytes = bytes.dropFirst(written)
    }
}
