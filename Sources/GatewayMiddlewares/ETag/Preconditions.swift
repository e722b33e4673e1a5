import GatewayCore
import GatewayHTTP

/// Evaluates the conditions of a GET or HEAD request (RFC 9110 section 13).
///
/// Called with the head of a response that would be successful (section 13.2.1), and only uses its validators. A
/// condition for which the response has no validator is met.
enum Preconditions {
    enum Outcome: Hashable, Sendable {
        /// As if there were no conditions.
        case proceed
        /// 304
        case notModified
        /// 412
        case failed
        /// The whole representation, although a range was requested.
        case ignoreRange
    }

    private static let all: FieldSet = [.ifMatch, .ifUnmodifiedSince, .ifNoneMatch, .ifModifiedSince, .ifRange]

    /// In the order of section 13.2.2.
    ///
    /// - Parameters:
    ///   - ifMatch: the value of `If-Match`, if it was removed from the request.
    ///   - dateCounts: whether the response comes from a cache, where `Date` takes the place of a missing
    ///     `Last-Modified` for `If-Modified-Since` (RFC 9111 section 4.3.2).
    ///   - now: seconds since 1970, in place of a missing `Date`.
    static func evaluate(
        _ request: borrowing HeaderBlock,
        _ method: Method,
        ifMatch held: ByteRange = .empty,
        against selected: borrowing HeaderBlock,
        dateCounts: Bool = false,
        now: Int64
    ) -> Outcome {
        guard method == .get || method == .head else { return .proceed }
        guard request.present.intersects(self.all) || !held.isEmpty else { return .proceed }
        if request.contains(.ifMatch) || !held.isEmpty {
            guard self.ifMatch(request, held, selected) else { return .failed }
        } else if let since = self.date(of: .ifUnmodifiedSince, in: request, now: now),
            let modified = self.date(of: .lastModified, in: selected, now: now), modified > since
        {
            return .failed
        }
        if request.contains(.ifNoneMatch) {
            if self.ifNoneMatchIsFalse(request, selected) { return .notModified }
        } else if let since = self.date(of: .ifModifiedSince, in: request, now: now),
            let modified = self.date(
                of: dateCounts && !selected.contains(.lastModified) ? .date : .lastModified,
                in: selected,
                now: now
            ), modified <= since
        {
            return .notModified
        }
        if method == .get, request.contains(.range), request.contains(.ifRange) {
            return self.ifRange(request, selected, now: now) ? .proceed : .ignoreRange
        }
        return .proceed
    }

    /// Strong comparison (section 13.1.1). Without a tag in the response there is nothing to compare, unless the
    /// gateway generated the tag that was held back.
    private static func ifMatch(
        _ request: borrowing HeaderBlock,
        _ held: ByteRange,
        _ selected: borrowing HeaderBlock
    ) -> Bool {
        self.withTag(of: selected) { tag in
            guard let tag else { return held.isEmpty }
            if !held.isEmpty, request.withBytes(held, { self.list($0, has: tag, strongly: true) }) { return true }
            return self.list(.ifMatch, in: request, has: tag, strongly: true)
        }
    }

    /// Weak comparison (section 13.1.2); `*` matches any representation.
    private static func ifNoneMatchIsFalse(_ request: borrowing HeaderBlock, _ selected: borrowing HeaderBlock) -> Bool
    {
        self.withTag(of: selected) { tag in
            self.list(.ifNoneMatch, in: request, has: tag, strongly: false)
        }
    }

    /// The same strong tag, or the same date if it is a strong validator, at least a second older than the response
    /// (sections 13.1.5 and 8.8.2.2).
    private static func ifRange(
        _ request: borrowing HeaderBlock,
        _ selected: borrowing HeaderBlock,
        now: Int64
    ) -> Bool {
        guard let range = request.first(.ifRange) else { return true }
        return request.withBytes(range) { value in
            if let wanted = EntityTag(value) {
                return self.withTag(of: selected) { $0?.matchesStrongly(wanted) ?? false }
            }
            guard let wanted = HTTPDate.seconds(value, now: now),
                let modified = self.date(of: .lastModified, in: selected, now: now)
            else { return false }
            return wanted == modified && modified < self.date(of: .date, in: selected, now: now) ?? now
        }
    }

    private static func withTag<Result>(
        of selected: borrowing HeaderBlock,
        _ body: (EntityTag?) -> Result
    ) -> Result {
        guard let range = selected.first(.etag) else { return body(nil) }
        return selected.withBytes(range) { body(EntityTag($0)) }
    }

    private static func list(
        _ id: FieldID,
        in request: borrowing HeaderBlock,
        has tag: EntityTag?,
        strongly: Bool
    ) -> Bool {
        for field in request.fields where field.id == id {
            if request.withBytes(field.value, { self.list($0, has: tag, strongly: strongly) }) { return true }
        }
        return false
    }

    private static func list(_ bytes: UnsafeRawBufferPointer, has tag: EntityTag?, strongly: Bool) -> Bool {
        var members = EntityTagList(bytes)
        var count = 0
        var hasAny = false
        while let member = members.next() {
            count &+= 1
            switch member {
            case .tag(let wanted):
                guard let tag else { continue }
                if strongly ? tag.matchesStrongly(wanted) : tag.matchesWeakly(wanted) { return true }
            case .any: hasAny = true
            case .malformed: continue
            }
        }
        // Only valid on its own.
        return hasAny && count == 1
    }

    /// nil if the field is missing, repeated or unreadable: such a condition is ignored (sections 13.1.3 and 13.1.4).
    private static func date(of id: FieldID, in block: borrowing HeaderBlock, now: Int64) -> Int64? {
        guard let range = block.first(id), block.count(of: id) == 1 else { return nil }
        return block.withBytes(range) { HTTPDate.seconds($0, now: now) }
    }
}
