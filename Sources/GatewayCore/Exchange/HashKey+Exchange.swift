package import GatewayHTTP
import GatewayHTTP1
import NIOCore

extension HashKey {
    /// Returns the hash of the request. Uses FNV-1a, so that every gateway in a fleet computes the same hash.
    ///
    /// The client's address replaces a missing header, cookie, certificate or credential, unless the response will set the cookie.
    func hash(of exchange: Exchange) -> UInt64 {
        var hash: UInt64 = FNV1a.seed64
        for part in self.parts {
            self.mix(part, of: exchange, into: &hash)
            hash = FNV1a.combine(hash, 0xFF)
        }
        return hash
    }

    private func mix(_ part: KeyPart, of exchange: Exchange, into hash: inout UInt64) {
        switch part {
        case .clientIP: Self.mix(exchange.clientAddress.text, into: &hash)
        case .clientCertificateSubject:
            guard let subject = exchange.clientCertificateSubject else {
                return Self.mix(exchange.clientAddress.text, into: &hash)
            }
            Self.mix(subject.utf8, into: &hash)
        case .consumer: Self.mix(exchange.callerName(), orAddressOf: exchange, into: &hash)
        case .apiKey: Self.mix(exchange.callerName(kind: "api_key"), orAddressOf: exchange, into: &hash)
        case .claim(let path): Self.mix(exchange.claim(path), orAddressOf: exchange, into: &hash)
        case .route: Self.mix(exchange.plan.nameBytes, into: &hash)
        case .global: break
        case .header(let name):
            guard let value = exchange.request.headers.first(name) else {
                return Self.mix(exchange.clientAddress.text, into: &hash)
            }
            exchange.request.headers.withBytes(value) { Self.mix($0, into: &hash) }
        case .cookie(let name):
            if let value = exchange.cookie(name) {
                exchange.request.headers.withBytes(value) { Self.mix($0, into: &hash) }
            } else if self.makesCookie {
                let value = Array(String(exchange.worker.random.next(), radix: 36).utf8)
                NewCookies.add(name, value, to: exchange)
                Self.mix(value, into: &hash)
            } else {
                Self.mix(exchange.clientAddress.text, into: &hash)
            }
        }
    }

    private static func mix(_ text: String?, orAddressOf exchange: Exchange, into hash: inout UInt64) {
        if let text { Self.mix(text.utf8, into: &hash) } else { Self.mix(exchange.clientAddress.text, into: &hash) }
    }

    private static func mix(_ bytes: some Sequence<UInt8>, into hash: inout UInt64) {
        for byte in bytes { hash = FNV1a.combine(hash, byte) }
    }
}

extension Exchange {
    /// Returns the value of the first cookie with this name (RFC 6265 section 4.2).
    package func cookie(_ name: [UInt8]) -> ByteRange? {
        for field in self.request.headers.fields where field.id == .cookie {
            let found: ByteRange? = self.request.headers.withBytes(field.value) { value in
                var start = 0
                while start < value.count {
                    var end = start
                    while end < value.count, value[end] != UInt8(ascii: ";") { end += 1 }
                    while start < end, value[start] == 0x20 || value[start] == 0x09 { start += 1 }
                    let valueStart = start + name.count + 1
                    if valueStart <= end, value[valueStart - 1] == UInt8(ascii: "="),
                        value[start..<(valueStart - 1)].elementsEqual(name)
                    {
                        return ByteRange(offset: field.value.offset + valueStart, count: end - valueStart)
                    }
                    start = end + 1
                }
                return nil
            }
            if let found { return found }
        }
        return nil
    }
}
