/// IPv6 addresses that embed the address of an IPv4 host.
///
/// Restrictions apply to the embedded IPv4 address, so that a client cannot evade them with a translator or a tunnel.
/// Permissions need more care, because an IPv6 host can forge any such address.
extension IPAddress {
    /// The IPv4 address embedded by NAT64 (`64:ff9b::/96`, RFC 6052) or 6to4 (`2002::/16`, RFC 3056). Nil for any
    /// other address. IPv4-mapped addresses are already IPv4 addresses.
    package var embeddedIPv4: IPAddress? {
        guard self.isIPv6 else { return nil }
        if self.high == 0x0064_FF9B_0000_0000, self.low >> 32 == 0 {
            return IPAddress(ipv4: UInt32(truncatingIfNeeded: self.low))
        }
        if self.high >> 48 == 0x2002 { return IPAddress(ipv4: UInt32(truncatingIfNeeded: self.high >> 16)) }
        return nil
    }

    /// The address that limits apply to.
    package var counted: IPAddress { self.embeddedIPv4 ?? self }

    /// Whether this is an IPv4 address that may occur on the Internet. Others are never translated or tunneled (RFC
    /// 6052 section 3.1, RFC 3056 section 2), so an address that embeds one is forged.
    package var isPublicIPv4: Bool {
        func isIn(_ first: UInt64, _ bits: UInt64) -> Bool { self.low >> (32 - bits) == first >> (32 - bits) }
        guard !self.isIPv6, self.low >> 28 < 0xE else { return false }
        // 0/8, 10/8, 127/8, 100.64/10, 169.254/16, 172.16/12, 192.168/16
        return !isIn(0, 8) && !isIn(0x0A00_0000, 8) && !isIn(0x7F00_0000, 8) && !isIn(0x6440_0000, 10)
            && !isIn(0xA9FE_0000, 16) && !isIn(0xAC10_0000, 12) && !isIn(0xC0A8_0000, 16)
    }
}
