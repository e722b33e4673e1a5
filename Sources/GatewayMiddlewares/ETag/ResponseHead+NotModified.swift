import GatewayCore
import GatewayHTTP

/// Turns the head of a 200 into that of a 304 (RFC 9110 section 15.4.5): keeps `Cache-Control`, `Content-Location`,
/// `Date`, `ETag`, `Expires`, `Vary` and everything else that does not describe the missing body.
extension ResponseHead {
    mutating func becomeNotModified() {
        self.status = 304
        self.framing = .none
        let hasTag = self.headers.contains(.etag)
        self.headers.removeAll { block, field in Self.isAboutBody(field, in: block, hasTag: hasTag) }
    }

    /// The same as a new response, for a body that is abandoned.
    func asNotModified() -> Response {
        let hasTag = self.headers.contains(.etag)
        var response = Response(status: 304)
        response.add { block in
            for field in self.headers.fields where !Self.isAboutBody(field, in: self.headers, hasTag: hasTag) {
                block.add(field, from: self.headers)
            }
        }
        return response
    }

    private static func isAboutBody(
        _ field: HeaderBlock.Field,
        in block: borrowing HeaderBlock,
        hasTag: Bool
    ) -> Bool {
        switch field.id {
        case .contentType, .contentLength, .contentEncoding, .contentRange, .contentDisposition, .trailer: true
        // Only useful to caches if there is no tag.
        case .lastModified: hasTag
        case .unknown:
            block.equals(field.name, "content-language") || IntegrityFields.contain(field, in: block)
        default: false
        }
    }
}
