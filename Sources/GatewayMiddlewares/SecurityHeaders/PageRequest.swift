import GatewayCore
import GatewayHTTP

/// Whether a request is for a page, where a nonce has an effect.
///
/// Browsers send `Sec-Fetch-Dest` (Fetch Metadata Request Headers section 2.1). Older ones list `text/html` in `Accept`
/// when they navigate, but not when they load scripts, styles or images.
enum PageRequest {
    private static let destination = HeaderName("Sec-Fetch-Dest")
    private static let pages: [StaticString] = ["document", "iframe", "frame", "embed", "object"]

    static func isForPage(_ headers: borrowing HeaderBlock) -> Bool {
        if let destination = headers.first(self.destination) {
            for page in self.pages where headers.equals(destination, page) { return true }
            return false
        }
        var acceptsHTML = false
        headers.forEachMember(of: .accept) { member in
            let end = member.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? member.count
            let type = UnsafeRawBufferPointer(rebasing: member[..<end])
            if ByteClass.equalsIgnoringCase(type, UnsafeRawBufferPointer("text/html")) { acceptsHTML = true }
        }
        return acceptsHTML
    }
}

extension Exchange {
    /// Whether the response carries a nonce, so that it is neither tagged nor stored.
    var responseCarriesNonce: Bool {
        guard self[SecurityHeadersMiddleware.nonce] != nil, self.response.status != 304,
            let type = self.response.headers.first(.contentType)
        else { return false }
        return self.response.headers.withBytes(type, HTMLMediaType.isDocument)
    }
}
