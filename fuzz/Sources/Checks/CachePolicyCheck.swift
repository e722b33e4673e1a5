import GatewayCache
import NIOCore

@testable import GatewayHTTP

/// What the cache stores. The first byte makes settings, the second the status; then come the fields of the request, an
/// empty line, and those of the response.
enum CachePolicyCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        guard input.count >= 2 else { return }
        let lines = Array(input[2...]).lines.prefix(64)
        let end = lines.firstIndex { $0.isEmpty } ?? lines.endIndex
        let exchange = Exchange(
            settings: input[0],
            status: 100 + Int(input[1]) * 2,
            request: lines[..<end].map { self.field($0) },
            response: lines[end...].dropFirst().map { self.field($0) }
        )
        let policy = exchange.policy
        let verdict = exchange.verdict(policy)
        try self.checkVaried(exchange)
        try self.checkFreshened(exchange)
        if case .store(let lifetime, _) = verdict { try self.check(lifetime, exchange) }

        let isStored = self.isStored(verdict)
        try hold(!self.isStored(exchange.adding("Vary", "*").verdict(policy)), "stored although no request selects it")
        guard policy.overrideTTL == nil, policy.targets.isEmpty else { return }
        let control = exchange.text(of: "cache-control")
        func has(_ word: String) -> Bool { control.contains(word) }
        let members = control.split { ",\n".contains($0) }.map { Array($0.utf8).trimmed }
        let isForbidden = members.contains(Array("no-store".utf8)) && !has("must-understand") && !has("\"")
        try hold(!isStored || !isForbidden, "stored in spite of no-store")
        if !has("must-understand") {
            let forbidden = exchange.adding("Cache-Control", "no-store")
            try hold(!self.isStored(forbidden.verdict(policy)), "stored in spite of a line with no-store")
        }
        try hold(!self.isStored(exchange.adding("Cache-Control", "private").verdict(policy)), "stored although private")
        let hasCookie = exchange.response.contains { $0.name.lowercased() == "set-cookie" }
        try hold(
            !isStored || !hasCookie || has("public") || has("set-cookie"),
            "a cookie is stored without public"
        )
        let hasCredentials = exchange.request.contains { ["authorization", "cookie"].contains($0.name.lowercased()) }
        try hold(
            !isStored || !hasCredentials || has("public") || has("s-maxage") || has("must-revalidate"),
            "stored in spite of credentials"
        )
        // Lines of a list are the list. An open quote would take the separator for its own.
        guard !has("\"") else { return }
        let joined = exchange.joining("cache-control").verdict(policy)
        try hold("\(joined)" == "\(verdict)", "\(verdict), but \(joined) from one line")
    }

    private static func check(_ lifetime: ResponseLifetime, _ exchange: Exchange) throws(BrokenProperty) {
        try hold(0...1 << 41 ~= lifetime.lifetime, "a lifetime of \(lifetime.lifetime)")
        try hold(lifetime.age(at: Exchange.received) >= 0, "an age below zero")
        let end = lifetime.bornAt + lifetime.lifetime
        let request = CacheRequest(exchange.requestHead, ignoresClient: exchange.policy.ignoresClient)
        for now in [Exchange.received, end - 1, end, end + 1, end + 1_000_000] {
            let reuse = lifetime.reuse(by: request, at: now)
            try hold(reuse != .fresh || lifetime.isFresh(at: now), "fresh after its lifetime")
            try hold(reuse != .acceptedStale || lifetime.mayBeStale, "stale although that is forbidden")
        }
    }

    /// A request selects what was stored for it.
    private static func checkVaried(_ exchange: Exchange) throws(BrokenProperty) {
        let head = exchange.requestHead
        let variant = Variant(Variant.names(in: exchange.responseHead.headers), of: head.headers)
        try hold(variant.selects(head.headers), "a request does not select its own response")
    }

    /// A 304 with the same fields changes nothing, and no field can start another line.
    private static func checkFreshened(_ exchange: Exchange) throws(BrokenProperty) {
        let head = exchange.responseHead
        let stored = PreparedFields { block in for field in head.headers.fields { block.add(field, from: head.headers) }
        }
        let once = StoredHeadUpdate.fields(of: stored, freshenedBy: head.headers)
        let twice = StoredHeadUpdate.fields(of: once, freshenedBy: head.headers)
        let (first, second) = (HeaderBlock(once, room: 0).contents, HeaderBlock(twice, room: 0).contents)
        try hold(first.count == second.count && first.allSatisfy { second.contains($0) }, "\(first), then \(second)")
        try hold(first.allSatisfy { $0[1].isFieldValue }, "a stored field contains a line end")
    }

    private static func isStored(_ verdict: CachePolicy.Verdict) -> Bool {
        if case .store = verdict { true } else { false }
    }

    private static func field(_ line: [UInt8]) -> Field {
        let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let name = HeaderName(String(decoding: parts.first ?? [], as: UTF8.self)).description
        let value = parts.count > 1 ? Array(parts[1]) : []
        return Field(name: name, value: HeaderBlock(.etag, [value]).contents[0][1].trimmed)
    }

    private struct Field {
        let name: String
        let value: [UInt8]
    }

    private struct Exchange {
        static let received: Int64 = 1 << 40

        let settings: UInt8
        let status: Int
        var request: [Field]
        var response: [Field]

        var policy: CachePolicy {
            func isSet(_ bit: UInt8) -> Bool { self.settings & (1 << bit) != 0 }
            var policy = CachePolicy()
            policy.defaultTTL = isSet(0) ? 5000 : 0
            policy.statusTTL = isSet(1) ? [404: 1000, 401: 1000] : [:]
            policy.overrideTTL = isSet(2) ? 3000 : nil
            policy.heuristic = isSet(3) ? 0.1 : 0
            policy.targets = isSet(4) ? [HeaderName("CDN-Cache-Control")] : []
            policy.ignoresClient = isSet(5)
            policy.staleWhileRevalidate = isSet(6) ? 7000 : 0
            policy.staleIfError = isSet(7) ? 9000 : 0
            return policy
        }

        var requestHead: RequestHead {
            var head = RequestHead()
            head.method = .get
            for field in self.request { head.headers.add(HeaderName(field.name), field.value) }
            return head
        }

        var responseHead: ResponseHead {
            var head = ResponseHead()
            head.status = self.status
            for field in self.response { head.headers.add(HeaderName(field.name), field.value) }
            return head
        }

        func verdict(_ policy: CachePolicy) -> CachePolicy.Verdict {
            policy.verdict(
                on: self.responseHead,
                to: CacheRequest(self.requestHead, ignoresClient: policy.ignoresClient),
                askedAt: Self.received - 1000,
                receivedAt: Self.received,
                date: 784_111_777_000
            )
        }

        func text(of name: String) -> String {
            self.response.filter { $0.name.lowercased() == name }
                .map { String(decoding: $0.value, as: UTF8.self).lowercased() }.joined(separator: "\n")
        }

        func adding(_ name: String, _ value: String) -> Exchange {
            var other = self
            other.response.append(Field(name: name, value: Array(value.utf8)))
            return other
        }

        /// The same with all lines of a field in one.
        func joining(_ name: String) -> Exchange {
            let lines = self.response.filter { $0.name.lowercased() == name }
            guard !lines.isEmpty else { return self }
            var other = self
            other.response.removeAll { $0.name.lowercased() == name }
            other.response.append(Field(name: name, value: Array(lines.map(\.value).joined(separator: ", ".utf8))))
            return other
        }
    }
}
