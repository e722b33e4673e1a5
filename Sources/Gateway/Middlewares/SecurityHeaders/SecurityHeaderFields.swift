import GatewayHTTP
import GatewayHTTP1
import NIOCore

/// What a response is to the fields that describe it to a browser.
enum SecurityHeaderScope: Int, CaseIterable {
    /// HTML or XHTML.
    case html
    case other
    /// A 304. A cache copies its fields into the response that it has stored (RFC 9111 section 3.2), so it carries none
    /// that only documents heed: they would take the place of those that came with the page, and its nonce.
    case notModified
}

/// The fields that are the same on every response of a route, as bytes.
struct SecurityHeaderFields {
    private struct Field {
        let name: HeaderName
        let value: [UInt8]
        let isForDocuments: Bool
        /// It belongs to the preset for APIs and would break a site, so HTML goes without it.
        let isLeftOffHTML: Bool
    }

    private var fields: ContiguousArray<Field> = []
    private(set) var leavesSomeOffHTML = false

    mutating func append(_ name: String, _ value: String, isForDocuments: Bool = false, isLeftOffHTML: Bool = false) {
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
                // The stored response has the gateway's, which the upstream's must not replace.
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

/// What a `Content-Type` says about who reads the body.
enum HTMLMediaType {
    /// A document in one of the two types that browsers parse as HTML or XHTML.
    static func isDocument(_ value: UnsafeRawBufferPointer) -> Bool {
        self.isType(value, "text/html") || self.isType(value, "application/xhtml+xml")
    }

    /// HTML in an encoding whose ASCII bytes stand for ASCII characters.
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
