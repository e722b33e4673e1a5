import Gateway
import GatewayTesting
import HTTPTypes
import NIOCore
import Testing

@testable import GatewayHTTP
@testable import GatewaySettings

/// Random heads: for any upstream response, request and settings, the fields for caching and conditions are correct.
struct RepresentationTests {
    /// SplitMix64.
    struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var word = self.state
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }

        mutating func pick<Value>(_ values: Value...) -> Value { values[Int(self.next() % UInt64(values.count))] }
    }

    private static func name(_ name: String) throws -> HTTPField.Name { try #require(HTTPField.Name(name)) }

    /// The upstream's response, and the settings of the route.
    private struct Case: CustomStringConvertible {
        let preset: String
        let nonce: String
        let isOverriding: Bool
        let strength: String
        let type: String
        let tag: String
        let control: String
        let coding: String
        let vary: String
        let policy: String
        let text: String
        let isStreamed: Bool

        init(_ random: inout Random) {
            self.preset = random.pick("api", "web", "strict")
            self.nonce =
                self.preset == "strict" ? random.pick("header", "html") : random.pick("off", "off", "header", "html")
            self.isOverriding = random.pick(false, false, true)
            self.strength = random.pick("weak", "strong")
            self.type = random.pick(
                "",
                "text/html",
                "text/html; charset=utf-8",
                "application/json",
                "image/png",
                "text/css"
            )
            self.tag = random.pick("", "", "\"v\"", "W/\"v\"", "\"a\"b\"", "v")
            self.control = random.pick("", "max-age=60", "no-transform, max-age=1")
            self.coding = random.pick("", "", "", "br")
            self.vary = random.pick("", "Origin", "accept-encoding")
            self.policy = random.pick("", "", "img-src *")
            self.text = String(repeating: "plain text ", count: random.pick(1, 40, 100, 4_000))
            self.isStreamed = random.pick(false, false, true)
        }

        var description: String {
            "\(self.preset) \(self.nonce) \(self.isOverriding) \(self.strength); \(self.type) ETag \(self.tag) "
                + "Cache-Control \(self.control) coding \(self.coding) Vary \(self.vary) CSP \(self.policy) "
                + "\(self.text.utf8.count) bytes\(self.isStreamed ? " streamed" : "")"
        }

        var isHTML: Bool { self.type.hasPrefix("text/html") }
        var carriesNonce: Bool { self.isHTML && self.nonce != "off" }

        /// Whether a client that accepts a coding gets an encoded response.
        var isEncodable: Bool {
            ["text", "application"].contains { self.type.hasPrefix($0) } && self.coding.isEmpty
                && !self.control.contains("no-transform") && (self.isStreamed || self.text.utf8.count >= 500)
        }

        var upstream: FakeUpstream {
            get throws {
                var headers = HTTPFields()
                let fields = [
                    ("Content-Type", self.type), ("ETag", self.tag), ("Cache-Control", self.control),
                    ("Content-Encoding", self.coding), ("Vary", self.vary), ("Content-Security-Policy", self.policy),
                ]
                for (name, value) in fields where !value.isEmpty { headers[try RepresentationTests.name(name)] = value }
                if self.isStreamed { return FakeUpstream(.chunks(self.text, headers: headers)) }
                return FakeUpstream(.init(headers: headers, text: self.text))
            }
        }

        var route: TestRoute {
            get async throws {
                let toml = """
                    [upstreams.app]
                    builtin = "in_process"
                    [middleware.etag]
                    strength = "\(self.strength)"
                    [middleware.security_headers]
                    preset = "\(self.preset)"
                    override = \(self.isOverriding)
                    [middleware.security_headers.csp]
                    nonce = "\(self.nonce)"
                    [[routes]]
                    path = "/*"
                    upstream = "app"
                    """
                return try await TestRoute(
                    GatewayConfiguration(toml: toml, environment: [:]),
                    upstream: self.upstream
                )
            }
        }
    }

    private static let forDocuments = [
        "Content-Security-Policy", "Content-Security-Policy-Report-Only", "X-Frame-Options",
        "Cross-Origin-Opener-Policy", "Cross-Origin-Embedder-Policy", "Permissions-Policy", "Reporting-Endpoints",
    ]

    /// Checks that apply to every response.
    private static func check(_ answer: TestAnswer, _ example: Case, isHead: Bool, _ comment: Comment) throws {
        let vary = answer.headers[values: try self.name("Vary")].flatMap {
            $0.split(separator: ",").map { $0.trimmingPrefix(" ").lowercased() }
        }
        #expect(Set(vary).count == vary.count, comment)
        let varies = example.isEncodable || example.vary == "accept-encoding"
        #expect(vary.contains("accept-encoding") == varies, comment)
        #expect(vary.contains("origin") == (example.vary == "Origin"), comment)
        if answer.status == 304 || isHead { #expect(answer.body.readableBytes == 0, comment) }
        if !isHead, answer.status == 200, let length = answer.headers[.contentLength] {
            #expect(Int(length) == answer.body.readableBytes, comment)
        }
        guard answer.status == 304 else { return }
        #expect(answer.headers[.contentType] == nil && answer.headers[.contentEncoding] == nil, comment)
        for field in try self.forDocuments.map(self.name) {
            let isUpstreams = field.rawName == "Content-Security-Policy" && !example.isOverriding
            #expect(answer.headers[field] == (isUpstreams && !example.policy.isEmpty ? example.policy : nil), comment)
        }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `fields for caching and conditions are correct`(_ seed: UInt64) async throws {
        var random = Random(state: seed)
        for _ in 0..<40 {
            let example = Case(&random)
            let route = try await example.route
            for _ in 0..<3 {
                var headers = HTTPFields()
                let accepted = random.pick("", "gzip", "br", "identity", "gzip;q=0, br;q=0.5")
                if !accepted.isEmpty { headers[.acceptEncoding] = accepted }
                let accept = random.pick("", "*/*", "text/html,*/*;q=0.8")
                if !accept.isEmpty { headers[.accept] = accept }
                if random.pick(false, false, false, true) { headers[.cacheControl] = "no-transform" }
                let method = random.pick(HTTPRequest.Method.get, .get, .head)
                let comment: Comment = "\(example); \(method) \(headers)"

                let first = try await route.send(method, "/", headers: headers)
                #expect(first.status == 200, comment)
                try Self.check(first, example, isHead: method == .head, comment)
                if first.headers[.contentEncoding] == nil, method == .get {
                    #expect(first.text == example.text, comment)
                }
                if headers[.cacheControl] != nil {
                    #expect((first.headers[.contentEncoding] ?? "") == example.coding, comment)
                }
                guard !example.carriesNonce else {
                    #expect(first.headers[.eTag] == nil, comment)
                    #expect(first.headers[.cacheControl] == "private, no-store", comment)
                    continue
                }
                #expect((first.headers[.cacheControl] ?? "") == example.control, comment)
                guard let tag = first.headers[.eTag] else {
                    #expect(example.tag.isEmpty, comment)
                    continue
                }
                // An invalid tag is forwarded unchanged and matches nothing.
                if ["\"a\"b\"", "v"].contains(example.tag) {
                    #expect(tag == example.tag, comment)
                    continue
                }

                headers[.ifNoneMatch] = random.pick(tag, "\"other\", \(tag)")
                let second = try await route.send(.get, "/", headers: headers)
                // The request for a page that may have a nonce is forwarded without conditions, whatever the
                // response.
                let asksForPage = example.nonce != "off" && accept.hasPrefix("text/html")
                #expect(second.status == (asksForPage ? 200 : 304), comment)
                #expect(second.headers[.eTag] == tag, comment)
                try Self.check(second, example, isHead: false, comment)

                // Another coding is another representation.
                guard tag.contains("-gw-gzip") || tag.contains("-gw-br") else { continue }
                headers[.acceptEncoding] = tag.contains("-gw-gzip") ? "br" : "gzip"
                let third = try await route.send(.get, "/", headers: headers)
                #expect(third.status == 200, comment)
                try Self.check(third, example, isHead: false, comment)
            }
        }
    }
}
