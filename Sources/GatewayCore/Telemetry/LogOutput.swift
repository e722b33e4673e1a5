import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The open descriptor of a log, and the state that the last write left it in.
struct LogOutput: Sendable {
    private let destination: LogDestination
    private var descriptor: Int32
    /// An error truncated the last line, so the next one must start on a new line.
    private var isTorn = false

    init(_ destination: LogDestination) throws(LogDestinationError) {
        self.destination = destination
        descriptor = try destination.open()
    }

    /// Writes `count` lines, waiting as long as the destination blocks. Returns how many were lost to an error.
    package mutating func write(_ lines: ByteBuffer, count: Int) -> Int {
        lines.withUnsafeReadableBytes { bytes in
            var rest = bytes[...]
            if isTorn, !rest.isEmpty {
                guard send([0x0A]) == 1 else { return count }
                isTorn = false
            }
            while !rest.isEmpty {
                let sent = send(UnsafeRawBufferPointer(rebasing: rest))
                guard sent > 0 else { break }
                rest = rest.dropFirst(sent)
            }
            guard !rest.isEmpty else { return 0 }
            let written = bytes[..<rest.startIndex]
            isTorn = !written.isEmpty && written.last != 0x0A
            return max(count - written.count { $0 == 0x0A }, 1)
        }
    }

    /// Reopens the destination. Returns the error; the old descriptor stays in use then.
    mutating func reopen() -> LogDestinationError? {
        do throws(LogDestinationError) {
            let opened = try destination.open()
            destination.close(descriptor)
            descriptor = opened
            isTorn = false
            return nil
        } catch {
            return error
        }
    }

    func close() {
        destination.close(descriptor)
    }

    private func send(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes(send)
    }

    /// Writes some of the bytes. Returns how many, or at most 0 for an error that waiting does not resolve.
    private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        while true {
            #if canImport(Glibc)
                let sent = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            #elseif canImport(Musl)
                let sent = Musl.write(descriptor, bytes.baseAddress, bytes.count)
            #else
                let sent = Darwin.write(descriptor, bytes.baseAddress, bytes.count)
            #endif
            if sent >= 0 { return sent }
            switch errno {
            case EINTR:
                continue
            case EAGAIN:
                // Another process may have made a pipe on standard output non-blocking.
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wait, 1, 1000)
            default:
                return -1
            }
        }
    }
}
