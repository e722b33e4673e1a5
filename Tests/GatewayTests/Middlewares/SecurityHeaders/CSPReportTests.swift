import NIOCore
import Testing

@testable import Gateway
@testable import GatewayMiddlewares

struct CSPReportTests {
    private static func parse(_ json: String, _ format: CSPReport.Format) throws -> [CSPReport] {
        try CSPReport.parse(ByteBuffer(string: json), as: format)
    }

    @Test func `a CSP Level 2 report is parsed`() throws {
        let reports = try Self.parse(
            """
            {"csp-report": {"document-uri": "https://a.example/p?token=1#x", "violated-directive": "img-src 'self'",
             "original-policy": "…", "blocked-uri": "https://b.example/x.png?y", "line-number": 7, "script-sample": "a\\nb"}}
            """,
            .single
        )
        let report = try #require(reports.first)
        #expect(report.directive == "img-src")
        #expect(report.disposition == "enforce")
        #expect(
            report.details == [
                "document": "https://a.example/p", "blocked": "https://b.example/x.png", "line": "7", "sample": "a\\nb",
            ]
        )
    }

    @Test func `a Reporting API list is parsed`() throws {
        let reports = try Self.parse(
            """
            [{"type": "deprecation", "age": 1, "body": {"id": "x"}}, {"type": "csp-violation", "url": "https://a.example/", "body":
             {"effectiveDirective": "script-src-elem", "disposition": "report", "documentURL": "https://a.example/p",
              "blockedURL": "inline", "lineNumber": "no number", "sourceFile": 5}}, {"type": "csp-violation", "body": {}}]
            """,
            .list
        )
        #expect(reports.map(\.directive) == ["script-src-elem", "_OTHER"])
        #expect(reports.map(\.disposition) == ["report", "enforce"])
        #expect(reports.first?.details == ["document": "https://a.example/p", "blocked": "inline"])
    }

    @Test func `values invented by a client never become labels`() throws {
        let report = try #require(
            try Self.parse("{\"csp-report\":{\"effective-directive\":\"x\\u0000y\",\"disposition\":\"z\"}}", .single)
                .first
        )
        #expect(report.directive == "_OTHER")
        #expect(report.disposition == "_OTHER")
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{}", "{\"csp-report\":1}", "{\"csp-report\":[]}", "\"a\"", "{\"csp-report\":{}",
        "\u{0}",
        "{\"a\":" + String(repeating: "[", count: 10_000),
    ])
    func `an invalid report is rejected`(json: String) {
        #expect(throws: CSPReport.Malformed.self) { try Self.parse(json, .single) }
    }

    @Test(arguments: [
        "", "{}", "null", "[1]", "[{}]", "[{\"type\":1}]", "[{\"type\":\"csp-violation\"}]", "[", "[null]",
        String(repeating: "[", count: 30_000),
    ])
    func `an invalid list of reports is rejected`(json: String) {
        #expect(throws: CSPReport.Malformed.self) { try Self.parse(json, .list) }
    }

    @Test func `the number of reports per request is limited`() throws {
        let json =
            "[" + Array(repeating: "{\"type\":\"csp-violation\",\"body\":{}}", count: 1_000).joined(separator: ",")
            + "]"
        #expect(try Self.parse(json, .list).count == CSPReport.maxCount)
        #expect(try Self.parse("[]", .list).isEmpty)
    }

    @Test(arguments: [
        ("a\u{0}b\u{1B}[31m\n", "a\\0b\\u{1B}[31m\\n"), ("é", "\\u{00E9}"), ("plain", "plain"),
        (String(repeating: "x", count: 5_000), String(repeating: "x", count: 200) + "…"),
    ])
    func `texts are truncated and escaped`(text: String, shown: String) {
        #expect(CSPReportText.escaped(text) == shown)
    }

    @Test func `random input does not crash`() {
        var random = SeededRandom(seed: 11)
        let pieces = [
            "{", "}", "[", "]", ":", ",", "\"csp-report\"", "\"type\"", "\"csp-violation\"", "\"body\"", "1", "null",
            "\"\\u00",
        ]
        for _ in 0..<2_000 {
            let json = (0..<20).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
            _ = try? Self.parse(json, .single)
            _ = try? Self.parse(json, .list)
        }
    }

    @Test func `log lines are rate limited, and the next line has the number of dropped ones`() {
        var budget = LineBudget()
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let first = (0..<100).map { _ in budget.take(at: now) }
        #expect(first.prefix(10).allSatisfy { $0 == 0 })
        #expect(first.dropFirst(10).allSatisfy { $0 == nil })
        now = now + .milliseconds(200)
        #expect(budget.take(at: now) == 90)
        #expect(budget.take(at: now) == nil)
        now = now + .seconds(60)
        #expect((0..<100).filter { _ in budget.take(at: now) != nil }.count == 10)
    }

    @Test(arguments: [
        ("/a", true), ("/.gateway/csp-reports", true), ("/", false), ("", false), ("a", false), ("/a b", false),
        ("/{a}", false), ("/a/*", false), ("/a;b", false), ("/a\"", false), ("/a//b", false), ("/a/", false),
        ("/../a", false), ("/a?b", false),
    ])
    func `a report path is a plain path`(path: String, isTaken: Bool) {
        #expect(CSPReportRoutes.isPath(path) == isTaken)
    }
}
