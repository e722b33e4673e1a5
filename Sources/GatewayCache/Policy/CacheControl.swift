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
    ///
    /// A quoted string begins only after an equals sign and must end. No other quote hides what comes after it.
    mutating func add(_ line: UnsafeRawBufferPointer) {
        var start = 0
        while start < line.count {
            var end = start
            var isAfterEquals = false
            while end < line.count, line[end] != UInt8(ascii: ",") {
                if isAfterEquals, line[end] == UInt8(ascii: "\""), let close = Self.quotedEnd(in: line, from: end) {
                    end = close
                } else {
                    if line[end] != 0x20, line[end] != 0x09 { isAfterEquals = line[end] == UInt8(ascii: "=") }
                    end += 1
                }
            }
            self.addDirective(Self.trimmed(line[start..<end]))
            start = end + 1
        }
    }

    /// Returns the offset after a quoted string (RFC 9110 section 5.6.4). Nil if it does not end.
    private static func quotedEnd(in line: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start + 1
        while index < line.count {
            if line[index] == UInt8(ascii: "\"") { return index + 1 }
            index += line[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    private mutating func addDirective(_ bytes: Slice<UnsafeRawBufferPointer>) {
        guard !bytes.isEmpty else { return }
        let equals = bytes.firstIndex(of: UInt8(ascii: "=")) ?? bytes.endIndex
        let hasValue = equals < bytes.endIndex
        let written = bytes[..<equals]
        let name = Self.trimmed(written)
        var value: [UInt8]? = hasValue ? Self.unquoted(bytes[(equals + 1)...]) : []
        // No blanks are allowed around the equals sign, so the value is malformed.
        if hasValue, name.endIndex != equals || Self.startsWithBlank(bytes[(equals + 1)...]) { value = nil }
        self.add(UnsafeRawBufferPointer(rebasing: name), value, hasValue: hasValue)
    }

    private static func startsWithBlank(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        bytes.first == 0x20 || bytes.first == 0x09
    }

    /// Adds a directive.
    ///
    /// - Parameter value: Without quotes. Nil if it is malformed.
    mutating func add(_ name: UnsafeRawBufferPointer, _ value: [UInt8]?, hasValue: Bool) {
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
            self.minFresh = value.flatMap { Self.seconds($0) }
        } else if isNamed("max-stale") {
            if hasValue { self.maxStale = value.flatMap { Self.seconds($0) } } else { self.flags.insert(.anyStale) }
        } else if isNamed("no-cache") {
            self.insert(.noCache, orFields: value ?? [])
        } else if isNamed("private") {
            self.insert(.isPrivate, orFields: value ?? [])
        } else {
            for (word, flag) in Self.words where isNamed(word) { self.flags.insert(flag) }
        }
    }

    private static let words: [(StaticString, Flags)] = [
        ("no-store", .noStore), ("public", .isPublic), ("must-revalidate", .mustRevalidate),
        ("proxy-revalidate", .proxyRevalidate), ("must-understand", .mustUnderstand),
        ("only-if-cached", .onlyIfCached),
    ]

    /// A directive that names fields is about those alone, unless a name is malformed.
    private mutating func insert(_ flag: Flags, orFields value: [UInt8]) {
        var names: [HeaderName] = []
        var isMalformed = false
        value.withUnsafeBytes { value in
            FieldList.forEachMember(of: value) { member in
                if let name = HeaderName(validating: String(decoding: member, as: UTF8.self)) {
                    names.append(name)
                } else {
                    isMalformed = true
                }
            }
        }
        self.namedFields += names
        if names.isEmpty || isMalformed { self.flags.insert(flag) }
    }

    /// Values that differ say nothing, so the response is stale (RFC 9111 section 4.2.1).
    private static func set(_ directive: inout Int64?, _ value: [UInt8]?) {
        let seconds = value.flatMap { self.seconds($0) } ?? 0
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

    /// Nil if the value is a quoted string that does not end, or goes on after its end.
    private static func unquoted(_ bytes: Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
        guard bytes.first == UInt8(ascii: "\"") else { return Array(bytes) }
        let quoted = UnsafeRawBufferPointer(rebasing: bytes)
        guard self.quotedEnd(in: quoted, from: 0) == quoted.count else { return nil }
        var result: [UInt8] = []
        var index = 1
        while index < quoted.count - 1 {
            if quoted[index] == UInt8(ascii: "\\") { index += 1 }
            result.append(quoted[index])
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
