package import GatewayCore
import GatewayHTTP
package import NIOCore

/// Redirects requests that came without TLS to the same URL on https, for `server.https_redirect`.
///
/// It is the last step of a separate chain, and part of no other.
package struct HTTPSRedirectMiddleware: RequestHook {
    package struct Config: Codable, Sendable {
        package init() {}
    }

    package static let name = "https_redirect"

    private let worker: Worker

    package init(_ config: Config, in context: inout BuildContext) { self.worker = context.worker }

    package func request(_ exchange: Exchange) -> Decision {
        let host = exchange.clientHost
        guard !host.isEmpty else {
            return .fail(.badRequest("The request has no Host, so it cannot be sent to https."))
        }
        var location = ByteBuffer()
        exchange.request.headers.bytes.withUnsafeReadableBytes { bytes in
            func slice(_ range: ByteRange) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: bytes[range.offset..<range.end])
            }
            // The offset of a query is never 0.
            let query = exchange.query.offset > 0 ? slice(exchange.query) : nil
            Self.write(slice(host), slice(exchange.rawPath), query, port: self.worker.httpsPort, into: &location)
        }
        var response = Response(status: 308)
        response.add { $0.add(HeaderName(.location), location.readableBytesView) }
        return .respond(response)
    }

    /// Writes the URL on https.
    ///
    /// - Parameters:
    ///   - host: The requested host, which may have a port.
    ///   - query: Nil if there is no question mark.
    ///   - port: The port of https, which the URL names unless it is 443.
    package static func write(
        _ host: UnsafeRawBufferPointer,
        _ path: UnsafeRawBufferPointer,
        _ query: UnsafeRawBufferPointer?,
        port: Int,
        into location: inout ByteBuffer
    ) {
        location.writeStaticString("https://")
        location.writeBytes(self.withoutPort(host))
        if port != 443 { location.writeString(":\(port)") }
        if path.isEmpty { location.writeStaticString("/") } else { location.writeBytes(path) }
        guard let query else { return }
        location.writeStaticString("?")
        location.writeBytes(query)
    }

    /// Returns the host without its port. The colons of an IPv6 address are in brackets.
    private static func withoutPort(_ host: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        guard let colon = host.lastIndex(of: UInt8(ascii: ":")), !host[colon...].contains(UInt8(ascii: "]")) else {
            return host
        }
        return UnsafeRawBufferPointer(rebasing: host[..<colon])
    }
}
