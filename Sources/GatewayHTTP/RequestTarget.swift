/// The forms of a request target (RFC 9112 section 3.2), told apart and checked.
package struct RequestTarget {
    package var whole = ByteRange.empty
    /// Of the absolute form: who is asked, whatever Host says.
    package var authority: ByteRange?
    /// An absolute `https` URL.
    package var isHTTPS = false
    /// What comes behind the authority.
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
            // Section 3.2.3: authority-form is CONNECT's. Whatever form it comes in, it ends in 405.
            self.path = .empty
            if ByteClass.isAuthority(target) { self.authority = self.whole }
        } else if target.first != UInt8(ascii: "/") {
            // Section 3.2.4: asterisk-form is for OPTIONS.
            if method == .options, target.count == 1, target.first == UInt8(ascii: "*") { return }
            try self.parseAbsolute(target, at: range.lowerBound)
        }
    }

    /// `scheme "://" authority path-abempty [ "?" query ]` (section 3.2.2) of the two schemes that are served here.
    private mutating func parseAbsolute(_ target: UnsafeRawBufferPointer, at offset: Int) throws(MessageError) {
        guard let start = Self.authorityStart(of: target) else { throw .malformed("request target") }
        self.isHTTPS = start == "https://".utf8.count
        var end = start
        while end < target.count, target[end] != UInt8(ascii: "/"), target[end] != UInt8(ascii: "?") { end &+= 1 }
        // RFC 9110 section 4.2.4: user information before the host is an error, and isAuthority finds it one.
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
