import GatewayHTTP
package import GatewaySettings
package import NIOCore

extension ProxyHeader {
    /// The bytes of the header. Nil if none is sent.
    func bytes(_ version: ProxyProtocolVersion) -> ByteBuffer? {
        guard version != .off else { return nil }
        var buffer = ByteBuffer()
        self.write(version, into: &buffer)
        return buffer
    }

    /// Writes the header. If only one of two addresses is IPv4, it is written as an IPv4-mapped IPv6 address, because a
    /// header has one address family.
    package func write(_ version: ProxyProtocolVersion, into buffer: inout ByteBuffer) {
        switch version {
        case .off: break
        case .v1: self.writeLine(into: &buffer)
        case .v2: self.writeBinary(into: &buffer)
        }
    }

    private func writeLine(into buffer: inout ByteBuffer) {
        // Version 1 has no other way to say that the real addresses apply.
        guard case .forwarded(let source, let destination) = self else {
            buffer.writeStaticString("PROXY UNKNOWN\r\n")
            return
        }
        let isIPv6 = source.ip.isIPv6 || destination.ip.isIPv6
        func text(_ ip: IPAddress) -> String { isIPv6 && !ip.isIPv6 ? "::ffff:\(ip)" : ip.description }
        buffer.writeString("PROXY \(isIPv6 ? "TCP6" : "TCP4") \(text(source.ip)) \(text(destination.ip))")
        buffer.writeString(" \(source.port) \(destination.port)\r\n")
    }

    private func writeBinary(into buffer: inout ByteBuffer) {
        buffer.writeBytes(ProxySignature.v2)
        func begin(_ command: ProxyCommand, _ family: ProxyFamily) {
            buffer.writeInteger(0x20 | command.rawValue)
            buffer.writeInteger(family.rawValue)
            buffer.writeInteger(UInt16(family.addressBytes))
        }
        switch self {
        case .local: begin(.local, .unspecified)
        case .unknown: begin(.proxy, .unspecified)
        case .forwarded(let source, let destination):
            let isIPv6 = source.ip.isIPv6 || destination.ip.isIPv6
            begin(.proxy, isIPv6 ? .tcp6 : .tcp4)
            for ip in [source.ip, destination.ip] {
                if isIPv6 {
                    buffer.writeInteger(ip.high)
                    buffer.writeInteger(ip.isIPv6 ? ip.low : 0xFFFF << 32 | ip.low)
                } else {
                    buffer.writeInteger(UInt32(truncatingIfNeeded: ip.low))
                }
            }
            buffer.writeInteger(source.port)
            buffer.writeInteger(destination.port)
        }
    }
}
