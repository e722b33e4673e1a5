import FoundationEssentials
import Testing

@testable import Gateway
@testable import GatewayCore

extension EndToEnd {
    /// Clients by others that read what the gateway encodes, tags and rejects.
    @Suite struct ForeignClientTests {
        /// What a client reports for a request.
        private struct Seen: Codable, Hashable {
            var status: Int
            var coding: String?
            var tag: String?
            var type: String?
            var body: String
        }

        /// The client sends these requests on one connection and writes its responses as JSON. "previous" in a field
        /// is replaced by the tag of the previous response.
        private struct Request: Encodable {
            var method = "GET"
            var target: String
            var fields: [String: String] = [:]
        }

        private static let python = """
            import gzip, http.client, json, sys, zlib
            host, port, file = sys.argv[1:4]
            connection = http.client.HTTPConnection(host, int(port), timeout=20)
            seen, tag = [], ""
            for request in json.load(open(file + ".in")):
                fields = {name: value.replace("previous", tag) for name, value in request["fields"].items()}
                connection.request(request["method"], request["target"], headers=fields)
                response = connection.getresponse()
                body, coding = response.read(), response.headers["Content-Encoding"]
                if body and coding == "gzip": body = gzip.decompress(body)
                elif body and coding == "deflate": body = zlib.decompress(body)
                tag = response.headers["ETag"] or ""
                seen.append({"status": response.status, "coding": coding, "tag": response.headers["ETag"],
                             "type": response.headers["Content-Type"], "body": body.decode()})
            json.dump(seen, open(file, "w"))
            """

        /// fetch decodes bodies, and fails if one is incomplete.
        private static let node = """
            const [host, port, file] = process.argv.slice(1);
            const fs = require("fs");
            (async () => {
              const seen = [];
              let tag = "";
              for (const request of JSON.parse(fs.readFileSync(file + ".in"))) {
                const headers = {};
                for (const [name, value] of Object.entries(request.fields)) headers[name] = value.replaceAll("previous", tag);
                const response = await fetch(`http://${host}:${port}${request.target}`, { method: request.method, headers });
                const body = await response.text();
                tag = response.headers.get("etag") ?? "";
                seen.push({ status: response.status, coding: response.headers.get("content-encoding"),
                  tag: response.headers.get("etag"), type: response.headers.get("content-type"), body });
              }
              fs.writeFileSync(file, JSON.stringify(seen));
              process.exit(0);
            })();
            """

        private static func run(
            _ program: [String],
            _ requests: [Request],
            at gateway: RunningGateway
        ) async throws -> [Seen] {
            try await withFolder { folder in
                let file = folder + "/seen"
                try JSONEncoder().encode(requests).write(to: URL(fileURLWithPath: file + ".in"))
                let child = try ChildProcess(program + ["127.0.0.1", "\(gateway.port)", file])
                defer { child.stop() }
                try await eventually("the client ends", within: .seconds(30)) { child.hasEnded }
                return try JSONDecoder().decode([Seen].self, from: Data(contentsOf: URL(fileURLWithPath: file)))
            }
        }

        /// Bodies in random chunks and pieces, each with a strong tag, a weak tag or none.
        private static func expectBodies(_ program: [String], codings: [String], seed: UInt64) async throws {
            var random = SplitMix64(seed: seed)
            let texts = (0..<24).map { _ in
                CompressionTests.text([0, 1, 800, 20_000, 200_000].randomElement(using: &random) ?? 1)
            }
            let answers = texts.enumerated().map { number, text in
                let tag = ["ETag: \"t\(number)\"\r\n", "ETag: W/\"t\(number)\"\r\n", ""][number % 3]
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\(tag)Transfer-Encoding: chunked\r\n\r\n"
                let wire = Array(head.utf8) + Chunks.random(of: Array(text.utf8), &random)
                return (tag: tag, wire: wire, cuts: Chunks.cuts(wire.count, &random))
            }
            let script = playing { session in
                while true {
                    let request = try await session.request()
                    let answer = answers[Int(request.target.dropFirst()) ?? 0]
                    if let known = request["If-None-Match"], answer.tag.contains(known) {
                        try await session.send("HTTP/1.1 304 Not Modified\r\n\(answer.tag)\r\n")
                    } else {
                        try await session.connection.send(answer.wire, splitAt: answer.cuts)
                    }
                }
            }
            try await withProxy(script, workers: 2) { gateway, upstream in
                for coding in codings {
                    let fields = ["Accept-Encoding": coding]
                    let requests = texts.indices.flatMap { number in
                        let again = fields.merging(["If-None-Match": "previous"]) { $1 }
                        let first = Request(target: "/\(number)", fields: fields)
                        return number % 3 == 2 ? [first] : [first, Request(target: "/\(number)", fields: again)]
                    }
                    var seen = try await Self.run(program, requests, at: gateway).makeIterator()
                    for (number, text) in texts.enumerated() {
                        let first = seen.next()
                        let response = try #require(first)
                        #expect(response.status == 200)
                        #expect(response.body == text, "\(number)")
                        #expect(response.coding == coding, "\(number)")
                        guard number % 3 != 2 else { continue }
                        #expect(response.tag == (number % 3 == 0 ? "\"t\(number)-gw-\(coding)\"" : "W/\"t\(number)\""))
                        let second = seen.next()
                        let known = try #require(second)
                        #expect(known.status == 304)
                        #expect(known.tag == response.tag)
                        #expect(known.body.isEmpty)
                    }
                }
                #expect(upstream.requests.allSatisfy { $0["If-None-Match"]?.contains("-gw-") != true })
            }
        }

        /// Generated tags, errors of the gateway and of the upstream, and HEAD, with a client that accepts any
        /// coding.
        private static func expectErrors(_ program: [String], coding: String) async throws {
            let script = serving { request in
                switch request.target {
                case "/broken": "HTTP/1.1 500 X\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nsecret"
                case "/refused":
                    "HTTP/1.1 404 X\r\nContent-Type: text/plain\r\nContent-Length: 900\r\n\r\n"
                        + String(repeating: "n", count: 900)
                default:
                    request.method == "HEAD"
                        ? "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4000\r\n\r\n"
                        : ok(CompressionTests.text(4_000), "Content-Type: text/plain")
                }
            }
            let more = "[middleware.etag]\nstrength = \"strong\"\n[middleware.rate_limit]\nlimit = \"6/day\""
            try await withProxy(script, more: more) { gateway, _ in
                let fields = ["Accept-Encoding": coding]
                let again = fields.merging(["If-None-Match": "previous"]) { $1 }
                let seen = try await Self.run(
                    program,
                    [
                        Request(target: "/", fields: fields), Request(target: "/", fields: again),
                        Request(method: "HEAD", target: "/", fields: fields),
                        Request(target: "/broken", fields: fields),
                        Request(target: "/refused", fields: fields), Request(target: "/%00", fields: fields),
                        Request(target: "/", fields: fields), Request(target: "/", fields: fields),
                    ],
                    at: gateway
                )
                // The malformed path has no route, so it counts against a separate limiter.
                #expect(seen.map(\.status) == [200, 304, 200, 500, 404, 400, 200, 429])
                #expect(seen[0].tag?.hasSuffix("-gw-\(coding)\"") == true)
                #expect(seen[1].tag == seen[0].tag)
                #expect(seen[2].coding == coding)
                #expect(seen[6].body == CompressionTests.text(4_000))
                #expect(seen[4].body == String(repeating: "n", count: 900))
                for (index, code) in [(3, "upstream_error"), (5, "bad_request"), (7, "rate_limited")] {
                    #expect(seen[index].type == "application/problem+json")
                    #expect(seen[index].coding == nil && seen[index].tag == nil)
                    #expect(seen[index].body.contains("\"code\":\"\(code)\""))
                    #expect(!seen[index].body.contains("secret"))
                }
            }
        }

        @Test(
            .enabled(if: ChildProcess.find("python3") != nil, "python3 is not installed"),
            arguments: 1...3 as ClosedRange<UInt64>
        )
        func `python's http_client reads bodies split in any way`(_ seed: UInt64) async throws {
            try await Self.expectBodies(["python3", "-c", Self.python], codings: ["gzip"], seed: seed)
        }

        @Test(
            .enabled(if: ChildProcess.find("node") != nil, "node is not installed"),
            arguments: 1...3 as ClosedRange<UInt64>
        )
        func `node's fetch reads bodies split in any way`(_ seed: UInt64) async throws {
            try await Self.expectBodies(["node", "-e", Self.node], codings: ["gzip", "br"], seed: seed)
        }

        @Test(.enabled(if: ChildProcess.find("python3") != nil, "python3 is not installed"))
        func `python's http_client receives correct tags, HEAD responses and errors`() async throws {
            try await Self.expectErrors(["python3", "-c", Self.python], coding: "gzip")
        }

        @Test(.enabled(if: ChildProcess.find("node") != nil, "node is not installed"), arguments: ["gzip", "br"])
        func `node's fetch receives correct tags, HEAD responses and errors`(_ coding: String) async throws {
            try await Self.expectErrors(["node", "-e", Self.node], coding: coding)
        }
    }
}
