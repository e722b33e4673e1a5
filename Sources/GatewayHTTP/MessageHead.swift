/// The length of a message's body (RFC 9112 section 6.3).
package enum BodyFraming: Hashable, Sendable {
    case none
    case length(Int)
    case chunked
    /// Responses only: the end of the connection ends the body.
    case untilClose

    /// Whether nothing follows the head.
    package var isEmpty: Bool { if case .none = self { true } else { false } }
    package var isChunked: Bool { if case .chunked = self { true } else { false } }
    /// Whether only the body itself marks its end.
    package var isUnbounded: Bool {
        switch self {
        case .chunked, .untilClose: true
        case .none, .length: false
        }
    }
}

/// A request method. `other` is any method without a case.
public enum Method: UInt8, CaseIterable, Sendable {
    case get, head, post, put, delete, options, patch, trace, connect, other

    package var name: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .trace: "TRACE"
        case .connect: "CONNECT"
        case .other: ""
        }
    }

    /// Whether repeating a request has the same effect as sending it once (RFC 9110 section 9.2.2).
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }

    package init(_ bytes: UnsafeRawBufferPointer) {
        let candidate: Method =
            switch (bytes.count, bytes.first) {
            case (3, UInt8(ascii: "G")): .get
            case (4, UInt8(ascii: "P")): .post
            case (3, UInt8(ascii: "P")): .put
            case (4, UInt8(ascii: "H")): .head
            case (6, UInt8(ascii: "D")): .delete
            case (7, UInt8(ascii: "O")): .options
            case (5, UInt8(ascii: "P")): .patch
            case (5, UInt8(ascii: "T")): .trace
            case (7, UInt8(ascii: "C")): .connect
            default: .other
            }
        self = ByteClass.equals(bytes, candidate.name) ? candidate : .other
    }
}

/// The request line and the fields of a request.
public struct RequestHead: ~Copyable, Sendable {
    /// The method of the request.
    public package(set) var method = Method.get
    /// The method's bytes. Like all ranges here, it refers to `headers.bytes`.
    package var methodName = ByteRange.empty
    /// The target as sent, in one of the forms of RFC 9112 section 3.2.
    package var target = ByteRange.empty
    /// The target's path and query: the whole target, or the part after the authority of an absolute target, which
    /// may be empty or begin with "?".
    package var pathAndQuery = ByteRange.empty
    /// Whether the target is an absolute `https` URL.
    package var isTargetHTTPS = false
    /// The normalized path, which routes match. Set when the request is routed.
    package var normalPath = ByteRange.empty
    /// The query after the "?". Its offset is 0 if there is none.
    package var queryRange = ByteRange.empty
    /// Whether the request came by HTTP/2. Its minor version is 1, because it may be forwarded as HTTP/1.1.
    package var isHTTP2 = false
    /// The minor version of HTTP/1.
    package var minorVersion: UInt8 = 1
    /// The fields sent upstream. Hop-by-hop fields are already removed.
    public var headers = HeaderBlock()
    package var framing = BodyFraming.none
    /// The authority of an absolute target, or the value of `Host`. Empty in HTTP/1.0 without either.
    package var host = ByteRange.empty
    package var keepAlive = true
    /// Whether `Connection` lists options other than `close` and `keep-alive`.
    package var connectionNamesFields = false
    package var expectsContinue = false

    package init() {}

    /// Creates a head with the same bytes, so that ranges of one are valid in the other.
    package init(copying other: borrowing RequestHead) {
        self.method = other.method
        self.methodName = other.methodName
        self.target = other.target
        self.pathAndQuery = other.pathAndQuery
        self.isTargetHTTPS = other.isTargetHTTPS
        self.normalPath = other.normalPath
        self.queryRange = other.queryRange
        self.isHTTP2 = other.isHTTP2
        self.minorVersion = other.minorVersion
        self.headers = HeaderBlock(copying: other.headers)
        self.framing = other.framing
        self.host = other.host
        self.keepAlive = other.keepAlive
        self.connectionNamesFields = other.connectionNamesFields
        self.expectsContinue = other.expectsContinue
    }
}

/// The status line and the fields of a response.
public struct ResponseHead: ~Copyable, Sendable {
    /// From 200 to 599.
    public package(set) var status = 200 { didSet { self.reason = nil } }
    /// The reason phrase that the upstream sent with this status, possibly empty. Nil for the standard phrase.
    package var reason: ByteRange?
    package var minorVersion: UInt8 = 1
    /// The fields sent to the client. Hop-by-hop fields are already removed.
    public var headers = HeaderBlock()
    package var framing = BodyFraming.none
    package var keepAlive = true
    /// Whether `Connection` lists options other than `close` and `keep-alive`.
    package var connectionNamesFields = false

    package init() {}

    package var isInformational: Bool { self.status < 200 }
}
