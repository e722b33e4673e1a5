import Crypto
import Foundation
import NIOConcurrencyHelpers
import Testing

extension EndToEnd {
    /// Tokens of issuers that publish their keys.
    @Suite struct KeySetTests {
        @Test func `a new key is fetched once when a token names it, and a removed one no longer counts`() async throws
        {
            let (old, new) = (Issuer("old"), Issuer("new"))
            let keys = NIOLockedValueBox([old])
            let script = serving { _ in Self.response(keys.withLockedValue { Issuer.keySet($0) }) }
            try await withUpstream(script) { issuer in
                try await withGateway(Self.settings(issuer.url)) { gateway in
                    try await eventuallyAsync("keys") { (try? await gateway.status(old.token())) == 200 }
                    #expect(try await gateway.status(new.token()) == 401)
                    let fetches = issuer.requests.count
                    keys.withLockedValue { $0 = [new] }
                    // The last fetch for an unknown key was a moment ago.
                    #expect(try await gateway.status(new.token()) == 401)
                    #expect(issuer.requests.count == fetches)
                    #expect(try await gateway.status(old.token()) == 200)
                }
                keys.withLockedValue { $0 = [old] }
                try await withGateway(Self.settings(issuer.url)) { gateway in
                    try await eventuallyAsync("keys") { (try? await gateway.status(old.token())) == 200 }
                    let fetches = issuer.requests.count
                    keys.withLockedValue { $0 = [new] }
                    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                        for _ in 0..<8 { group.addTask { try await gateway.status(new.token()) } }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(statuses.allSatisfy { $0 == 200 })
                    #expect(issuer.requests.count == fetches + 1)
                    #expect(try await gateway.status(old.token()) == 401)
                }
            }
        }

        @Test(arguments: [
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>",
            "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}",
            "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + String(repeating: " ", count: 600_000),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        ]) func `without keys requests get 503`(_ response: String) async throws {
            let asked = NIOLockedValueBox(false)
            let script = serving { _ in
                asked.withLockedValue { $0 = true }
                return response
            }
            try await withUpstream(script) { issuer in
                try await withGateway(Self.settings(issuer.url)) { gateway in
                    try await eventually("a fetch") { asked.withLockedValue { $0 } }
                    let refused = try await gateway.get("/", "Authorization: Bearer \(Issuer("a").token())")
                    #expect(refused.status == 503)
                    #expect(refused["Retry-After"] != nil)
                    #expect(refused.text.contains("auth_unavailable"))
                    // What is no token is wrong all the same.
                    #expect(try await gateway.status("nonsense") == 401)
                    #expect(issuer.requests.allSatisfy { $0.startLine.hasPrefix("GET /keys HTTP/1.1") })
                }
            }
        }

        @Test func `keys come from files`() async throws {
            let (known, other) = (Issuer("a"), Issuer("b"))
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gateway-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let (set, pem) = (folder.appendingPathComponent("keys.json"), folder.appendingPathComponent("key.pem"))
            try Issuer.keySet([known]).write(to: set, atomically: true, encoding: .utf8)
            try known.pem.write(to: pem, atomically: true, encoding: .utf8)
            for source in ["jwks_file = \"\(set.path)\"", "public_key = \"\(pem.path)\""] {
                let settings = Self.settings("").replacing("jwks = \"/keys\"", with: source)
                try await withGateway(settings, workers: 2) { gateway in
                    let statuses = [
                        try await gateway.status(known.token()), try await gateway.status(other.token()),
                    ]
                    #expect(statuses == [200, 401], "\(source)")
                }
            }
        }

        private static func settings(_ url: String) -> String {
            """
            [auth.jwt]
            jwks = "\(url)/keys"
            audience = ["api"]
            [[routes]]
            path = "/*"
            respond = { status = 200 }
            auth = { any = ["jwt"], failures = "off" }
            """
        }

        private static func response(_ body: String) -> String {
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }
    }
}

extension RunningGateway {
    fileprivate func status(_ token: String) async throws -> Int {
        try await self.get("/", "Authorization: Bearer \(token)").status
    }
}

/// Someone who signs tokens with a key of its own.
private struct Issuer {
    private let name: String
    private let key = P256.Signing.PrivateKey()

    init(_ name: String) { self.name = name }

    func token() -> String {
        let head = Self.base64URL(Data(#"{"alg":"ES256","kid":"\#(self.name)"}"#.utf8))
        let claims = Self.base64URL(Data(#"{"aud":"api","sub":"acme","exp":4102444800}"#.utf8))
        let signature = (try? self.key.signature(for: Data("\(head).\(claims)".utf8)).rawRepresentation) ?? Data()
        return "\(head).\(claims).\(Self.base64URL(signature))"
    }

    var pem: String { self.key.publicKey.pemRepresentation }

    static func keySet(_ issuers: [Issuer]) -> String {
        let keys = issuers.map { issuer in
            let point = issuer.key.publicKey.rawRepresentation
            let (x, y) = (self.base64URL(point.prefix(32)), self.base64URL(point.suffix(32)))
            return #"{"kty":"EC","crv":"P-256","use":"sig","kid":"\#(issuer.name)","x":"\#(x)","y":"\#(y)"}"#
        }
        return #"{"keys":[{"kty":"AKP","alg":"ML-DSA-44"},\#(keys.joined(separator: ","))]}"#
    }

    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
