import GatewayAccess
import GatewayCore
import GatewayHTTP
import GatewaySettings

/// Where requests have their token: in a field, else in a cookie.
struct TokenPlace {
    private let field: HeaderName
    private let isBearer: Bool
    private let cookie: [UInt8]

    init(_ settings: JWTConfiguration) {
        self.field = HeaderName(settings.header)
        self.isBearer = self.field == HeaderName(.authorization)
        self.cookie = Array(settings.cookie.utf8)
    }

    enum OnFind {
        case missing
        case found(ByteRange)
        /// There are two of them.
        case malformed(StaticString)
    }

    func find(in exchange: Exchange) -> OnFind {
        var found: ByteRange?
        for field in exchange.request.headers.fields where exchange.request.headers.matches(field, self.field) {
            if found != nil { return .malformed("the field is there twice") }
            found = field.value
        }
        if let value = found {
            if !self.isBearer { return .found(value) }
            let token = exchange.request.headers.withBytes(value) { Self.token(in: $0) }
            if let token { return .found(ByteRange(offset: value.offset + token, count: value.count - token)) }
        }
        guard !self.cookie.isEmpty else { return .missing }
        return self.findCookie(in: exchange)
    }

    /// Returns where the token begins after `Bearer`, a word without case (RFC 9110 section 11.1).
    private static func token(in value: UnsafeRawBufferPointer) -> Int? {
        BearerToken.token(in: value).map { value.count - $0.count }
    }

    private func findCookie(in exchange: Exchange) -> OnFind {
        var found: ByteRange?
        var isTwice = false
        for field in exchange.request.headers.fields where field.id == .cookie {
            exchange.request.headers.withBytes(field.value) { value in
                CookiePairs.forEach(in: value) { pair in
                    guard pair.isNamed(self.cookie, in: value) else { return }
                    if found != nil { isTwice = true }
                    found = ByteRange(offset: field.value.offset + pair.value.offset, count: pair.value.count)
                }
            }
        }
        if isTwice { return .malformed("the cookie is there twice") }
        return found.map { .found($0) } ?? .missing
    }

    /// Removes the token, wherever it is.
    func remove(from exchange: Exchange) {
        let isBearer = self.isBearer
        exchange.request.headers.removeAll { block, field in
            guard block.matches(field, self.field) else { return false }
            return !isBearer || block.withBytes(field.value) { Self.token(in: $0) != nil }
        }
        guard !self.cookie.isEmpty, exchange.request.headers.contains(.cookie) else { return }
        self.removeCookie(from: exchange)
    }

    private func removeCookie(from exchange: Exchange) {
        var kept: [[UInt8]] = []
        var isChanged = false
        for field in exchange.request.headers.fields where field.id == .cookie {
            exchange.request.headers.withBytes(field.value) { value in
                var pairs: [UInt8] = []
                CookiePairs.forEach(in: value) { pair in
                    guard !pair.isNamed(self.cookie, in: value) else {
                        isChanged = true
                        return
                    }
                    if !pairs.isEmpty { pairs += [UInt8(ascii: ";"), 0x20] }
                    pairs += value[pair.whole.offset..<pair.whole.end]
                }
                if !pairs.isEmpty { kept.append(pairs) }
            }
        }
        guard isChanged else { return }
        exchange.request.headers.remove(.cookie)
        for line in kept { exchange.request.headers.add(HeaderName(.cookie), line) }
    }
}

/// The pairs of a `Cookie` field (RFC 6265 section 4.2.1).
enum CookiePairs {
    struct Pair {
        /// Name, equals sign and value, without blanks around them.
        let whole: ByteRange
        /// Empty if there is no equals sign.
        let name: ByteRange
        /// Without the quotes that may enclose it.
        let value: ByteRange

        func isNamed(_ wanted: [UInt8], in field: UnsafeRawBufferPointer) -> Bool {
            field[self.name.offset..<self.name.end].elementsEqual(wanted)
        }
    }

    static func forEach(in field: UnsafeRawBufferPointer, _ body: (Pair) -> Void) {
        var start = 0
        while start < field.count {
            var end = start
            while end < field.count, field[end] != UInt8(ascii: ";") { end += 1 }
            if let pair = self.pair(in: field, start..<end) { body(pair) }
            start = end + 1
        }
    }

    private static func pair(in field: UnsafeRawBufferPointer, _ range: Range<Int>) -> Pair? {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, self.isBlank(field[start]) { start += 1 }
        while start < end, self.isBlank(field[end - 1]) { end -= 1 }
        guard start < end else { return nil }
        let equals = field[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? start
        var (first, last) = (equals < end && field[equals] == UInt8(ascii: "=") ? equals + 1 : start, end)
        if last - first >= 2, field[first] == UInt8(ascii: "\""), field[last - 1] == UInt8(ascii: "\"") {
            first += 1
            last -= 1
        }
        return Pair(
            whole: ByteRange(offset: start, count: end - start),
            name: ByteRange(offset: start, count: equals - start),
            value: ByteRange(offset: first, count: last - first)
        )
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
