package import GatewayHTTP

/// What a later response says about a stored one: a 304 freshens its head (RFC 9111 section 3.2), and the response to a
/// HEAD request may show that it has changed (section 4.3.5).
package enum StoredHeadUpdate {
    /// Returns the stored head with the fields of a 304.
    ///
    /// What describes the stored bytes stays. A cookie that comes with a 304 is for the one who asked.
    package static func fields(of stored: PreparedFields, freshenedBy update: borrowing HeaderBlock) -> PreparedFields {
        let old = HeaderBlock(stored, room: 0)
        // Lifetimes count from the date of the message that names them.
        let hasLifetime = update.contains(.expires) || update.contains(.cacheControl)
        return PreparedFields(room: 512) { fields in
            for field in old.fields {
                if field.id == .age || hasLifetime && field.id == .date { continue }
                if self.replaces(field), self.contains(field, of: old, update) { continue }
                fields.add(field, from: old)
            }
            for field in update.fields where self.replaces(field) { fields.add(field, from: update) }
        }
    }

    /// What the response to a HEAD request says about a stored response to GET (RFC 9111 section 4.3.5).
    package enum OnHead: Hashable, Sendable {
        /// It is the same, so its head can be freshened.
        case current
        /// It has changed.
        case outdated
        /// Nothing.
        case unknown
    }

    /// - Parameter length: The length of the stored body.
    package static func compare(
        _ stored: PreparedFields,
        status: Int,
        length: Int,
        withHead update: borrowing ResponseHead
    ) -> OnHead {
        guard update.status == status else { return self.tellsOfChange(update.status) ? .outdated : .unknown }
        guard status == 200 else { return .unknown }
        if let new = update.headers.first(.contentLength),
            Int(clampingDigits: update.headers.string(new)) != length
        {
            return .outdated
        }
        let old = HeaderBlock(stored, room: 0)
        var result = OnHead.unknown
        for id in [FieldID.etag, .lastModified] {
            guard let new = update.headers.first(id) else { continue }
            guard let known = old.first(id) else { return .outdated }
            let isSame = update.headers.withBytes(new) { new in old.withBytes(known) { $0.elementsEqual(new) } }
            guard isSame else { return .outdated }
            // Without a validator nothing says that the bytes are the same.
            result = .current
        }
        return result
    }

    /// Whether another status than the stored one is about the resource, not about the request or the moment.
    private static func tellsOfChange(_ status: Int) -> Bool {
        switch status {
        case 206, 304: false
        case 200..<400, 404, 410: true
        default: false
        }
    }

    private static func replaces(_ field: HeaderBlock.Field) -> Bool {
        switch field.id {
        case .contentLength, .contentEncoding, .contentRange, .setCookie: false
        default: !field.id.isHopByHop
        }
    }

    private static func contains(
        _ field: HeaderBlock.Field,
        of old: borrowing HeaderBlock,
        _ update: borrowing HeaderBlock
    ) -> Bool {
        if field.id != .unknown { return update.contains(field.id) }
        return old.withBytes(field.name) { name in
            for other in update.fields where other.id == .unknown {
                if update.withBytes(other.name, { ByteClass.equalsIgnoringCase($0, name) }) { return true }
            }
            return false
        }
    }
}
