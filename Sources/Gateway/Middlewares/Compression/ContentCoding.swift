/// A content coding that the gateway can apply (RFC 9110 section 8.4.1).
enum ContentCoding: UInt8, CaseIterable, Sendable {
    case gzip, deflate, brotli

    /// As `Content-Encoding` names it.
    var token: StaticString {
        switch self {
        case .gzip: "gzip"
        case .deflate: "deflate"
        case .brotli: "br"
        }
    }

    /// What tells the strong tag of an encoded representation from the plain one's (RFC 9110 section 8.8.3.3).
    var tagSuffix: StaticString {
        switch self {
        case .gzip: "-gw-gzip"
        case .deflate: "-gw-deflate"
        case .brotli: "-gw-br"
        }
    }
}
