package import GatewayHTTP

/// The `Vary` field, to which the upstream, CORS and compression add names.
extension HeaderBlock {
    private static let vary = HeaderName(.vary)

    /// Adds to `Vary` that the response depends on this field of the request.
    package mutating func addVary(_ field: FieldID) { self.addVary(UnsafeRawBufferPointer(field.name)) }

    /// Adds to `Vary` that the response depends on this field of the request.
    package mutating func addVary(_ field: HeaderName) { field.bytes.withUnsafeBytes { self.addVary($0) } }

    /// Merges a field name into `Vary` (RFC 9110 section 12.5.5). The result is one line that keeps the original
    /// spelling of each name. `*` subsumes all names.
    package mutating func addVary(_ name: UnsafeRawBufferPointer) {
        guard self.contains(.vary) else { return self.add(Self.vary, UnsafeBufferPointer(name)) }
        var size = 0
        var isNamed = false
        var isAny = false
        self.forEachMember(of: .vary) { member in
            size += member.count + 2
            if ByteClass.equalsIgnoringCase(member, name) { isNamed = true }
            if ByteClass.equalsIgnoringCase(member, UnsafeRawBufferPointer("*" as StaticString)) { isAny = true }
        }
        if isNamed || isAny, self.count(of: .vary) == 1 { return }
        if isAny { return self.set(Self.vary, CollectionOfOne(UInt8(ascii: "*"))) }
        withUnsafeTemporaryAllocation(byteCount: size + name.count, alignment: 1) { merged in
            var count = 0
            func append(_ member: UnsafeRawBufferPointer) {
                if count > 0 {
                    merged[count] = UInt8(ascii: ",")
                    merged[count + 1] = 0x20
                    count += 2
                }
                UnsafeMutableRawBufferPointer(rebasing: merged[count..<(count + member.count)]).copyMemory(from: member)
                count += member.count
            }
            self.forEachMember(of: .vary) { append($0) }
            if !isNamed { append(name) }
            self.set(Self.vary, UnsafeBufferPointer(UnsafeRawBufferPointer(rebasing: merged[..<count])))
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Creates a typed view of the same bytes.
    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        self.init(start: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), count: bytes.count)
    }
}
