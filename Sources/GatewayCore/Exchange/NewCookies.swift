import GatewayHTTP

/// The cookies that the gateway gives to a client with the response of the upstream, so that later requests go the same
/// way.
struct NewCookies {
    private static let cookies = ExchangeKey<NewCookies?>("cookies", initial: nil)
    private static let setCookie = HeaderName(.setCookie)

    /// In the order in which they were added.
    private var all: [(name: [UInt8], value: [UInt8])] = []

    /// Adds a cookie, or replaces the one with the same name.
    static func add(_ name: [UInt8], _ value: [UInt8], to exchange: Exchange) {
        var new = exchange[Self.cookies] ?? NewCookies()
        new.all.removeAll { $0.name == name }
        new.all.append((name, value))
        exchange[Self.cookies] = new
    }

    static func has(_ exchange: Exchange) -> Bool { exchange[Self.cookies] != nil }

    /// Adds the cookies to a response, which shared caches must not store then: they would give one client's cookie to
    /// others (RFC 9111 section 7.3).
    static func set(of exchange: Exchange) {
        guard let new = exchange[Self.cookies] else { return }
        for cookie in new.all {
            let attributes =
                exchange.isSecure ? "; Path=/; HttpOnly; SameSite=Lax; Secure" : "; Path=/; HttpOnly; SameSite=Lax"
            exchange.response.headers.add(
                self.setCookie,
                cookie.name + [UInt8(ascii: "=")] + cookie.value + Array(attributes.utf8)
            )
        }
        exchange.response.keepFromSharedCaches()
    }
}

extension ResponseHead {
    /// Marks the response as one for this client alone.
    package mutating func keepFromSharedCaches() {
        if self.headers.contains("private", in: .cacheControl) { return }
        if self.headers.contains("no-store", in: .cacheControl) { return }
        self.headers.add(HeaderName(.cacheControl), Array("private".utf8))
    }
}

extension Exchange {
    /// Whether the gateway itself has added a cookie to the response, which is for this client alone.
    package var givesCookies: Bool { NewCookies.has(self) }
}
