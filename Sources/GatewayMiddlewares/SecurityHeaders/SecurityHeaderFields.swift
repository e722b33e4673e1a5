import GatewayHTTP
import NIOCore

/// The kind of a response, for the fields that describe it to browsers.
enum SecurityHeaderScope: Int, CaseIterable {
    /// HTML or XHTML.
    case html
    case other
    /// A 304. Caches copy its fields into the stored response (RFC 9111 section 3.2), so it gets no fields that only
    /// matter for documents: they would replace those of the stored page and its nonce.
    case notModified
}

/// The fields that are the same on every response of a route, as bytes.
struct SecurityHeaderFields {
    private struct Field {
        package let name: HeaderName
        let value: [UInt8]
        let isForDocuments: Bool
        /// Part of the preset for APIs. It would break a site, so HTML does not get it.
        let isLeftOffHTML: Bool
    }

    private var fields: ContiguousArray<Field> = []
    private(set) var leavesSomeOffHTML = false

    mutating func append(
        _ name: String,
        _ value: String,
        isForDocuments: Bool = false,
        isLeftOffHTML: Bool = false
    ) {
        self.fields.append(
            Field(
                name: HeaderName(name),
                value: Array(value.utf8),
                isForDocuments: isForDocuments,
                isLeftOffHTML: isLeftOffHTML
            )
        )
        self.leavesSomeOffHTML = self.leavesSomeOffHTML || isLeftOffHTML
    }

    func set(on headers: inout HeaderBlock, _ scope: SecurityHeaderScope, override: Bool) {
        for field in self.fields {
            if scope == .html, field.isLeftOffHTML { continue }
            if scope == .notModified, field.isForDocuments {
                // The stored response has the gateway's value, which the upstream's must not replace.
                if override { headers.remove(field.name) }
                continue
            }
            if headers.first(field.name) != nil {
                guard override else { continue }
                headers.remove(field.name)
            }
            headers.add(field.name, field.value)
        }
    }
}

/// What a `Content-Type` says about the reader of the body.
enum HTMLMediaType {
    /// A document in one of the two types that browsers parse as HTML or XHTML.
    static func isDocument(_ value: UnsafeRawBufferPointer) -> Bool {
        self.isType(value, "text/html") || self.isType(value, "application/xhtml+xml")
    }

    /// HTML in an encoding that is a superset of ASCII.
    static func isRewritable(_ value: UnsafeRawBufferPointer) -> Bool {
        guard self.isType(value, "text/html") else { return false }
        let parameters = String(decoding: value, as: UTF8.self).lowercased()
        guard let charset = parameters.firstRange(of: "charset=") else { return true }
        let name = parameters[charset.upperBound...].drop { $0 == "\"" || $0 == "'" }
        return !["utf-16", "utf-32", "utf-7", "iso-2022", "hz-", "ucs-2", "ucs-4"].contains(where: name.hasPrefix)
    }

    private static func isType(_ value: UnsafeRawBufferPointer, _ type: StaticString) -> Bool {
        let count = type.utf8CodeUnitCount
        guard value.count >= count else { return false }
        for index in 0..<count
        where (value[index].isASCIILetter ? value[index] | 0x20 : value[index]) != type.utf8Start[index] {
            return false
        }
        return value.count == count || value[count] == UInt8(ascii: ";") || value[count].isHTMLSpace
    }
}
