import GatewayHTTP
package import NIOCore

/// Reads the header of the PROXY protocol, version 1 or 2, at the start of a connection. The header may arrive in any
/// number of pieces.
///
/// At most 52 bytes of a version 2 header are kept. Type-length-value fields are skipped as they arrive; the header's
/// length field limits them to 64 KiB.
package struct ProxyHeaderParser {
    /// The length of the longest line of version 1, with its end (section 2.1).
    static let maxLine = 107
    /// Signature, command, family and length of version 2.
    private static let fixedPart = 16

    private enum State {
        /// Next: line, fixedPart
        case signature
        /// Next: done
        case line
        /// Next: addresses, skipping
        case fixedPart
        /// The addresses of this family, followed by this many other bytes. Next: skipping
        case addresses(ProxyFamily, rest: Int)
        /// The header is known, but not complete. Next: done
        case skipping(Int, ProxyHeader)
        /// Final.
        case done
    }

    private var state = State.signature
    private var bytes: [UInt8] = []

    package init() {}

    /// Whether a part of the header has arrived.
    package var hasBegun: Bool { !self.bytes.isEmpty }

    /// Takes the header from the front of `input`. Bytes after it remain there.
    ///
    /// - Returns: The header, or nil if more bytes are needed.
    package mutating func read(_ input: inout ByteBuffer) throws(MalformedProxyHeader) -> ProxyHeader? {
        while true {
            switch self.state {
            case .signature: guard try self.readSignature(&input) else { return nil }
            case .line:
                guard try self.readLine(&input) else { return nil }
                self.state = .done
                return try Self.header(ofLine: self.bytes)
            case .fixedPart:
                guard self.fill(to: Self.fixedPart, from: &input) else { return nil }
                try self.fixedPartRead()
            case .addresses(let family, let rest):
                guard self.fill(to: Self.fixedPart + family.addressBytes, from: &input) else { return nil }
                self.state = .skipping(rest, Self.header(family, self.bytes[Self.fixedPart...]))
            case .skipping(let count, let header):
                let skipped = min(count, input.readableBytes)
                input.moveReaderIndex(forwardBy: skipped)
                guard skipped == count else {
                    self.state = .skipping(count - skipped, header)
                    return nil
                }
                self.state = .done
                return header
            case .done: return nil
            }
        }
    }

    /// Moves bytes from `input` until there are `count`. Returns false if there are not enough.
    private mutating func fill(to count: Int, from input: inout ByteBuffer) -> Bool {
        let missing = min(count - self.bytes.count, input.readableBytes)
        if missing > 0, let piece = input.readBytes(length: missing) { self.bytes += piece }
        return self.bytes.count == count
    }

    /// Fails at the first byte that belongs to neither signature, so that other clients are not kept waiting.
    private mutating func readSignature(_ input: inout ByteBuffer) throws(MalformedProxyHeader) -> Bool {
        while let byte = input.readInteger(as: UInt8.self) {
            let index = self.bytes.count
            self.bytes.append(byte)
            let isLine = self.bytes[0] == ProxySignature.v1[0]
            let signature = isLine ? ProxySignature.v1 : ProxySignature.v2
            guard byte == signature[index] else { throw MalformedProxyHeader(.noHeader) }
            if index + 1 == signature.count {
                self.state = isLine ? .line : .fixedPart
                return true
            }
        }
        return false
    }

    // MARK: Version 1

    private mutating func readLine(_ input: inout ByteBuffer) throws(MalformedProxyHeader) -> Bool {
        while let byte = input.readInteger(as: UInt8.self) {
            let isEnd = byte == 0x0A && self.bytes.last == 0x0D
            self.bytes.append(byte)
            if isEnd { return true }
            guard self.bytes.count < Self.maxLine else { throw MalformedProxyHeader(.longLine) }
        }
        return false
    }

    private static func header(ofLine bytes: [UInt8]) throws(MalformedProxyHeader) -> ProxyHeader {
        let fields = bytes.dropLast(2).split(separator: 0x20, omittingEmptySubsequences: false)
        // Everything after `UNKNOWN` must be ignored.
        if fields.count > 1, fields[1].elementsEqual("UNKNOWN".utf8) { return .unknown }
        guard fields.count == 6 else { throw MalformedProxyHeader(.line) }
        let separator: UInt8
        if fields[1].elementsEqual("TCP4".utf8) {
            separator = UInt8(ascii: ".")
        } else if fields[1].elementsEqual("TCP6".utf8) {
            separator = UInt8(ascii: ":")
        } else {
            throw MalformedProxyHeader(.line)
        }
        func endpoint(_ address: ArraySlice<UInt8>, _ port: ArraySlice<UInt8>) throws(MalformedProxyHeader)
            -> ProxyEndpoint
        {
            // An IPv4-mapped IPv6 address has both separators. Only IPv6 addresses have colons.
            guard address.contains(separator), separator == 0x3A || !address.contains(0x3A),
                let ip = IPAddress(String(decoding: address, as: UTF8.self)), let port = Self.port(port)
            else { throw MalformedProxyHeader(.line) }
            return ProxyEndpoint(ip, port: port)
        }
        return .forwarded(
            source: try endpoint(fields[2], fields[4]),
            destination: try endpoint(fields[3], fields[5])
        )
    }

    /// Ports have no leading zeros (section 2.1).
    private static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard let first = digits.first, digits.count == 1 || first != 0x30 else { return nil }
        return Int(digits: String(decoding: digits, as: UTF8.self)).flatMap(UInt16.init(exactly:))
    }

    // MARK: Version 2

    private mutating func fixedPartRead() throws(MalformedProxyHeader) {
        guard self.bytes[12] >> 4 == 2 else { throw MalformedProxyHeader(.version) }
        guard let command = ProxyCommand(rawValue: self.bytes[12] & 0xF) else { throw MalformedProxyHeader(.command) }
        let length = Int(self.bytes[14]) << 8 | Int(self.bytes[15])
        // The family and the rest of a LOCAL header must be ignored.
        if command == .local {
            self.state = .skipping(length, .local)
            return
        }
        guard let family = ProxyFamily(rawValue: self.bytes[13]) else { throw MalformedProxyHeader(.family) }
        guard length >= family.addressBytes else { throw MalformedProxyHeader(.length) }
        switch family {
        case .tcp4, .udp4, .tcp6, .udp6: self.state = .addresses(family, rest: length - family.addressBytes)
        // A client on a Unix socket has no address that the gateway could use.
        case .unspecified, .unixStream, .unixDatagram: self.state = .skipping(length, .unknown)
        }
    }

    /// Both addresses are followed by both ports.
    private static func header(_ family: ProxyFamily, _ bytes: ArraySlice<UInt8>) -> ProxyHeader {
        let size = (family.addressBytes - 4) / 2
        func number(at offset: Int, _ count: Int) -> UInt64 {
            bytes.dropFirst(offset).prefix(count).reduce(0) { $0 << 8 | UInt64($1) }
        }
        func address(at offset: Int) -> IPAddress {
            if size == 4 { return IPAddress(ipv4: UInt32(truncatingIfNeeded: number(at: offset, 4))) }
            return IPAddress(ipv6High: number(at: offset, 8), low: number(at: offset + 8, 8))
        }
        func port(at offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: number(at: offset, 2)) }
        return .forwarded(
            source: ProxyEndpoint(address(at: 0), port: port(at: 2 * size)),
            destination: ProxyEndpoint(address(at: size), port: port(at: 2 * size + 2))
        )
    }
}
