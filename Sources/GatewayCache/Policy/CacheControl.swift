package import GatewayHTTP

/// The directives of a request or a response that rule caches (RFC 9111 section 5.2).
package struct CacheControl: Hashable, Sendable {
    package struct Flags: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let noStore = Flags(rawValue: 1)
        package static let noCache = Flags(rawValue: 2)
        package static let isPrivate = Flags(rawValue: 4)
        package static let isPublic = Flags(rawValue: 8)
        package static let mustRevalidate = Flags(rawValue: 16)
        package static let proxyRevalidate = Flags(rawValue: 32)
        package static let mustUnderstand = Flags(rawValue: 64)
        package static let onlyIfCached = Flags(rawValue: 128)
        /// `max-stale` without a value.
        package static let anyStale = Flags(rawValue: 256)
    }

    package var flags: Flags = []
    // In seconds. A malformed or contradictory lifetime is 0.
    package var maxAge: Int64?
    package var sMaxAge: Int64?
    package var staleWhileRevalidate: Int64?
    package var staleIfError: Int64?
    package var minFresh: Int64?
    package var maxStale: Int64?
    /// The fields that `private` and `no-cache` name.
    package var namedFields: [HeaderName] = []

    package init() {}

    /// Reads all lines of a field. Nil if there are none.
    package init?(_ name: HeaderName, in headers: borrowing HeaderBlock) {
        guard headers.contains(name) else { return nil }
        var directives = CacheControl()
        for field in headers.fields where headers.matches(field, name) {
            headers.withBytes(field.value) { directives.add($0) }
        }
        self = directives
    }

    /// Adds the directives of one line.
    mutating func add(_ line: UnsafeRawBufferPointer) {
        var start = 0
        while start < line.count {
            var end = start
            var isQuoted = false
            while end < line.count, isQuoted || line[end] != UInt8(ascii: ",") {
                if line[end] == UInt8(ascii: "\"") { isQuoted.toggle() }
                if isQuoted, line[end] == UInt8(ascii: "\\") { end += 1 }
                end += 1
            }
            self.addDirective(Self.trimmed(line[start..<min(end, line.count)]))
            start = end + 1
        }
    }

    private mutating func addDirective(_ bytes: Slice<UnsafeRawBufferPointer>) {
        guard !bytes.isEmpty else { return }
        let equals = bytes.firstIndex(of: UInt8(ascii: "=")) ?? bytes.endIndex
        let name = UnsafeRawBufferPointer(rebasing: bytes[..<equals])
        let hasValue = equals < bytes.endIndex
        let value = hasValue ? Self.unquoted(bytes[(equals + 1)...]) : []
        func isNamed(_ word: StaticString) -> Bool {
            ByteClass.equalsIgnoringCase(name, UnsafeRawBufferPointer(word))
        }
        if isNamed("max-age") {
            Self.set(&self.maxAge, value)
        } else if isNamed("s-maxage") {
            Self.set(&self.sMaxAge, value)
        } else if isNamed("stale-while-revalidate") {
            Self.set(&self.staleWhileRevalidate, value)
        } else if isNamed("stale-if-error") {
            Self.set(&self.staleIfError, value)
        } else if isNamed("min-fresh") {
            self.minFresh = Self.seconds(value)
        } else if isNamed("max-stale") {
            if hasValue { self.maxStale = Self.seconds(value) } else { self.flags.insert(.anyStale) }
        } else if isNamed("no-cache") {
            self.insert(.noCache, orFields: value)
        } else if isNamed("private") {
            self.insert(.isPrivate, orFields: value)
        } else {
            for (word, flag) in Self.words where isNamed(word) { self.flags.insert(flag) }
        }
    }

    private static let words: [(StaticString, Flags)] = [
        ("no-store", .noStore), ("public", .isPublic), ("must-revalidate", .mustRevalidate),
        ("proxy-revalidate", .proxyRevalidate), ("must-understand", .mustUnderstand),
        ("only-if-cached", .onlyIfCached),
    ]

    /// A directive that names fields is about those alone.
    private mutating func insert(_ flag: Flags, orFields value: [UInt8]) {
        var names: [HeaderName] = []
        value.withUnsafeBytes { value in
            FieldList.forEachMember(of: value) { member in
                if let name = HeaderName(validating: String(decoding: member, as: UTF8.self)) { names.append(name) }
            }
        }
        if names.isEmpty { self.flags.insert(flag) } else { self.namedFields += names }
    }

    /// Values that differ say nothing, so the response is stale (RFC 9111 section 4.2.1).
    private static func set(_ directive: inout Int64?, _ value: [UInt8]) {
        let seconds = self.seconds(value) ?? 0
        directive = directive.map { $0 == seconds ? seconds : 0 } ?? seconds
    }

    /// RFC 9111 section 1.2.2. Nil if it is no number.
    static func seconds(_ digits: [UInt8]) -> Int64? {
        guard !digits.isEmpty else { return nil }
        var seconds: Int64 = 0
        for digit in digits {
            let number = digit &- UInt8(ascii: "0")
            guard number < 10 else { return nil }
            seconds = min(seconds * 10 + Int64(number), 1 << 31)
        }
        return seconds
    }

    private static func unquoted(_ bytes: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        let value = self.trimmed(bytes)
        guard value.first == UInt8(ascii: "\"") else { return Array(value) }
        var result: [UInt8] = []
        var index = value.startIndex + 1
        while index < value.endIndex, value[index] != UInt8(ascii: "\"") {
            if value[index] == UInt8(ascii: "\\"), index + 1 < value.endIndex { index += 1 }
            result.append(value[index])
            index += 1
        }
        return result
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
        return bytes
    }
}
