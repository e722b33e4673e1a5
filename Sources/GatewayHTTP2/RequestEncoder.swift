import GatewayHTTP
package import NIOCore

/// Encodes a request head in the form of HTTP/1 as a field block (RFC 9113 section 8.3.1), so that one writer of heads
/// serves both protocols. Bytes are copied as they are.
///
/// It is kept with its connection, because it keeps the memory for the places of the fields.
package struct RequestEncoder: Sendable {
    /// The scheme of the upstream's URL.
    package enum Scheme: Sendable {
        case http, https
    }

    private let scheme: Scheme
    private var method = ByteRange.empty
    private var target = ByteRange.empty
    private var host = ByteRange.empty
    private var connection = ByteRange.empty
    /// The fields behind the request line.
    private var fields: ContiguousArray<HeaderBlock.Field> = []
    /// Whether a body or trailers follow the head that was read.
    package private(set) var hasBody = false

    package init(scheme: Scheme) { self.scheme = scheme }

    /// Finds the parts of a head, for ``write(_:to:)``. Returns false if it has no request line.
    ///
    /// - Parameter head: A complete head that the gateway has written.
    package mutating func read(_ head: UnsafeRawBufferPointer) -> Bool {
        self.fields.removeAll(keepingCapacity: true)
        self.host = .empty
        self.connection = .empty
        self.hasBody = false
        var position = ByteClass.fieldValueEnd(in: head, from: 0)
        let start = UnsafeRawBufferPointer(rebasing: head[..<position])
        guard let method = start.firstIndex(of: 0x20), let version = start.lastIndex(of: 0x20), version > method else {
            return false
        }
        self.method = ByteRange(offset: 0, count: method)
        self.target = ByteRange(offset: method + 1, count: version - method - 1)
        while let field = Self.field(in: head, after: &position) {
            self.note(field, in: head)
            self.fields.append(field)
        }
        return true
    }

    private mutating func note(_ field: HeaderBlock.Field, in head: UnsafeRawBufferPointer) {
        switch field.id {
        case .host: if self.host.isEmpty { self.host = field.value }
        case .connection: if self.connection.isEmpty { self.connection = field.value }
        case .transferEncoding: self.hasBody = true
        case .contentLength:
            for index in field.value.offset..<field.value.end where head[index] != UInt8(ascii: "0") {
                self.hasBody = true
            }
        default: break
        }
    }

    /// Returns the next field, or nil at the empty line.
    ///
    /// - Parameter position: The end of the previous line, and then that of this one.
    private static func field(in head: UnsafeRawBufferPointer, after position: inout Int) -> HeaderBlock.Field? {
        let start = position + 2
        var colon = start
        while colon < head.count, head[colon] != UInt8(ascii: ":"), head[colon] != 0x0D { colon &+= 1 }
        guard colon < head.count, colon > start, head[colon] == UInt8(ascii: ":") else { return nil }
        position = ByteClass.fieldValueEnd(in: head, from: colon + 1)
        var first = colon + 1
        var last = position
        while first < last, head[first] == 0x20 || head[first] == 0x09 { first &+= 1 }
        while last > first, head[last - 1] == 0x20 || head[last - 1] == 0x09 { last &-= 1 }
        return HeaderBlock.Field(
            name: ByteRange(offset: start, count: colon - start),
            value: ByteRange(offset: first, count: last - first),
            id: FieldTable.shared.id(of: UnsafeRawBufferPointer(rebasing: head[start..<colon]))
        )
    }

    // MARK: The block

    /// Writes the block of the head that was read last.
    package func write(_ head: UnsafeRawBufferPointer, to block: inout ByteBuffer) {
        let room = head.count + (self.fields.count + 4) * FieldLiteral.room
        block.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
            var position = 0
            self.writePseudoFields(head, to: target, &position)
            for field in self.fields where self.isForwarded(field, in: head) {
                let value = field.id == .te ? UnsafeRawBufferPointer("trailers") : Self.bytes(field.value, of: head)
                FieldLiteral.write(Self.bytes(field.name, of: head), value, id: field.id, to: target, &position)
            }
            return position
        }
    }

    private func writePseudoFields(
        _ head: UnsafeRawBufferPointer,
        to target: UnsafeMutableRawBufferPointer,
        _ position: inout Int
    ) {
        let method = Self.bytes(self.method, of: head)
        if ByteClass.equals(method, "GET") {
            FieldLiteral.write(index: StaticFields.get, to: target, &position)
        } else if ByteClass.equals(method, "POST") {
            FieldLiteral.write(index: StaticFields.post, to: target, &position)
        } else {
            FieldLiteral.write(method, index: StaticFields.get, to: target, &position)
        }
        let scheme = self.scheme == .https ? StaticFields.https : StaticFields.http
        FieldLiteral.write(index: scheme, to: target, &position)
        if !self.host.isEmpty {
            FieldLiteral.write(Self.bytes(self.host, of: head), index: StaticFields.authority, to: target, &position)
        }
        let path = Self.bytes(self.target, of: head)
        if path.first == UInt8(ascii: "/") {
            if path.count == 1 { return FieldLiteral.write(index: StaticFields.rootPath, to: target, &position) }
            return FieldLiteral.write(path, index: StaticFields.rootPath, to: target, &position)
        }
        if ByteClass.equals(path, "*") {
            return FieldLiteral.write(path, index: StaticFields.rootPath, to: target, &position)
        }
        FieldLiteral.write(
            UnsafeRawBufferPointer("/"),
            followedBy: path,
            index: StaticFields.rootPath,
            to: target,
            &position
        )
    }

    /// Whether HTTP/2 has the field (RFC 9113 section 8.2.2).
    private func isForwarded(_ field: HeaderBlock.Field, in head: UnsafeRawBufferPointer) -> Bool {
        switch field.id {
        case .host, .http2Settings: return false
        // Trailers are the only value that HTTP/2 allows.
        case .te:
            return Self.contains(UnsafeRawBufferPointer("trailers"), in: Self.bytes(field.value, of: head))
        case .contentLength: return true
        default:
            guard !field.id.isOfConnection else { return false }
            guard !self.connection.isEmpty else { return true }
            return !Self.contains(Self.bytes(field.name, of: head), in: Self.bytes(self.connection, of: head))
        }
    }

    private static func bytes(_ range: ByteRange, of head: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: head[range.offset..<range.end])
    }

    private static func contains(_ token: UnsafeRawBufferPointer, in list: UnsafeRawBufferPointer) -> Bool {
        var isFound = false
        FieldList.forEachMember(of: list) { if ByteClass.equalsIgnoringCase($0, token) { isFound = true } }
        return isFound
    }
}
