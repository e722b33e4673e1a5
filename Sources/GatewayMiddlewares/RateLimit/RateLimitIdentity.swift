import GatewayCore
import GatewayHTTP
import GatewaySettings

/// Identifies the client of a request, as a key of fixed size.
struct RateLimitIdentity {
    /// Precedes each part, so that different parts never hash alike.
    private enum Tag: UInt8 {
        case ipv4, ipv6, noAddress, route, header, cookie, subject, sharedIPv4, sharedIPv6, shared, consumer, claim
    }

    private let parts: [KeyPart]
    private let seed: SipHash.Seed
    /// The prefix of an IPv6 address that identifies a client, because clients have whole networks.
    private let mask: (high: UInt64, low: UInt64)
    /// A shared block is never smaller than one client's network.
    private let blockMask: UInt64

    /// - Parameter ipv6Prefix: in bits, 1 to 128.
    init(_ source: KeySource, ipv6Prefix: Int, seed: SipHash.Seed) {
        self.parts = source.parts.map(KeyPart.init)
        self.seed = seed
        // Invalid values were already reported. Build with a default so that checking can continue.
        let bits = min(max(1, ipv6Prefix), 128)
        self.mask = (Self.mask(bits: bits), Self.mask(bits: bits - 64))
        self.blockMask = Self.mask(bits: min(48, bits))
    }

    /// If the header, cookie, certificate or credential is missing, the client's address is used.
    package func key(of exchange: Exchange) -> RateLimitKey {
        var hash = SipHash(seed: self.seed)
        for part in self.parts {
            switch part {
            case .clientIP: self.combine(exchange.clientAddress, into: &hash)
            case .global: break
            case .clientCertificateSubject:
                if var subject = exchange.clientCertificateSubject {
                    subject.withUTF8 { Self.combine(.subject, UnsafeRawBufferPointer($0), into: &hash) }
                } else {
                    self.combine(exchange.clientAddress, into: &hash)
                }
            case .consumer: self.combine(.consumer, exchange.callerName(), of: exchange, into: &hash)
            case .apiKey: self.combine(.consumer, exchange.callerName(kind: "api_key"), of: exchange, into: &hash)
            case .claim(let path): self.combine(.claim, exchange.claim(path), of: exchange, into: &hash)
            case .route:
                exchange.plan.nameBytes.withUnsafeBytes { Self.combine(.route, $0, into: &hash) }
            case .header(let name):
                if let value = exchange.request.headers.first(name) {
                    exchange.request.headers.withBytes(value) { Self.combine(.header, $0, into: &hash) }
                } else {
                    self.combine(exchange.clientAddress, into: &hash)
                }
            case .cookie(let name):
                if let value = exchange.cookie(name) {
                    exchange.request.headers.withBytes(value) { Self.combine(.cookie, $0, into: &hash) }
                } else {
                    self.combine(exchange.clientAddress, into: &hash)
                }
            }
        }
        return RateLimitKey(hash)
    }

    /// The shared key when there is no capacity for the client's key: its /24 or /48, whatever the key is made of, so
    /// that a flood of invented keys only affects the network that it comes from.
    func sharedKey(of exchange: Exchange) -> RateLimitKey {
        var hash = SipHash(seed: self.seed)
        if let ip = exchange.clientAddress.ip?.counted {
            hash.combine((ip.isIPv6 ? Tag.sharedIPv6 : .sharedIPv4).rawValue)
            hash.combine(ip.isIPv6 ? ip.high & self.blockMask : ip.low >> 8)
        } else {
            hash.combine(Tag.shared.rawValue)
        }
        return RateLimitKey(hash)
    }

    private func combine(_ tag: Tag, _ text: String?, of exchange: Exchange, into hash: inout SipHash) {
        guard var text else { return self.combine(exchange.clientAddress, into: &hash) }
        text.withUTF8 { Self.combine(tag, UnsafeRawBufferPointer($0), into: &hash) }
    }

    private func combine(_ address: ClientAddress, into hash: inout SipHash) {
        guard let ip = address.ip?.counted else { return hash.combine(Tag.noAddress.rawValue) }
        if ip.isIPv6 {
            hash.combine(Tag.ipv6.rawValue)
            hash.combine(ip.high & self.mask.high)
            hash.combine(ip.low & self.mask.low)
        } else {
            hash.combine(Tag.ipv4.rawValue)
            hash.combine(ip.low)
        }
    }

    private static func combine(_ tag: Tag, _ bytes: UnsafeRawBufferPointer, into hash: inout SipHash) {
        hash.combine(tag.rawValue)
        hash.combine(UInt64(truncatingIfNeeded: bytes.count))
        hash.combine(bytes)
    }

    /// A mask of the highest bits.
    private static func mask(bits: Int) -> UInt64 {
        bits <= 0 ? 0 : bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits))
    }
}
