import GatewayHTTP
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
    private var fieldsStart = 0
    private var isInStartLine: Bool
    private let limitsWhole: Bool

    /// - Parameter limitsWhole: the limit for the fields is one for the start line and the fields together.
    init(hasStartLine: Bool, limitsWhole: Bool = false) {
        self.isInStartLine = hasStartLine
        self.limitsWhole = limitsWhole
    }

    /// The length of the section with its empty line, or nil where more bytes are needed. The limits come before the
    /// line ends, so that the answer does not depend on how the bytes were cut.
    mutating func end(in bytes: UnsafeRawBufferPointer, limits: HTTP1Limits) throws(MessageError) -> Int? {
        guard let base = bytes.baseAddress, self.scanned <= bytes.count else { return nil }
        while let found = memchr(base + self.scanned, 0x0A, bytes.count - self.scanned) {
            let lineFeed = UnsafeRawPointer(found) - base
            try self.checkLimits(lineFeed + 1, limits)
            // RFC 9112 section 2.2 lets a recipient take a bare LF; that lenience is what smuggling lives on.
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

    /// Whether so many bytes, up to a line end or as far as they came, can still be within the limits: two more than
    /// the limit are the line end of the start line, and the empty line behind the fields.
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
