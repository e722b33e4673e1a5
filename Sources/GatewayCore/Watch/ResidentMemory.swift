#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads the resident memory of this process: one system call without allocations. Nil on systems without `/proc`.
final class ResidentMemory: Sendable {
    private let file: CInt
    private let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    init?() {
        self.file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard self.file >= 0 else { return nil }
    }

    deinit { close(self.file) }

    /// The resident memory in bytes; nil if it cannot be read.
    func bytes() -> Int? {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            let count = pread(self.file, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else { return nil }
            return Self.residentPages(in: UnsafeRawBufferPointer(rebasing: buffer[..<count])).map { $0 * self.pageSize }
        }
    }

    /// Returns the second number of a line such as `12345 678 90 1 0 2 0`.
    static func residentPages(in line: some Sequence<UInt8>) -> Int? {
        var number: Int?
        var spaces = 0
        for byte in line {
            switch byte {
            case UInt8(ascii: " "):
                spaces += 1
                if spaces == 2 { return number }
                number = nil
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let (product, overflow) = (number ?? 0).multipliedReportingOverflow(by: 10)
                if overflow { return nil }
                number = product + Int(byte - UInt8(ascii: "0"))
            default: return nil
            }
        }
        return nil
    }
}
