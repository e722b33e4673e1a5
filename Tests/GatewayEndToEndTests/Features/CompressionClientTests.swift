import FoundationEssentials
import Testing

extension EndToEnd {
    /// Clients by others that request codings and decode them.
    @Suite struct CompressionClientTests {
        private static let body = CompressionTests.text(150_000)

        /// Runs a program with these arguments against a gateway and compares its output with the plain body.
        private static func expectBody(coding: String, _ arguments: (_ url: String, _ output: String) -> [String])
            async throws
        {
            for size in [2_000, 150_000] {
                let text = String(self.body.prefix(size))
                try await withFolder { folder in
                    try await withProxy(serving { _ in ok(text, "Content-Type: application/json") }) { gateway, _ in
                        let output = folder + "/out"
                        let program = try ChildProcess(arguments(gateway.url + "/", output))
                        defer { program.stop() }
                        try await eventually("the program ends", within: .seconds(30)) { program.hasEnded }
                        let written = try String(contentsOfFile: output, encoding: .utf8)
                        #expect(written == coding + "\n" + text)
                    }
                }
            }
        }

        @Test(
            .enabled(if: ChildProcess.find("python3") != nil, "python3 is not installed"),
            arguments: ["gzip", "deflate;q=0.5, gzip"]
        )
        func `python can decode it`(_ accepted: String) async throws {
            let script = """
                import sys, gzip, urllib.request
                request = urllib.request.Request(sys.argv[1], headers={"Accept-Encoding": sys.argv[3]})
                with urllib.request.urlopen(request, timeout=20) as response:
                    coding = response.headers["Content-Encoding"]
                    body = gzip.decompress(response.read())
                open(sys.argv[2], "wb").write(coding.encode() + b"\\n" + body)
                """
            try await Self.expectBody(coding: "gzip") { ["python3", "-c", script, $0, $1, accepted] }
        }

        @Test(
            .enabled(if: ChildProcess.find("node") != nil, "node is not installed"),
            arguments: [("br, gzip", "br"), ("gzip", "gzip")]
        )
        func `node can decode it`(_ accepted: String, _ coding: String) async throws {
            let script = """
                const [url, file, accepted] = process.argv.slice(1);
                const http = require("http"), fs = require("fs"), zlib = require("zlib");
                http.get(url, { headers: { "Accept-Encoding": accepted } }, (response) => {
                  const coding = response.headers["content-encoding"];
                  const pieces = [];
                  response.on("data", (piece) => pieces.push(piece)).on("end", () => {
                    const body = Buffer.concat(pieces);
                    const plain = coding === "br" ? zlib.brotliDecompressSync(body) : zlib.gunzipSync(body);
                    fs.writeFileSync(file, Buffer.concat([Buffer.from(coding + "\\n"), plain]));
                    process.exit(0);
                  });
                });
                """
            try await Self.expectBody(coding: coding) { ["node", "-e", script, $0, $1, accepted] }
        }

        @Test(.enabled(if: ChildProcess.find("curl") != nil, "curl is not installed"))
        func `curl can decode it`() async throws {
            for size in [2_000, 150_000] {
                let text = String(Self.body.prefix(size))
                try await withFolder { folder in
                    try await withProxy(serving { _ in ok(text, "Content-Type: application/json") }) {
                        gateway,
                        upstream in
                        let curl = try ChildProcess(
                            "curl",
                            "-sS",
                            "-m",
                            "20",
                            "--compressed",
                            "-D",
                            folder + "/head",
                            "-o",
                            folder + "/out",
                            gateway.url + "/"
                        )
                        defer { curl.stop() }
                        try await eventually("curl ends", within: .seconds(25)) { curl.hasEnded }
                        #expect(try String(contentsOfFile: folder + "/out", encoding: .utf8) == text)
                        let head = try String(contentsOfFile: folder + "/head", encoding: .utf8)
                        #expect(head.contains("Content-Encoding: "))
                        #expect(upstream.requests.first?["Accept-Encoding"]?.contains("gzip") == true)
                    }
                }
            }
        }
    }
}
