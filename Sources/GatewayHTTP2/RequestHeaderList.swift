package import GatewayHTTP
package import NIOHPACK

/// Converts a request head in the form of HTTP/1 into a header list (RFC 9113 section 8.3.1), so that one writer of
/// heads serves both protocols.
package enum RequestHeaderList {
    /// The scheme of the upstream's URL.
    package enum Scheme: String, Sendable {
        case http, https
    }

    /// Returns the header list of a request, and whether a body or trailers follow it.
    ///
    /// - Parameter head: A complete head. Returns nil if it has no request line.
    package static func list(
        of head: UnsafeRawBufferPointer,
        scheme: Scheme
    ) -> (list: HPACKHeaders, hasBody: Bool)? {
        var lines = HeadLines(head)
        guard let start = lines.next(), let method = start.firstIndex(of: 0x20),
            let version = start.lastIndex(of: 0x20), version > method
        else { return nil }
        let connection = Self.fields(in: lines).first { $0.id == .connection }?.value
        let host = Self.fields(in: lines).first { $0.id == .host }?.value
        var list = HPACKHeaders()
        list.reserveCapacity(24)
        list.add(name: ":method", value: Self.string(start[..<method]))
        list.add(name: ":scheme", value: scheme.rawValue)
        if let host, !host.isEmpty { list.add(name: ":authority", value: Self.string(host[...])) }
        let target = start[(method + 1)..<version]
        let needsSlash = target.first != UInt8(ascii: "/") && !target.elementsEqual([UInt8(ascii: "*")])
        // Paths differ from request to request, so they would only displace other fields from the table.
        list.add(name: ":path", value: (needsSlash ? "/" : "") + Self.string(target), indexing: .nonIndexable)
        var hasBody = false
        for field in Self.fields(in: lines) {
            switch field.id {
            case .transferEncoding: hasBody = true
            case .contentLength:
                hasBody = field.value.contains { $0 != UInt8(ascii: "0") }
                list.add(name: "content-length", value: Self.string(field.value[...]), indexing: .nonIndexable)
            case .host, .connection, .keepAlive, .proxyConnection, .upgrade, .http2Settings: continue
            case .te:
                // The only value that HTTP/2 allows (RFC 9113 section 8.2.2).
                if Self.contains(UnsafeRawBufferPointer("trailers" as StaticString), in: field.value) {
                    list.add(name: "te", value: "trailers")
                }
            case .unknown:
                if let connection, Self.contains(field.name, in: connection) { continue }
                list.add(name: Self.lowercased(field.name), value: Self.string(field.value[...]))
            default:
                if let connection, Self.contains(field.name, in: connection) { continue }
                list.add(
                    name: Self.names[Int(field.id.rawValue)],
                    value: Self.string(field.value[...]),
                    indexing: Self.indexing(of: field.id)
                )
            }
        }
        return (list, hasBody)
    }

    /// Returns the header list of a trailer section.
    package static func list(ofTrailers block: borrowing HeaderBlock) -> HPACKHeaders {
        var list = HPACKHeaders()
        for field in block.fields {
            let name = block.withBytes(field.name) { Self.lowercased($0) }
            list.add(name: name, value: block.string(field.value), indexing: Self.indexing(of: field.id))
        }
        return list
    }

    private static func fields(in lines: HeadLines) -> some Sequence<HeadLines.Field> {
        lines.lazy.compactMap { HeadLines.Field($0) }
    }

    /// Secrets never enter the table, which all clients of a connection share (RFC 7541 section 7.1). Neither do values
    /// that no other request has.
    private static func indexing(of id: FieldID) -> HPACKIndexing {
        switch id {
        case .authorization, .cookie, .proxyAuthorization: .neverIndexed
        case .contentLength, .ifModifiedSince, .ifNoneMatch, .range, .traceparent, .xRequestID, .xRequestTimeoutMS:
            .nonIndexable
        default: .indexable
        }
    }

    /// The names of the known fields in lower case.
    private static let names = FieldID.allCases.map { $0.name.description.lowercased() }

    private static func contains(_ token: UnsafeRawBufferPointer, in list: UnsafeRawBufferPointer) -> Bool {
        var isFound = false
        FieldList.forEachMember(of: list) { if ByteClass.equalsIgnoringCase($0, token) { isFound = true } }
        return isFound
    }

    private static func lowercased(_ name: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: name.count) { target in
            for (index, byte) in name.enumerated() { target[index] = asciiLowercased(byte) }
            return name.count
        }
    }

    private static func string(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes), as: UTF8.self)
    }
}

/// The lines of a head that the gateway has written, up to the empty line.
private struct HeadLines: Sequence, IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard self.position < self.bytes.count else { return nil }
        let rest = self.bytes[self.position...]
        guard let end = rest.firstIndex(of: 0x0D), end > self.position else { return nil }
        defer { self.position = end + 2 }
        return UnsafeRawBufferPointer(rebasing: self.bytes[self.position..<end])
    }

    struct Field {
        let name: UnsafeRawBufferPointer
        let value: UnsafeRawBufferPointer
        let id: FieldID

        init?(_ line: UnsafeRawBufferPointer) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
            var start = colon + 1
            while start < line.count, line[start] == 0x20 || line[start] == 0x09 { start += 1 }
            var end = line.count
            while end > start, line[end - 1] == 0x20 || line[end - 1] == 0x09 { end -= 1 }
            self.name = UnsafeRawBufferPointer(rebasing: line[..<colon])
            self.value = UnsafeRawBufferPointer(rebasing: line[start..<end])
            self.id = FieldTable.shared.id(of: self.name)
        }
    }
}
