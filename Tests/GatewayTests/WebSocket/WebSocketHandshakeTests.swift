import GatewayHTTP
import GatewayWebSocket
import Testing

struct WebSocketHandshakeTests {
    @Test func `the accepted key is that of RFC 6455 section 1.3`() {
        let accept = "dGhlIHNhbXBsZSBub25jZQ==".utf8.withContiguousStorageIfAvailable {
            WebSocketHandshake.accept(for: UnsafeRawBufferPointer($0))
        }
        #expect(accept == Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8))
    }

    @Test func `a new key is accepted`() {
        var random = SystemRandomNumberGenerator()
        let key = String(decoding: WebSocketHandshake.makeKey(using: &random), as: UTF8.self)
        #expect(Self.check(key: key) == .handshake)
    }

    @Test(
        arguments: [
            ("", .malformed), ("dGhlIHNhbXBsZSBub25jZQ", .malformed), ("dGhlIHNhbXBsZSBub25jZQ=?", .malformed),
            ("dGhlIHNhbXBsZSBub25j!Q==", .malformed), ("dGhlIHNhbXBsZSBub25jZQ==", .handshake),
        ] as [(String, Kind)]
    )
    func `the key has to be 16 bytes in Base64`(key: String, kind: Kind) {
        #expect(Kind(Self.check(key: key)) == kind)
    }

    @Test func `a handshake is a GET of HTTP-1.1 without a body, with both connection fields and version 13`() {
        #expect(Self.check { _ in } == .handshake)
        #expect(Kind(Self.check { $0.method = .post }) == .malformed)
        #expect(Kind(Self.check { $0.framing = .length(1) }) == .malformed)
        #expect(Self.check { $0.minorVersion = 0 } == .unrelated)
        #expect(Self.check { $0.headers.remove(.upgrade) } == .unrelated)
        #expect(Self.check { $0.headers.remove(.connection) } == .unrelated)
        #expect(Self.check { $0.headers.set(HeaderName(.upgrade), "h2c, WebSocket".utf8) } == .handshake)
        #expect(Self.check { $0.headers.set(HeaderName(.connection), "keep-alive, Upgrade".utf8) } == .handshake)
        #expect(Self.check { $0.headers.set(WebSocketHandshake.versionName, "8".utf8) } == .unsupportedVersion)
        #expect(Self.check { $0.headers.removeAll(WebSocketHandshake.versionName) } == .unsupportedVersion)
        #expect(Self.check { $0.headers.add(WebSocketHandshake.versionName, "13") } == .unsupportedVersion)
        #expect(Kind(Self.check { $0.headers.removeAll(WebSocketHandshake.keyName) }) == .malformed)
    }

    @Test func `an extended CONNECT needs neither a key nor connection fields`() {
        var request = RequestHead()
        request.headers.add(WebSocketHandshake.versionName, "13")
        #expect(WebSocketHandshake.check(request, isExtendedConnect: true) == .handshake)
        request.headers.removeAll(WebSocketHandshake.versionName)
        #expect(WebSocketHandshake.check(request, isExtendedConnect: true) == .unsupportedVersion)
    }

    @Test func `the response has to repeat the protocol and derive its value from the key`() {
        let accept = Array("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".utf8)
        func check(_ change: (inout ResponseHead) -> Void) -> WebSocketHandshake.OnResponse {
            var response = ResponseHead()
            response.headers.add(HeaderName(.upgrade), "WebSocket")
            response.headers.add(HeaderName(.connection), "Upgrade")
            response.headers.add(WebSocketHandshake.acceptName, accept)
            change(&response)
            return WebSocketHandshake.check(response, accept: accept)
        }
        #expect(check { _ in } == .accepted)
        #expect(check { $0.headers.remove(.upgrade) } != .accepted)
        #expect(check { $0.headers.remove(.connection) } != .accepted)
        #expect(check { $0.headers.removeAll(WebSocketHandshake.acceptName) } != .accepted)
        #expect(check { $0.headers.set(WebSocketHandshake.acceptName, "x".utf8) } != .accepted)
        #expect(check { $0.headers.add(WebSocketHandshake.acceptName, accept) } != .accepted)
    }

    enum Kind: Sendable {
        case unrelated, handshake, malformed, unsupportedVersion

        init(_ result: WebSocketHandshake.OnRequest) {
            self =
                switch result {
                case .unrelated: .unrelated
                case .handshake: .handshake
                case .malformed: .malformed
                case .unsupportedVersion: .unsupportedVersion
                }
        }
    }

    private static func check(
        key: String = "dGhlIHNhbXBsZSBub25jZQ==",
        _ change: (inout RequestHead) -> Void = { _ in }
    ) -> WebSocketHandshake.OnRequest {
        var request = RequestHead()
        request.headers.add(HeaderName(.upgrade), "websocket")
        request.headers.add(HeaderName(.connection), "Upgrade")
        request.headers.add(WebSocketHandshake.versionName, "13")
        request.headers.add(WebSocketHandshake.keyName, key.utf8)
        change(&request)
        return WebSocketHandshake.check(request, isExtendedConnect: false)
    }
}
