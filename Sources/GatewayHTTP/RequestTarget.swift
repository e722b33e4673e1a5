/// A request target, parsed from any of its forms (RFC 9112 section 3.2) and validated.
package struct RequestTarget {
    package var whole = ByteRange.empty
    /// The authority of the absolute form, which overrides `Host`.
    package var authority: ByteRange?
    /// Whether the target is an absolute `https` URL.
    package var isHTTPS = false
    /// The part after the authority.
    package var path = ByteRange.empty

    package init() {}

    package mutating func parse(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        method: Method
    ) throws(MessageError) {
        self.whole = ByteRange(offset: range.lowerBound, count: range.count)
        self.path = self.whole
        let target = UnsafeRawBufferPointer(rebasing: bytes[range])
        if method == .connect {
            // RFC 9112 section 3.2.3: only CONNECT uses the authority form. It results in 405 whatever its form.
            self.path = .empty
            if ByteClass.isAuthority(target) { self.authority = self.whole }
        } else if target.first != UInt8(ascii: "/") {
            // RFC 9112 section 3.2.4: the asterisk form is only for OPTIONS.
            if method == .options, target.count == 1, target.first == UInt8(ascii: "*") { return }
            try self.parseAbsolute(target, at: range.lowerBound)
        }
    }

    /// Parses `scheme "://" authority path-abempty [ "?" query ]` (RFC 9112 section 3.2.2) with one of the two
    /// supported schemes.
    private mutating func parseAbsolute(_ target: UnsafeRawBufferPointer, at offset: Int) throws(MessageError) {
        guard let start = Self.authorityStart(of: target) else { throw .malformed("request target") }
        self.isHTTPS = start == "https://".utf8.count
        var end = start
        while end < target.count, target[end] != UInt8(ascii: "/"), target[end] != UInt8(ascii: "?") { end &+= 1 }
        // User information before the host is an error (RFC 9110 section 4.2.4), which `isAuthority` rejects.
        guard ByteClass.isAuthority(UnsafeRawBufferPointer(rebasing: target[start..<end])) else {
            throw .malformed("request target")
        }
        self.authority = ByteRange(offset: offset + start, count: end - start)
        self.path = ByteRange(offset: offset + end, count: target.count - end)
    }

    private static func authorityStart(of target: UnsafeRawBufferPointer) -> Int? {
        for scheme: StaticString in ["http://", "https://"] {
            let prefix = UnsafeRawBufferPointer(scheme)
            guard target.count > prefix.count else { continue }
            let start = UnsafeRawBufferPointer(rebasing: target[..<prefix.count])
            if ByteClass.equalsIgnoringCase(start, prefix) { return prefix.count }
        }
        return nil
    }
}
