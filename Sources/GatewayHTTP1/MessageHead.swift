/// How long a message's body is (RFC 9112 section 6.3).
package enum BodyFraming: Hashable, Sendable {
    case none
    case length(Int)
    case chunked
    /// Responses only: the end of the connection is the end of the body.
    case untilClose
}

/// A request method. `other` keeps its bytes in the head.
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

    /// RFC 9110 section 9.2.2: doing it twice means the same as doing it once.
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }

    package init(_ bytes: UnsafeRawBufferPointer) {
        for method in Self.allCases where method != .other {
            let name = UnsafeRawBufferPointer(method.name)
            if name.count == bytes.count, name.elementsEqual(bytes) {
                self = method
                return
            }
        }
        self = .other
    }
}

/// A request's first line and fields, as indexed by ``RequestParser``.
package struct RequestHead: Sendable {
    package var method = Method.get
    /// The method's bytes, in `headers.bytes` like all ranges here.
    package var methodName = ByteRange.empty
    package var target = ByteRange.empty
    /// Of version 1.
    package var minorVersion: UInt8 = 1
    package var headers = HeaderBlock()
    package var framing = BodyFraming.none
    /// The value of `Host`, empty in HTTP/1.0 without one.
    package var host = ByteRange.empty
    package var keepAlive = true
    package var expectsContinue = false

    package init() {}
}

/// A response's first line and fields, as indexed by ``ResponseParser``.
package struct ResponseHead: Sendable {
    package var status = 200
    package var reason = ByteRange.empty
    package var minorVersion: UInt8 = 1
    package var headers = HeaderBlock()
    package var framing = BodyFraming.none
    package var keepAlive = true

    package init() {}

    package var isInformational: Bool { self.status < 200 }
}
