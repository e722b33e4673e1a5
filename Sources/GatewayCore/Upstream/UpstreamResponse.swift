package import GatewayHTTP
import GatewayHTTP1
package import NIOCore

/// The parts of a response head that an upstream's connection and pool need. The caller keeps the head itself.
package struct UpstreamResponse: Equatable {
    package var status: Int
    var framing: BodyFraming
    /// Whether the upstream keeps the connection open after the response.
    var keepAlive: Bool
    /// The `Keep-Alive: timeout`, at most ``longestTimeout``.
    var timeout: TimeAmount?

    static let longestTimeout = TimeAmount.seconds(1_000_000)

    var isInformational: Bool { self.status < 200 }
}

extension ResponseParser {
    /// Reads the next head from the front of `bytes` into `head`.
    ///
    /// - Returns: Nil if more bytes are needed.
    package mutating func read(
        _ bytes: inout ByteBuffer,
        into head: inout ResponseHead,
        answering method: Method
    ) throws(MessageError) -> UpstreamResponse? {
        guard try self.parse(&bytes, into: &head, answering: method) else { return nil }
        var response = UpstreamResponse(status: head.status, framing: head.framing, keepAlive: head.keepAlive)
        if let value = head.headers.first(.keepAlive) {
            response.timeout = Self.timeout(in: head.headers.string(value))
        }
        return response
    }

    private static func timeout(in keepAlive: String) -> TimeAmount? {
        let parameters = keepAlive.split { $0 == "," || $0 == " " }
        guard let timeout = parameters.first(where: { $0.hasPrefix("timeout=") }),
            let seconds = Int(clampingDigits: timeout.dropFirst("timeout=".count))
        else { return nil }
        return seconds < 1_000_000 ? .seconds(Int64(seconds)) : UpstreamResponse.longestTimeout
    }
}
