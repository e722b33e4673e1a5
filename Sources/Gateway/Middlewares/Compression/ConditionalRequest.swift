import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// The request as compression sees it: what it accepts, and what it names in its conditions.
///
/// The upstream knows plain representations alone. A reader's condition is put to it where it names the representation
/// that this request would get; the tag of another coding stays as it is and matches nothing, so that no 304 speaks of
/// bytes that the client does not have. A writer means the resource, whatever the coding in which it was read.
enum ConditionalRequest {
    private static let acceptEncoding = FieldID.acceptEncoding
    private static let ifNoneMatch = HeaderName(.ifNoneMatch)
    private static let ifMatch = HeaderName(.ifMatch)
    private static let ifRange = HeaderName(.ifRange)
    private static let conditions: FieldSet = [.ifNoneMatch, .ifMatch, .ifRange]

    /// The coding that the response will have if it can be encoded.
    static func coding(of exchange: Exchange, from codings: ContiguousArray<ContentCoding>) -> ContentCoding? {
        guard exchange.request.headers.present.contains(.acceptEncoding) else { return nil }
        // RFC 9111 section 5.2.1.6.
        if exchange.request.headers.contains("no-transform", in: .cacheControl) { return nil }
        // BREACH: another site chooses what is asked for, the cookies choose the secret that is answered beside it, and
        // the length of what both make together tells the one from the other.
        if let site = exchange.request.headers.first(.secFetchSite), exchange.request.headers.contains(.cookie),
            exchange.request.headers.equals(site, "cross-site")
        {
            return nil
        }
        return AcceptEncoding(exchange.request.headers).best(of: codings)
    }

    /// - Returns: `If-None-Match` as it was before; empty where there was no suffix in it.
    static func removeSuffixes(of coding: ContentCoding?, from exchange: Exchange) -> ByteRange {
        guard exchange.request.headers.present.intersects(self.conditions) else { return .empty }
        let isReading = exchange.request.method == .get || exchange.request.method == .head
        if isReading, coding == nil { return .empty }
        let tags = isReading ? coding : nil
        let named = self.removeSuffixes(of: tags, from: self.ifNoneMatch, in: &exchange.request.headers)
        let matched = self.removeSuffixes(of: tags, from: self.ifMatch, in: &exchange.request.headers)
        let ranged = self.removeSuffixes(of: tags, from: self.ifRange, in: &exchange.request.headers)
        // A range of the encoded bytes cannot be had, and one of the plain bytes would be put together with them. The
        // whole answers both conditions (RFC 9110 sections 13.1.5 and 14.2). A date does not tell one representation from
        // the other, so it may stand for the encoded one.
        if isReading, !matched.isEmpty || !ranged.isEmpty || self.hasDatedRange(exchange.request.headers) {
            exchange.request.headers.remove(.range)
            exchange.request.headers.remove(.ifRange)
        }
        return named
    }

    /// Whether `If-Range` holds something else than a tag.
    private static func hasDatedRange(_ headers: borrowing HeaderBlock) -> Bool {
        guard let range = headers.first(.ifRange) else { return false }
        return headers.withBytes(range) { EntityTag($0) == nil }
    }

    /// Whether `If-None-Match` lists tags.
    static func namesTags(_ exchange: Exchange) -> Bool {
        guard let list = exchange.request.headers.first(.ifNoneMatch) else { return false }
        return !exchange.request.headers.equals(list, "*")
    }

    /// Puts one line in the place of a field's lines.
    private static func removeSuffixes(
        of coding: ContentCoding?,
        from name: HeaderName,
        in headers: inout HeaderBlock
    ) -> ByteRange {
        guard headers.contains(name.id) else { return .empty }
        let before = headers.joined(name.id)
        var after = ByteBuffer()
        let found = headers.withBytes(before) { CodedEntityTag.removeSuffixes(of: coding, from: $0, into: &after) }
        guard found else { return .empty }
        headers.set(name, after.readableBytesView)
        return before
    }
}
