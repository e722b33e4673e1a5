import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Why an audit log cannot be written.
package struct AuditFailure: Error, CustomStringConvertible {
    let path: String
    let reason: String

    package var description: String { "cannot write the audit log \(self.path): \(self.reason)" }
}

/// The file of an audit log. Several processes may append to it, as during a handover: each locks the file and continues
/// after the last line of the others.
///
/// All of it may block.
struct AuditFile {
    let path: String
    /// Nil until the file could be opened.
    private var output: Output?

    private struct Output {
        let descriptor: CInt
        let status: FileStatus
        /// Up to where the lines are known; nil if none are.
        var end: Int64?

        var isRegular: Bool { self.status.kind == .regular }
    }

    init(_ path: String) { self.path = path }

    /// What locking the file showed.
    struct Found {
        /// The lines that others wrote since this process looked last; of a file that was just opened, the last ones.
        var lines: [AuditLine] = []
        /// Whether the file took the place of another one, which log rotation moved away.
        var isReplaced = false
    }

    /// Locks the file at the path, which may be another one than before, and reads what others wrote.
    mutating func lock() throws(AuditFailure) -> Found {
        var found = Found()
        do throws(AuditFailure) {
            for _ in 0..<Self.attempts {
                let output = if let output = self.output { output } else { try self.open() }
                self.output = output
                guard output.isRegular else { return found }
                try self.lock(output)
                // Before log rotation moved the file, another process may have written to it.
                found.lines += try self.readNew()
                if FileStatus(of: self.path)?.isSameFile(as: output.status) == true { return found }
                let next = try self.open()
                close(output.descriptor)
                self.output = next
                found.isReplaced = true
            }
            throw self.failure("it is replaced again and again")
        } catch {
            self.unlock()
            throw error
        }
    }

    func unlock() {
        if let output = self.output, output.isRegular { _ = flock(output.descriptor, LOCK_UN) }
    }

    /// Appends lines to the locked file: all of them, or none.
    mutating func write(_ lines: [AuditLine]) throws(AuditFailure) {
        guard let output = self.output else { return }
        let bytes = lines.flatMap { $0.bytes + [UInt8(ascii: "\n")] }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Self.write($0, to: output.descriptor) }
            guard count > 0 else { throw self.undo(output) }
            rest = rest.dropFirst(count)
        }
        guard output.isRegular else { return }
        guard fsync(output.descriptor) == 0 else { throw self.undo(output) }
        self.output?.end = (output.end ?? 0) + Int64(bytes.count)
    }

    mutating func end() {
        if let output = self.output { close(output.descriptor) }
        self.output = nil
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) -> Int {
        while true {
            #if canImport(Darwin)
                let count = Darwin.write(descriptor, bytes.baseAddress, bytes.count)
            #elseif canImport(Musl)
                let count = Musl.write(descriptor, bytes.baseAddress, bytes.count)
            #else
                let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            #endif
            if count >= 0 || errno != EINTR { return count }
        }
    }

    /// Removes lines that were not written whole.
    private func undo(_ output: Output) -> AuditFailure {
        let failure = self.failure()
        if output.isRegular, let end = output.end { _ = ftruncate(output.descriptor, off_t(end)) }
        return failure
    }

    private func failure(_ reason: String? = nil) -> AuditFailure {
        AuditFailure(path: self.path, reason: reason ?? String(cString: strerror(errno)))
    }

    private func open() throws(AuditFailure) -> Output {
        // Without a reader, opening a pipe would block forever.
        let flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK
        #if canImport(Darwin)
            let descriptor = Darwin.open(self.path, flags, 0o600)
        #elseif canImport(Musl)
            let descriptor = Musl.open(self.path, flags, 0o600)
        #else
            let descriptor = Glibc.open(self.path, flags, 0o600)
        #endif
        guard descriptor >= 0 else { throw self.failure() }
        guard let status = FileStatus(of: descriptor) else {
            let failure = self.failure()
            close(descriptor)
            throw failure
        }
        return Output(descriptor: descriptor, status: status)
    }

    /// How often to try to lock the file, and how many microseconds to wait in between.
    private static let attempts = 2000
    private static let pause: UInt32 = 1000

    private func lock(_ output: Output) throws(AuditFailure) {
        for _ in 0..<Self.attempts {
            if flock(output.descriptor, LOCK_EX | LOCK_NB) == 0 { return }
            guard errno == EWOULDBLOCK || errno == EINTR else { throw self.failure() }
            usleep(Self.pause)
        }
        throw self.failure("another process keeps it locked")
    }

    // MARK: Reading

    /// How much is read at most, from the end of the file.
    private static let tail: Int64 = 1 << 20

    /// Reads the lines since the last known one, and cuts off the start of a line that a process did not finish.
    private mutating func readNew() throws(AuditFailure) -> [AuditLine] {
        guard let output = self.output else { return [] }
        guard let size = FileStatus(of: output.descriptor)?.size else { throw self.failure() }
        var start = output.end ?? 0
        if start == size {
            self.output?.end = size
            return []
        }
        // A file that was truncated starts over.
        if start > size { start = 0 }
        let isTail = size - start > Self.tail
        if isTail { start = size - Self.tail }
        var bytes = try self.read(output.descriptor, from: start, to: size)[...]
        let newline = UInt8(ascii: "\n")
        if isTail { bytes = bytes[((bytes.firstIndex(of: newline) ?? bytes.endIndex - 1) + 1)...] }
        let end = bytes.lastIndex(of: newline).map { $0 + 1 } ?? bytes.startIndex
        let lines = bytes[..<end].split(separator: newline, omittingEmptySubsequences: false).dropLast()
        let isLog = if let last = lines.last { AuditLine(last) != nil } else { !isTail }
        guard isLog, Self.isStart(bytes[end...]) else {
            throw self.failure("its end is no audit entry: move the file away, or choose another one")
        }
        let whole = start + Int64(end)
        if whole < size, ftruncate(output.descriptor, off_t(whole)) != 0 { throw self.failure() }
        self.output?.end = whole
        return lines.compactMap { AuditLine($0) }
    }

    /// Whether the bytes are the start of a line. Others are not removed.
    private static func isStart(_ bytes: ArraySlice<UInt8>) -> Bool {
        let start = Array("{\"seq\":".utf8)
        return bytes.starts(with: start) || start.starts(with: bytes)
    }

    private func read(_ descriptor: CInt, from start: Int64, to end: Int64) throws(AuditFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(end - start))
        var filled = 0
        while filled < bytes.count {
            let count = bytes[filled...].withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress, $0.count, off_t(start) + off_t(filled))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw self.failure() }
            filled += count
        }
        return bytes
    }
}
