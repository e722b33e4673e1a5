import Crypto
package import GatewayHTTP

/// The opening handshake of a WebSocket (RFC 6455 section 4), as a proxy checks it.
package enum WebSocketHandshake {
    package static let keyName = HeaderName(.secWebSocketKey)
    package static let versionName = HeaderName("Sec-WebSocket-Version")
    package static let acceptName = HeaderName("Sec-WebSocket-Accept")
    /// The only version that RFC 6455 defines.
    package static let version: StaticString = "13"

    package enum OnRequest: Hashable, Sendable {
        /// The request does not ask for a WebSocket.
        case unrelated
        case handshake
        case malformed(reason: String)
        case unsupportedVersion
    }

    /// Checks a request before its hop-by-hop fields are removed (RFC 6455 section 4.2.1).
    ///
    /// - Parameter isExtendedConnect: Whether the request is an extended CONNECT, which has neither a key nor fields
    ///   about the connection (RFC 8441 section 5).
    package static func check(_ request: borrowing RequestHead, isExtendedConnect: Bool) -> OnRequest {
        if !isExtendedConnect {
            // A server ignores `Upgrade` from HTTP/1.0, and without the connection option (RFC 9110 section 7.8).
            guard request.minorVersion > 0, request.headers.contains("websocket", in: .upgrade),
                request.headers.contains("upgrade", in: .connection)
            else { return .unrelated }
            guard request.method == .get else { return .malformed(reason: "A WebSocket handshake has to be a GET.") }
        }
        guard request.framing.isEmpty else { return .malformed(reason: "A WebSocket handshake has no body.") }
        guard request.headers.single(self.versionName, { $0.elementsEqual("13".utf8) }) else {
            return .unsupportedVersion
        }
        if !isExtendedConnect, !request.headers.single(self.keyName, self.isKey) {
            return .malformed(reason: "Sec-WebSocket-Key has to be 16 bytes in Base64.")
        }
        return .handshake
    }

    /// Returns whether the text is the Base64 form of 16 bytes.
    private static func isKey(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count == 24, text[22] == UInt8(ascii: "="), text[23] == UInt8(ascii: "=") else { return false }
        return text[..<22].allSatisfy { Base64.isDigit($0) }
    }

    /// Returns the value of `Sec-WebSocket-Accept` for a key (RFC 6455 section 4.2.2).
    package static func accept(for key: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = Insecure.SHA1()
        hash.update(bufferPointer: key)
        "258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8.withContiguousStorageIfAvailable {
            hash.update(bufferPointer: UnsafeRawBufferPointer($0))
        }
        return Base64.encode(hash.finalize())
    }

    /// Returns a new key.
    package static func makeKey(using random: inout some RandomNumberGenerator) -> [UInt8] {
        Base64.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }

    package enum OnResponse: Hashable, Sendable {
        case accepted
        case malformed(reason: String)
    }

    /// Checks a 101 response before its hop-by-hop fields are removed (RFC 6455 section 4.1).
    package static func check(_ response: borrowing ResponseHead, accept: [UInt8]) -> OnResponse {
        guard response.headers.contains("websocket", in: .upgrade) else {
            return .malformed(reason: "101 without Upgrade: websocket")
        }
        guard response.headers.contains("upgrade", in: .connection) else {
            return .malformed(reason: "101 without Connection: Upgrade")
        }
        guard response.headers.single(self.acceptName, { $0.elementsEqual(accept) }) else {
            return .malformed(reason: "101 with a wrong Sec-WebSocket-Accept")
        }
        return .accepted
    }
}

extension HeaderBlock {
    /// Returns whether the field occurs exactly once, with a value that satisfies the condition.
    fileprivate func single(_ name: HeaderName, _ condition: (UnsafeRawBufferPointer) -> Bool) -> Bool {
        var count = 0
        var isSatisfied = false
        for field in self.fields where self.matches(field, name) {
            count += 1
            isSatisfied = self.withBytes(field.value, condition)
        }
        return count == 1 && isSatisfied
    }
}
