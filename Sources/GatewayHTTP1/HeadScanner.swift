import GatewayHTTP
import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finds the end of a head or trailer section that arrives in pieces. It examines each byte once, however small the
/// pieces are, and enforces the limits before anything is stored.
struct HeadScanner {
    private var scanned = 0
    private var lineStart = 0
    private var fieldsStart = 0
    private var isInStartLine: Bool
    private let limitsWhole: Bool

    /// Creates a scanner.
    ///
    /// - Parameter limitsWhole: Whether the limit for the fields covers the start line as well.
    init(hasStartLine: Bool, limitsWhole: Bool = false) {
        self.isInStartLine = hasStartLine
        self.limitsWhole = limitsWhole
    }

    /// Returns the length of the section with its empty line, or nil if more bytes are needed. Limits are checked
    /// before line ends, so that the result does not depend on how the bytes were split.
    mutating func end(in bytes: UnsafeRawBufferPointer, limits: HTTP1Limits) throws(MessageError) -> Int? {
        guard let base = bytes.baseAddress, self.scanned <= bytes.count else { return nil }
        while let found = memchr(base + self.scanned, 0x0A, bytes.count - self.scanned) {
            let lineFeed = UnsafeRawPointer(found) - base
            try self.checkLimits(lineFeed + 1, limits)
            // RFC 9112 section 2.2 lets a recipient accept a bare LF, but request smuggling relies on that.
            guard lineFeed > 0, bytes[lineFeed - 1] == 0x0D else { throw .malformed("bare LF") }
            self.scanned = lineFeed + 1
            if self.isInStartLine {
                self.isInStartLine = false
                if !self.limitsWhole { self.fieldsStart = self.scanned }
            } else if lineFeed - self.lineStart == 1 {
                return self.scanned
            }
            self.lineStart = self.scanned
        }
        self.scanned = bytes.count
        try self.checkLimits(bytes.count, limits)
        return nil
    }

    /// Checks that the bytes up to a line end, or all received bytes, can still be within the limits. The two extra
    /// bytes allow for the line end of the start line, or the empty line after the fields.
    private func checkLimits(_ count: Int, _ limits: HTTP1Limits) throws(MessageError) {
        if self.isInStartLine {
            guard count <= limits.startLine + 2 else { throw MessageError(.startLineTooLong, "start line") }
        } else {
            guard count - self.fieldsStart <= limits.headers + 2 else {
                throw MessageError(.headersTooLarge, "header bytes")
            }
        }
    }
}
