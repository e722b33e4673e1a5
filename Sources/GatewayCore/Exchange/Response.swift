package import GatewayHTTP
import GatewayHTTP1
public import NIOCore

/// A response that a middleware or the gateway generates without an upstream.
public struct Response: Sendable {
    /// The status, from 200 to 599.
    public var status: Int
    package var fields = PreparedFields()
    /// The whole body.
    public var body: ByteBuffer

    /// - Parameters:
    ///   - status: The status, from 200 to 599.
    ///   - headers: Names and values. The gateway adds `Content-Length`.
    ///   - body: The whole body.
    public init(status: Int, headers: [(String, String)] = [], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.body = body
        if !headers.isEmpty { self.add { for (name, value) in headers { $0.add(HeaderName(name), value.utf8) } } }
    }

    package mutating func add(_ name: FieldID, _ value: String) { self.add { $0.add(HeaderName(name), value.utf8) } }

    package mutating func add(_ write: (inout HeaderBlock) -> Void) {
        self.fields = PreparedFields(self.fields, write)
    }
}
