import GatewaySettings
import Testing

@Suite struct AlertConfigurationTests {
    private static func read(_ text: String, environment: [String: String] = [:]) throws -> ConfigurationReading {
        try ConfigurationReading(
            toml: text,
            file: "gateway.toml",
            environment: environment,
            vocabulary: ConfigurationVocabulary(middlewares: [], adminPaths: [])
        )
    }

    private static func errors(_ text: String, environment: [String: String] = [:]) throws -> [String] {
        try self.read(text, environment: environment).errors.map(\.description)
    }

    private static func warnings(_ text: String) throws -> [String] {
        let reading = try self.read(text)
        #expect(reading.errors == [])
        return reading.configuration.document.warnings.map(\.description).filter { $0.contains("alerts") }
    }

    /// A rule whose condition begins behind the `=` of `when`.
    private static func rule(_ when: String) -> String { "[[alerts]]\nname = \"a\"\nwhen =\(when)\n" }

    @Test(arguments: [
        (#" "error_rate > x""#, "4:22"), ("  'error_rate > x'", "4:23"),
        // Escapes shift what follows.
        (#" "error_rate{route=\"a\"} > x""#, "4:35"), (#" "\u0065rror_rate > x""#, "4:27"),
        (##" "error_rate{route='ä'} > x""##, "4:33"),
        // Lines of the file, whether they are lines of the text or not.
        (" '''\nerror_rate\n > x'''", "6:4"), (" \"\"\"\nerror_rate \\\n  > x\"\"\"", "6:5"),
        (" '''error_rate\r\n > x'''", "5:4"),
    ])
    func `a mistake has its place in the file`(when: String, place: String) throws {
        let errors = try Self.errors("\n" + Self.rule(when))
        #expect(errors.count == 1)
        #expect(
            errors.first?.hasPrefix("gateway.toml:\(place): alerts[0].when: there is no measure or metric \"x\"")
                == true,
            "\(errors)"
        )
    }

    @Test func `text from the environment has the place of the string`() throws {
        let errors = try Self.errors(Self.rule(#" "error_rate > ${LIMIT}""#), environment: ["LIMIT": "5 apples"])
        #expect(errors.first?.hasPrefix("gateway.toml:3:8: alerts[0].when: unexpected") == true, "\(errors)")
        #expect(errors.first?.contains("apples") == false)
    }

    @Test func `rules are checked`() throws {
        let text = """
            [events]
            evaluate = "10ms"
            [[alerts]]
            when = "cpu > 1"
            window = "1s"
            for = "100d"
            min_requests = -1
            [[alerts]]
            name = "a"
            [[alerts]]
            name = "a"
            when = "cpu > 1"
            severity = "fatal"
            """
        let errors = try Self.errors(text)
        #expect(
            errors == [
                #"gateway.toml:2:12: events.evaluate: "10ms" is too short: write "100ms" or more"#,
                #"gateway.toml:3:1: alerts[0]: an alert needs a name: add name = "error-rate""#,
                #"gateway.toml:5:10: alerts[0].window: "1s" is too short: write "10s" or more"#,
                #"gateway.toml:6:7: alerts[0].for: "2400h" is too long: write "720h" or less"#,
                "gateway.toml:7:16: alerts[0].min_requests: -1 is too small: write 0 or more",
                #"gateway.toml:8:1: alerts[1]: an alert needs a condition: add when = "error_rate > 5%""#,
                #"gateway.toml:11:8: alerts[2].name: "a" is the name of another alert: choose another name"#,
                #"gateway.toml:13:12: alerts[2].severity: "fatal" is not allowed here: write "info", "warning" or "critical""#,
            ],
            "\(errors.joined(separator: "\n"))"
        )
    }

    @Test func `what cannot be meant is warned about`() throws {
        let text = """
            [[alerts]]
            name = "a"
            when = "error_rate{route='userz'} > 5%"
            message = "{rute}: {value} {{x}} {upstream}"
            [[alerts]]
            name = "b"
            when = "1 > 0"
            [[alerts]]
            name = "c"
            when = "sum(request_rate) > 5"
            message = "{route}"
            [upstreams.users]
            targets = ["http://127.0.0.1:9000"]
            [[routes]]
            name = "users"
            path = "/"
            upstream = "users"
            """
        let warnings = try Self.warnings(text)
        #expect(
            warnings == [
                #"gateway.toml:3:8: alerts[0].when: there is no route "userz": write 'users'"#,
                #"gateway.toml:4:11: alerts[0].message: {rute} has no value in this alert: write {route}, or {{rute}} for the text"#,
                #"gateway.toml:4:11: alerts[0].message: {upstream} has no value in this alert: write one of {alert}, {severity}, {state}, {value}, {route}, or {{upstream}} for the text"#,
                #"gateway.toml:7:8: alerts[1].when: the condition never changes: compare a measure, as in error_rate > 5%"#,
                #"gateway.toml:11:11: alerts[2].message: {route} has no value in this alert: write one of {alert}, {severity}, {state}, {value}, or {{route}} for the text"#,
            ],
            "\(warnings.joined(separator: "\n"))"
        )
    }

    @Test func `messages have placeholders and literal braces`() {
        let message = AlertMessage("{route}: {value} {{x}} {\"a\": {b}} {unknown} {")
        let values = ["route": "users", "value": "5 %", "b": "1"]
        #expect(message.filled { values[$0] } == "users: 5 % {x} {\"a\": 1} {unknown} {")
        #expect(message.placeholders == ["route", "value", "b", "unknown"])
    }
}
