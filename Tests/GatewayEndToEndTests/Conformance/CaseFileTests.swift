import FoundationEssentials
import Testing

/// The format of the case files, and their documentation.
struct CaseFileTests {
    private static let whole = """
        # What it is about.

        rule: a rule
        section: RFC 9112 section 2.2
        does: something

        case: first
        why: a reason
        bytes:
          GET / HTTP/1.1\\r\\n
           \\x41\\3{ab}
        expect:
          refused 400

        case: second
        why: another
        then: x
        bytes:
        expect:
          refused 400
        """

    @Test func `a file is rules with cases`() throws {
        let file = try CaseFile(Self.whole, family: "f", values: ["then"])
        #expect(file.cases.map(\.name) == ["first", "second"])
        #expect(file.cases[0].rule == "a rule")
        #expect(file.cases[0].blocks["bytes"] == ["GET / HTTP/1.1\\r\\n", " \\x41\\3{ab}"])
        #expect(file.cases[0].blocks["expect"] == ["refused 400"])
        #expect(file.cases[1].values["then"] == "x")
    }

    @Test(arguments: [
        ("does: something\n", ""), ("why: a reason\n", ""), ("why: a reason", "why:"), ("then: x", "other: x"),
        ("case: second", "case: first"), ("bytes:\nexpect", "expect"), ("bytes:\nexpect", "bytes:\nbytes:\nexpect"),
        ("then: x", "then"), ("why: another", "why: another "), ("why: another", "  why: another"),
        ("why: another", "why: another\nwhy: twice"), ("  refused 400\n\n", "# a comment\n\n"),
    ])
    func `a typo is an error`(_ part: String, _ wrong: String) {
        #expect(Self.whole.contains(part))
        #expect(throws: CaseFile.Malformed.self) {
            try CaseFile(Self.whole.replacing(part, with: wrong), family: "f", values: ["then"])
        }
    }

    @Test func `escapes represent bytes`() throws {
        #expect(try CaseText.bytes(#"a\r\n\t\0\\\x7f\3{b\n}"#) == Array("a\r\n\t\0\\\u{7F}b\nb\nb\n".utf8))
    }

    @Test(arguments: [#"\"#, #"\q"#, #"\x4"#, #"\xzz"#, #"\3"#, #"\3{a"#, #"\-1{a}"#])
    func `an invalid escape is an error`(_ text: String) {
        #expect(throws: CaseText.Malformed.self) { try CaseText.bytes(text) }
    }

    @Test func `every case is listed in docs/conformance.md`() throws {
        let root = CaseFile.folder.deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/conformance.md"), encoding: .utf8)
        let files =
            try CaseFile.all("client", values: ["server", "route", "more", "then", "sent", "nginx"])
            + CaseFile.all("upstream", values: ["request", "then"])
        for file in files {
            let start = try #require(text.firstRange(of: "### \(file.family)\n"), "run scripts/conformance-table")
            let rest = text[start.upperBound...]
            let section = rest[..<(rest.firstRange(of: "\n##")?.lowerBound ?? rest.endIndex)]
            for one in file.cases {
                #expect(section.contains(one.name), "\(one.name): run scripts/conformance-table")
            }
        }
    }
}
