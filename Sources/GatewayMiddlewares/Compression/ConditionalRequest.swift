import GatewayCore
import GatewayHTTP
import NIOCore

/// The parts of a request that matter to compression: the codings it accepts, and the tags in its conditions.
///
/// The upstream only knows plain representations. For reads, tags of the representation that this request would get are
/// translated; tags of other codings match nothing, so that no 304 refers to bytes that the client does not have. For
/// writes, tags of any coding are translated, because a write addresses the resource.
enum ConditionalRequest {
    private static let acceptEncoding = FieldID.acceptEncoding
    private static let ifNoneMatch = HeaderName(.ifNoneMatch)
    private static let ifMatch = HeaderName(.ifMatch)
    private static let ifRange = HeaderName(.ifRange)
    private static let conditions: FieldSet = [.ifNoneMatch, .ifMatch, .ifRange]

    /// The coding of the response, if it can be encoded.
    static func coding(of exchange: Exchange, from codings: ContiguousArray<ContentCoding>) -> ContentCoding? {
        guard exchange.request.headers.present.contains(.acceptEncoding) else { return nil }
        // RFC 9111 section 5.2.1.6.
        if exchange.request.headers.contains("no-transform", in: .cacheControl) { return nil }
        // BREACH: if another site chooses part of the content, and cookies add a secret, the compressed length reveals
        // the secret.
        if let site = exchange.request.headers.first(.secFetchSite), exchange.request.headers.contains(.cookie),
            exchange.request.headers.equals(site, "cross-site")
        {
            return nil
        }
        return AcceptEncoding(exchange.request.headers).best(of: codings)
    }

    /// - Returns: `If-None-Match` as it was before; empty if it had no suffix.
    static func removeSuffixes(of coding: ContentCoding?, from exchange: Exchange) -> ByteRange {
        guard exchange.request.headers.present.intersects(self.conditions) else { return .empty }
        let isReading = exchange.request.method == .get || exchange.request.method == .head
        if isReading, coding == nil { return .empty }
        let tags = isReading ? coding : nil
        let named = self.removeSuffixes(of: tags, from: self.ifNoneMatch, in: &exchange.request.headers)
        let matched = self.removeSuffixes(of: tags, from: self.ifMatch, in: &exchange.request.headers)
        let ranged = self.removeSuffixes(of: tags, from: self.ifRange, in: &exchange.request.headers)
        // Ranges of the encoded bytes are not available, and ranges of the plain bytes would be combined with them. The
        // whole response satisfies both conditions (RFC 9110 sections 13.1.5 and 14.2). A date cannot distinguish the
        // representations, so it may refer to the encoded one.
        if isReading, !matched.isEmpty || !ranged.isEmpty || self.hasDatedRange(exchange.request.headers) {
            exchange.request.headers.remove(.range)
            exchange.request.headers.remove(.ifRange)
        }
        return named
    }

    /// Whether `If-Range` holds something other than a tag.
    private static func hasDatedRange(_ headers: borrowing HeaderBlock) -> Bool {
        guard let range = headers.first(.ifRange) else { return false }
        return headers.withBytes(range) { EntityTag($0) == nil }
    }

    /// Whether `If-None-Match` lists tags.
    static func namesTags(_ exchange: Exchange) -> Bool {
        guard let list = exchange.request.headers.first(.ifNoneMatch) else { return false }
        return !exchange.request.headers.equals(list, "*")
    }

    /// Replaces a field's lines with one line.
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
