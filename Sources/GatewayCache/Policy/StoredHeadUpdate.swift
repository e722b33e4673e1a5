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

    /// Whether the head of a response to HEAD shows that the stored response is no longer current.
    package static func isOutdated(_ stored: PreparedFields, by update: borrowing HeaderBlock) -> Bool {
        let old = HeaderBlock(stored, room: 0)
        for id in [FieldID.etag, .lastModified, .contentLength] {
            guard let new = update.first(id), let known = old.first(id) else { continue }
            let isSame = update.withBytes(new) { new in old.withBytes(known) { $0.elementsEqual(new) } }
            if !isSame { return true }
        }
        return false
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
