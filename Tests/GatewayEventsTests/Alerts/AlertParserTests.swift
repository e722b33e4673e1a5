import GatewaySettings
import Testing

/// A condition that is not valid.
struct Mistaken: CustomTestStringConvertible {
    /// `‸` marks the place that the mistake is reported at.
    let text: String
    let problem: String
    let suggestion: String

    init(_ text: String, _ problem: String, _ suggestion: String) {
        (self.text, self.problem, self.suggestion) = (text, problem, suggestion)
    }

    var testDescription: String { self.text }
}

@Suite struct AlertParserTests {
    static func parse(_ text: String) throws(AlertMistake) -> AlertCondition {
        try AlertParser.condition(text, metrics: AlertMetrics(middlewares: ["tenant"]))
    }

    private static let errors = AlertNumber.series(AlertSeries(.measure(.errorRate)))

    @Test(arguments: [
        "error_rate > 5%", "error_rate>0.05", " error_rate\n> 5% ", "(error_rate) > 0.05", "(((error_rate > 5%)))",
        "error_rate > 50000us/1s",
    ])
    func `spelling does not matter`(text: String) throws {
        if text.contains("us") {
            #expect(try Self.parse(text).series == [AlertSeries(.measure(.errorRate))])
        } else {
            #expect(try Self.parse(text) == .comparison(Self.errors, .above, .constant(0.05)))
        }
    }

    @Test func `operators bind as in arithmetic`() throws {
        func number(_ value: Double) -> AlertNumber { .constant(value) }
        #expect(
            try Self.parse("1 + 2 * 3 - 4 / -5 >= 6 or not 1 == 1 and 2 != 2")
                == .either(
                    .comparison(
                        .arithmetic(
                            .arithmetic(number(1), .plus, .arithmetic(number(2), .times, number(3))),
                            .minus,
                            .arithmetic(number(4), .divided, .negated(number(5)))
                        ),
                        .notBelow,
                        number(6)
                    ),
                    .both(
                        .not(.comparison(number(1), .equal, number(1))),
                        .comparison(number(2), .notEqual, number(2))
                    )
                )
        )
        #expect(
            try Self.parse("8 - 4 - 2 < 1")
                == .comparison(
                    .arithmetic(.arithmetic(number(8), .minus, number(4)), .minus, number(2)),
                    .below,
                    number(1)
                )
        )
    }

    @Test(
        arguments: [
            ("200ms", 0.2), ("1m30s", 90), ("1.5s", 1.5), ("1GiB", 1_073_741_824), ("1.5KiB", 1536), ("10MB", 1e7),
            ("5%", 0.05), ("0.5", 0.5), (".5", nil), ("2d", 172_800), ("7", 7),
        ] as [(String, Double?)]
    )
    func `numbers have units`(text: String, value: Double?) throws {
        guard let value else {
            #expect(throws: AlertMistake.self) { try Self.parse("cpu > \(text)") }
            return
        }
        guard case .comparison(_, _, .constant(let read)) = try Self.parse("cpu > \(text)") else {
            Issue.record("\(text) was read as something else")
            return
        }
        #expect(abs(read - value) < 1e-9)
    }

    @Test func `labels are matched in three ways`() throws {
        let condition = try Self.parse(#"error_rate{route='a', route!="b", route=~'c|d.*'} > 0"#)
        let series = try #require(condition.series.first)
        #expect(series.matchers.map(\.label) == ["route", "route", "route"])
        #expect(series.matchers.prefix(2).map(\.test) == [.equal("a"), .notEqual("b")])
        #expect(series.matchers[2].matches("d1") && !series.matchers[2].matches("ccc"))
        #expect(try Self.parse("error_rate{} > 0").series == [AlertSeries(.measure(.errorRate))])
        let quoted = try Self.parse(#"error_rate{route='it\'s a \\'} > 0"#)
        #expect(quoted.series[0].matchers[0].test == .equal(#"it's a \"#))
    }

    @Test func `metrics are named as in the exposition`() throws {
        for text in [
            "gateway_errors_total{code='upstream_timeout'} > 1", "process_open_fds > 1000",
            "gateway_tenant_seen_total > 1",
            "gateway_http_request_duration_seconds_sum / gateway_http_request_duration_seconds_count > 1s",
            "sum(gateway_upstream_connections{state=~'active|idle'}) > 100",
        ] {
            #expect(throws: Never.self) { try Self.parse(text) }
        }
    }

    @Test func `the labels of a condition are known`() throws {
        func labels(_ text: String) throws -> Set<String>? { try Self.parse(text).labels(AlertMetrics()) }
        #expect(try labels("error_rate > 1") == ["route"])
        #expect(try labels("error_rate > 1 and circuit_open == 1") == ["route", "upstream"])
        #expect(try labels("sum(request_rate) > 1") == [])
        #expect(try labels("gateway_tenant_seen_total > 1") == nil)
    }

    @Test(arguments: [
        Mistaken("‸", "the condition ends too early", "write a measure or a number, as in error_rate > 5%"),
        Mistaken("‸error_rate", "this is a number, not a condition", "compare it, as in > 5%"),
        Mistaken("‸p95{route='a'} + 1", "this is a number, not a condition", "compare it, as in > 500ms"),
        Mistaken("‸eror_rate > 1", "there is no measure or metric \"eror_rate\"", "write error_rate"),
        Mistaken(
            "‸gateway_http_request_total > 1",
            "there is no measure or metric \"gateway_http_request_total\"",
            "write gateway_http_requests_total"
        ),
        Mistaken(
            "‸whatever > 1",
            "there is no measure or metric \"whatever\"",
            "use a measure such as error_rate, or a counter or gauge of /metrics"
        ),
        Mistaken(
            "‸gateway_upstream_queue_seconds > 1",
            "gateway_upstream_queue_seconds is a histogram, which has no single value",
            "write gateway_upstream_queue_seconds_count, or p95 for requests"
        ),
        Mistaken("error_rate{‸rute='a'} > 1", "error_rate has no label \"rute\"", "write route"),
        Mistaken("cpu{‸route='a'} > 1", "cpu has no label \"route\"", "write cpu without labels"),
        Mistaken("error_rate{route‸=='a'} > 1", "expected =, != or =~ after the label, but found \"==\"", "write ="),
        Mistaken("error_rate{route=‸a} > 1", "expected a value in quotes, but found \"a\"", "write 'a'"),
        Mistaken("error_rate{route=‸'a} > 1", "the value has no end", "write ' after it"),
        Mistaken("error_rate‸{route='a'", "\"{\" has no \"}\"", "add }"),
        Mistaken("error_rate{route='a' ‸route='b'} > 1", "expected \"}\", but found \"route\"", "write } before it"),
        Mistaken(
            "error_rate{route=~‸'a*'} > 1",
            "* has no \".\" before it",
            "write .* for any text, or \\* for the character"
        ),
        Mistaken("error_rate ‸= 1", "\"=\" compares labels only", "write =="),
        Mistaken("error_rate > 1 ‸&& cpu > 1", "\"&&\" is not an operator", "write and"),
        Mistaken(
            "‸(error_rate > 1) + 1 > 2",
            "this is a condition, where a number is needed",
            "compare numbers, and join conditions with and, or, not"
        ),
        Mistaken("error_rate > 1 and ‸cpu", "this is a number, not a condition", "compare it, as in > 0"),
        Mistaken(
            "0 < cpu ‸< 1",
            "unexpected \"<\"",
            "compare two numbers, and join comparisons with and"
        ),
        Mistaken("sum‸", "sum has no parentheses", "write sum(error_rate), for example"),
        Mistaken(
            "sum(‸cpu > 1) > 1",
            "this is a condition, where a number is needed",
            "compare numbers, and join conditions with and, or, not"
        ),
        Mistaken("max‸(cpu > 1", "\"(\" has no \")\"", "add )"),
        Mistaken("cpu > ‸5ms5", "\"5ms5\" is not a number", "write a number such as 0.05, 5%, 200ms or 1GiB"),
        Mistaken("memory > ‸1gib", "\"1gib\" is not a number", "write 1GiB"),
        Mistaken("memory > ‸1_000", "\"1_000\" is not a number", "write 1000"),
        Mistaken("p95 > ‸5seconds", "\"5seconds\" is not a number", "write 5s"),
        Mistaken("cpu > 1 ‸#", "\"#\" is not part of a condition", "remove it"),
        Mistaken(
            "cpu > 1 ‸cpu",
            "unexpected \"cpu\"",
            "remove it, or write and, or, or a comparison before it"
        ),
    ])
    func `mistakes have a place and a suggestion`(mistaken: Mistaken) throws {
        let offset = try #require(
            mistaken.text.utf8.ranges(of: Array("‸".utf8)).first.map {
                mistaken.text.utf8.distance(from: mistaken.text.utf8.startIndex, to: $0.lowerBound)
            }
        )
        do throws(AlertMistake) {
            let condition = try Self.parse(mistaken.text.filter { $0 != "‸" })
            Issue.record("read as \(condition)")
        } catch {
            #expect(error.problem == mistaken.problem)
            #expect(error.suggestion == mistaken.suggestion)
            #expect(error.offset == offset)
        }
    }

    @Test(arguments: [
        String(repeating: "(", count: 1000) + "1", String(repeating: "not ", count: 400) + "1 > 1",
        String(repeating: "-", count: 900) + "1 > 1", "1" + String(repeating: "+1", count: 500) + " > 1",
        String(repeating: " ", count: 3000), String(repeating: "sum(", count: 400) + "cpu",
    ])
    func `conditions are limited in length and depth`(text: String) {
        #expect(throws: AlertMistake.self) { try Self.parse(text) }
    }
}
