import GatewayHTTP
import GatewaySettings
import Testing

@Suite struct WebhookSettingsTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    private static func read(_ toml: String, environment: [String: String] = [:]) throws -> ConfigurationReading {
        try ConfigurationReading(
            toml: toml,
            file: "gateway.toml",
            environment: environment,
            vocabulary: ConfigurationVocabulary(
                middlewares: [],
                adminPaths: [],
                eventTypes: ["upstream.down", "upstream.up", "alert.firing", "circuit.opened"]
            )
        )
    }

    private static func errors(_ webhook: String, events: String = "") throws -> [String] {
        try self.read("[events]\n\(events)\n[[events.webhooks]]\n\(webhook)").errors.map(\.text)
    }

    @Test(arguments: [
        "https://hooks.example/gateway", "https://hooks.example:8443", "https://hooks.example:1024/?a=b",
        "https://8.8.8.8/x", "https://[2606:4700::1111]/", "https://hooks.example:80/",
    ])
    func `public https URLs are accepted`(_ url: String) throws {
        #expect(try Self.errors("url = \"\(url)\"") == [])
    }

    @Test(arguments: [
        "http://hooks.example/", "http://127.0.0.1/", "https://127.0.0.1/", "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/", "https://localhost/", "https://localhost./", "https://a.localhost/",
        "https://169.254.169.254/latest", "https://2130706433/", "https://0x7f.1/", "https://127.1/",
        "https://017700000001/",
        "https://0177.0.0.1/", "https://127.0.0.1./", "https://user@hooks.example/", "https://user:pw@hooks.example/",
        "https://hooks.example/#x", "https://hooks.example:22/", "https://hooks.example:0/",
        "https://hooks.example:25/",
        "https://%31%32%37.0.0.1/", "https://münchen.example/", "unix:/run/x.sock", "h2c://hooks.example",
        "ftp://a.example/",
        "https://", "https:///x", "hooks.example", "https://hooks.example\\n/", "https://[fe80::1%25eth0]/",
        "https://[::]/",
    ])
    func `others are refused`(_ url: String) throws {
        let errors = try Self.errors("url = \"\(url)\"")
        #expect(errors.count == 1)
        #expect(errors.allSatisfy { $0.hasPrefix("events.webhooks[0].url: ") })
    }

    @Test(arguments: ["http://127.0.0.1:9000/x", "http://localhost/", "https://10.0.0.1/", "http://[::1]:8443/"])
    func `with allow_private, plain http and private addresses are accepted`(_ url: String) throws {
        #expect(try Self.errors("url = \"\(url)\"", events: "allow_private = true") == [])
        #expect(try Self.errors("url = \"\(url)\"").count == 1)
    }

    @Test(arguments: ["https://127.1/", "http://user@127.0.0.1/", "http://127.0.0.1:22/", "http://a.example/#x"])
    func `and the other rules hold`(_ url: String) throws {
        #expect(try Self.errors("url = \"\(url)\"", events: "allow_private = true").count == 1)
    }

    @Test(arguments: [
        ("", "there is no URL to post to"),
        ("id = \"..\"\nurl = \"https://a.example/\"", "is not an ID"),
        ("id = \"a b\"\nurl = \"https://a.example/\"", "is not an ID"),
        ("url = \"https://a.example/\"\nsecret = \"hunter2 is no secret!\"", "not base64"),
        (
            "url = \"https://a.example/\"\nsecret = [\"\(secret)\", \"c2hvcnQ=\"]",
            "secret[1]: the secret does not have 24 to 64 bytes"
        ),
        ("url = \"https://a.example/\"\nevents = [\"upstream.*.x\"]", "events[0]: \"upstream.*.x\" is not a type"),
        ("url = \"https://a.example/\"\nevents = [\"\"]", "events[0]"),
        ("url = \"https://a.example/\"\nformat = \"pagerduty\"", "PagerDuty accepts no event without"),
        ("url = \"https://a.example/\"\nformat = \"template\"", "there is no template"),
        ("url = \"https://a.example/\"\nformat = \"template\"\nbody = \"{typ}\"", "write {type}"),
        ("url = \"https://a.example/\"\nformat = \"teams\"", "format"),
        ("url = \"https://a.example/\"\nfilter = { severity = [\"fatal\"] }", "filter.severity[0]"),
        (
            "url = \"https://a.example/\"\nfilter = { routes = [\"a\"] }",
            "\"routes\" is not a known key: write \"route\""
        ),
        ("url = \"https://a.example/\"\nheaders = { Host = \"a\" }", "Host is the host of url"),
        ("url = \"https://a.example/\"\nheaders = { webhook-id = \"a\" }", "the gateway sets webhook-id itself"),
        ("url = \"https://a.example/\"\nheaders = { \"a b\" = \"a\" }", "is not a header name"),
        ("url = \"https://a.example/\"\nheaders = { a = \"b\\r\\nc: d\" }", "control characters"),
        ("url = \"https://a.example/\"\ntimeout = \"1ms\"", "timeout: \"1ms\" is too short"),
        ("url = \"https://a.example/\"\ntimeout = \"1h\"", "timeout: \"1h\" is too long"),
        ("url = \"https://a.example/\"\nevent = [\"*\"]", "\"event\" is not a known key: write \"events\""),
    ])
    func `mistakes are told`(_ webhook: String, _ message: String) throws {
        let errors = try Self.errors(webhook)
        #expect(errors.count == 1 && errors[0].contains(message), "\(errors)")
        #expect(!errors.joined().contains("hunter2"))
    }

    @Test func `IDs default to hosts, and are unique`() throws {
        let webhook = "[[events.webhooks]]\nurl = \"https://a.example/\"\n"
        let reading = try Self.read(
            webhook + webhook + "[[events.webhooks]]\nid = \"a.example\"\nurl = \"https://b.example/\""
        )
        #expect(
            reading.errors.map(\.text) == [
                "events.webhooks[1]: another webhook has the ID \"a.example\" too: add id = \"a.example-2\"",
                "events.webhooks[2].id: another webhook has the ID \"a.example\" too: write another ID",
            ]
        )
    }

    @Test(arguments: [
        "https://a.example/T0/S3CRET?k=S3CRET", "http://a.example/S3CRET", "https://a.example/S3CRET\\u0001",
        "S3CRET://x",
    ])
    func `of a URL only the host is in messages`(_ url: String) throws {
        let reading = try Self.read("[[events.webhooks]]\nurl = \"\(url)\"\ntimeout = \"1ms\"")
        #expect(!reading.errors.isEmpty)
        #expect(!reading.errors.map(\.description).joined().contains("S3CRET"))
    }

    @Test func `secrets are redacted`() throws {
        let reading = try Self.read(
            """
            [[events.webhooks]]
            url = "https://a.example/T0/S3CRET?k=S3CRET"
            secret = ["\(Self.secret)", "${OTHER}"]
            format = "pagerduty"
            routing_key = "S3CRET"
            headers = { Authorization = "Bearer S3CRET", X-Note = "S3CRET" }
            """,
            environment: ["OTHER": Self.secret]
        )
        #expect(reading.errors == [])
        let text = reading.configuration.redacted().quoted
        #expect(!text.contains("S3CRET") && !text.contains("MfKQ"))
        #expect(text.contains("https://a.example/[redacted]"))
        let warned = reading.configuration.document.warnings.filter { $0.message.contains("plain text") }.map(\.key)
        #expect(
            warned == [
                "events.webhooks[0].secret[0]", "events.webhooks[0].routing_key",
                "events.webhooks[0].headers.Authorization",
            ]
        )
    }

    @Test(arguments: [
        ("", ["the webhook receives every event", "without a secret"]),
        ("events = [\"*\"]\nformat = \"slack\"", []),
        ("events = [\"upstream.*\", \"alert.firing\"]\nformat = \"slack\"", []),
        (
            "events = [\"upstraem.*\", \"alert.fired\"]\nformat = \"slack\"",
            ["no event \"upstraem.*\"", "no event \"alert.fired\""]
        ),
        ("events = [\"*\"]\nformat = \"slack\"\nbody = \"x\"", ["only format = \"template\" uses the body"]),
        ("filter = { severity = [\"critical\"] }\nformat = \"slack\"", []),
        ("filter = { route = [\"chekout\"] }\nformat = \"slack\"", ["there is no route \"chekout\""]),
        (
            "events = [\"*\"]\nformat = \"discord\"\nrouting_key = \"${K}\"",
            ["only format = \"pagerduty\" uses the key"]
        ),
        (
            "events = [\"*\"]\nsecret = \"${S}\"\nformat = \"template\"\nbody = '{\"a\": {type}'",
            ["the template is not JSON"]
        ),
        ("events = [\"*\"]\nsecret = \"${S}\"\nformat = \"template\"\nbody = '[{severity}] {type}'", []),
    ])
    func `what is valid and inadvisable is a warning`(_ webhook: String, _ messages: [String]) throws {
        let reading = try Self.read(
            "[[events.webhooks]]\nurl = \"https://a.example/\"\n\(webhook)",
            environment: ["K": "key", "S": Self.secret]
        )
        #expect(reading.errors == [])
        let warnings = reading.configuration.document.warnings.filter { $0.key.hasPrefix("events") }
        #expect(warnings.count == messages.count, "\(warnings)")
        for (warning, message) in zip(warnings, messages) { #expect(warning.message.contains(message)) }
    }

    // MARK: JSON

    private static func json(_ text: String, _ policy: Bool = false) throws -> WebhookConfiguration {
        try WebhookConfiguration(json: StrictJSON.parse(Array(text.utf8)), addresses: policy ? .all : .publicOnly)
    }

    @Test func `JSON has the rules of the file`() throws {
        let settings = try Self.json(
            #"{"url":"https://a.example/x","events":["upstream.*"],"filter":{"severity":["critical"]},"timeout":"5s","secret":null}"#
        )
        #expect(settings.shown(showsURL: true)["url"] == "https://a.example/x")
        #expect(settings.shown(showsURL: false)["url"] == "https://a.example/[redacted]")
        #expect(settings.events == ["upstream.*"])
        #expect(settings.filter.severity == [.critical])
        #expect(settings.timeout == .seconds(5))
        #expect(try WebhookConfiguration(json: settings.json, addresses: .publicOnly) == settings)
        #expect(try Self.json(#"{"url":"http://127.0.0.1:9000/"}"#, true).url.description == "http://127.0.0.1:9000/")
    }

    @Test func `JSON with mistakes has a reason for each field`() throws {
        let error = #expect(throws: ConfigurationErrors.self) {
            try Self.json(
                #"""
                {"url":"https://127.0.0.1/S3CRET","colour":1,"events":"*","filter":{"severity":["x"]},"secret":"hunter2hunter2",
                "timeout":5,"headers":{"Host":"x"},"id":"a b"}
                """#
            )
        }
        let errors = try #require(error).errors
        #expect(
            errors.map(\.key).sorted() == [
                "colour", "events", "filter.severity[0]", "headers.Host", "id", "secret", "timeout", "url",
            ]
        )
        #expect(!"\(errors)".contains("S3CRET") && !"\(errors)".contains("hunter2"))
    }

    @Test(arguments: ["[]", "1", "null", #""x""#])
    func `JSON that is no object is refused`(_ text: String) {
        #expect(throws: ConfigurationErrors.self) { try Self.json(text) }
    }

    /// RFC 7396 appendix A.
    @Test(arguments: [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
        (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#), (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ])
    func `a merge patch does what RFC 7396 says`(_ target: String, _ patch: String, _ result: String) throws {
        func json(_ text: String) throws -> JSONValue { try StrictJSON.parse(Array(text.utf8)) }
        #expect(try json(target).merging(json(patch)) == json(result))
    }
}
