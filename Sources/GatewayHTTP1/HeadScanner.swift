import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finds the end of a head or trailer section that arrives in pieces, looking at each byte once however small the
/// pieces are, and enforcing limits before anything is kept.
struct HeadScanner {
    private var scanned = 0
    private var lineStart = 0
    private var startLineEnd: Int
    private var lines = 0
    private let hasStartLine: Bool

    init(hasStartLine: Bool) {
        self.hasStartLine = hasStartLine
        self.startLineEnd = 0
    }

    /// The length of the section with its empty line, or nil where more bytes are needed.
    mutating func end(in bytes: UnsafeRawBufferPointer, limits: HTTP1Limits) throws(HTTP1Error) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        while self.scanned < bytes.count {
            guard let found = memchr(base + self.scanned, 0x0A, bytes.count - self.scanned) else {
                self.scanned = bytes.count
                break
            }
            let lineFeed = UnsafeRawPointer(found) - base
            // RFC 9112 section 2.2 lets a recipient take a bare LF; that lenience is what smuggling lives on.
            guard lineFeed > 0, bytes[lineFeed - 1] == 0x0D else { throw .malformed("bare LF") }
            let isEmpty = lineFeed - self.lineStart == 1
            self.scanned = lineFeed + 1
            if self.hasStartLine, self.lines == 0 {
                guard lineFeed - 1 <= limits.startLine else { throw HTTP1Error(.startLineTooLong, "start line") }
                self.startLineEnd = self.scanned
            } else if isEmpty {
                guard lineFeed - 1 - self.startLineEnd <= limits.headers else {
                    throw HTTP1Error(.headersTooLarge, "header bytes")
                }
                return self.scanned
            }
            self.lines += 1
            self.lineStart = self.scanned
        }
        if self.hasStartLine, self.lines == 0 {
            guard bytes.count <= limits.startLine + 1 else { throw HTTP1Error(.startLineTooLong, "start line") }
        } else if bytes.count - self.startLineEnd > limits.headers + 2 {
            throw HTTP1Error(.headersTooLarge, "header bytes")
        }
        return nil
    }
}
