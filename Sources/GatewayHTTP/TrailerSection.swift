/// The fields that follow a body (RFC 9110 section 6.5). They are rare, so an object for them is affordable.
package final class TrailerSection: Sendable {
    package let fields: HeaderBlock

    package init(_ fields: consuming HeaderBlock) { self.fields = fields }

    /// Creates a section from the received fields that are allowed in it, or nil if there are none. Trailers must not
    /// frame, route or authenticate a message (RFC 9110 section 6.5.1).
    package convenience init?(received fields: consuming HeaderBlock) {
        fields.removeAll { _, field in field.id.isHopByHop || field.id.isForbiddenInTrailers }
        guard fields.count > 0 else { return nil }
        self.init(fields)
    }

    /// Returns the section without the fields that satisfy `condition`, or nil if none is left.
    package func removing(where condition: (borrowing HeaderBlock, HeaderBlock.Field) -> Bool) -> TrailerSection? {
        var rest = HeaderBlock()
        for field in self.fields.fields where !condition(self.fields, field) { rest.add(field, from: self.fields) }
        if rest.count == self.fields.count { return self }
        return rest.count > 0 ? TrailerSection(rest) : nil
    }
}

extension FieldID {
    fileprivate var isForbiddenInTrailers: Bool {
        switch self {
        case .contentLength, .host, .contentEncoding, .contentType, .contentRange, .authorization, .setCookie, .cookie,
            .cacheControl, .expect, .range, .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange,
            .maxForwards, .age, .expires, .date, .location, .retryAfter, .vary, .wwwAuthenticate, .forwarded,
            .xForwardedFor, .xForwardedHost, .xForwardedPort, .xForwardedProto, .xRealIP, .xCSPNonce, .xRequestID,
            .xRequestTimeoutMS, .xGatewayMirror:
            true
        default: false
        }
    }
}
