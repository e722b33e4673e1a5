import GatewaySettings
import Testing

@Suite struct WebhookTemplateTests {
    private static let event: JSONValue = [
        "id": "1", "time": "2026-01-01T00:00:00.000Z", "type": "upstream.down", "severity": "warning",
        "topic": "upstreams.api", "gateway": "host:1",
        "data": ["upstream": "api", "reason": "said \"no\"\nand left", "count": 3, "labels": ["route": "users"]],
    ]

    private func fill(_ text: String) throws -> String {
        String(decoding: try WebhookTemplate(text).filled(with: Self.event), as: UTF8.self)
    }

    @Test(arguments: [
        ("{severity}: {type} {data.upstream}", "warning: upstream.down api"),
        ("{data.reason}", "said \"no\"\nand left"),
        ("{data.labels.route} {data.count}", "users 3"),
        ("[{data.route}] {data.labels.none}{data.count.none}", "[] "),
        ("{{type}} {a b} {} {", "{type} {a b} {} {"),
        (#"{"text":"{type} {data.reason}"}"#, #"{"text":"upstream.down said \"no\"\nand left"}"#),
        (#"{"a":{"b":"{data.route}"}}"#, #"{"a":{"b":""}}"#),
        (
            #"{"n":{data.count},"s":{type},"x":{data.none},"d":{data.labels}}"#,
            #"{"n":3,"s":"upstream.down","x":null,"d":{"route":"users"}}"#
        ),
        (#"["\"{type}\"", {data.count}]"#, #"["\"upstream.down\"", 3]"#),
        (#"{"labels":"{data.labels}"}"#, #"{"labels":"{\"route\":\"users\"}"}"#),
        (#"{"{type}": true}"#, #"{"upstream.down": true}"#),
    ])
    func `placeholders become parts of the event`(_ template: String, _ text: String) throws {
        #expect(try self.fill(template) == text)
    }

    @Test(arguments: [
        (#"{"text":"{type}"}"#, true), (#"{"n":{data.count}}"#, true), (#""{type}""#, false), ("{data}", false),
        ("{type}", false), ("{type} happened", false), (#"{"text":"{type}""#, false), (#"{"a":{type}{type}}"#, false),
        (#"{"a":"\{type}""}"#, false),
    ])
    func `a template that is JSON is sent as JSON`(_ template: String, _ isJSON: Bool) throws {
        #expect(try WebhookTemplate(template).isJSON == isJSON)
    }

    @Test(arguments: [
        ("{typ}", "{type}"), ("{foo}", "{id}"), ("{date.route}", "{data.route}"), ("{data.}", "{id}"),
        ("{data..x}", "{id}"), ("{type.x}", "{type}"), ("{severity", "{severity}"),
        ("{data.route", "{data.route}"),
    ])
    func `a placeholder that is no part of an event is an error with a suggestion`(
        _ template: String,
        _ suggestion: String
    ) {
        let error = #expect(throws: SettingError.self) { try WebhookTemplate(template) }
        #expect(error?.suggestion.contains(suggestion) == true)
    }

    @Test func `whatever an event contains, a JSON template stays JSON`() throws {
        var generator = SystemRandomNumberGenerator()
        let alphabet: [Character] = [
            "\"", "\\", "{", "}", "\n", "\u{0}", "é", "\u{2028}", "a", ",", ":", "]", "\u{7f}",
        ]
        let template = try WebhookTemplate(#"{"a":"x{data.x}","b":{data.x},"c":["{data.x}"]}"#)
        for _ in 0..<500 {
            let text = String(
                (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                    alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                }
            )
            let body = template.filled(with: ["data": ["x": .string(text)]])
            let json = try StrictJSON.parse(body)
            #expect(json == ["a": .string("x" + text), "b": .string(text), "c": [.string(text)]])
        }
    }
}
