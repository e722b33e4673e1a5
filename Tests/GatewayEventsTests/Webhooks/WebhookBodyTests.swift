import GatewayCore
import GatewayEvents
import GatewaySettings
import NIOCore
import Testing

@Suite struct WebhookBodyTests {
    private func body(
        _ format: WebhookFormat,
        _ type: String,
        _ severity: EventSeverity = .warning,
        topic: String = "upstreams.api",
        data: [String: JSONValue] = [:],
        gateway: String = "host:1"
    ) throws -> JSONValue {
        var ids = EventIDs()
        let event = Event(
            GatewayEvent(type, severity, topic: topic, data),
            id: ids.next(at: 0, random: 0),
            time: 0,
            gateway: gateway
        )
        var settings = WebhookConfiguration()
        settings.format = format
        settings.routingKey = "KEY"
        let body = WebhookBody(event.json, for: settings)
        #expect(body.contentType == "application/json")
        return try StrictJSON.parse(Array(body.bytes.readableBytesView))
    }

    private static let hostile = "<!channel> & <@U1> @everyone *bold* \"q\""

    @Test func `Slack gets no links and no mentions from an event`() throws {
        let json = try self.body(.slack, "upstream.down", data: ["reason": .string(Self.hostile)])
        #expect(json["text"] == "upstream.down api: &lt;!channel&gt; &amp; &lt;@U1&gt; @everyone *bold* \"q\"")
        let text = JSONText.text(json)
        #expect(!text.contains("<") && !text.contains(">"))
    }

    @Test func `Discord notifies nobody`() throws {
        let json = try self.body(.discord, "upstream.down", data: ["reason": .string(Self.hostile)])
        #expect(json["allowed_mentions"] == ["parse": []])
        let text = JSONText.text(json)
        #expect(!text.contains("@everyone") && !text.contains("<@"))
        #expect(text.contains(#"\\*bold\\*"#))
    }

    @Test(arguments: [WebhookFormat.slack, .discord])
    func `messages keep to the limits of the service`(_ format: WebhookFormat) throws {
        let long = String(repeating: "🙂<", count: 20_000)
        let data = Dictionary(uniqueKeysWithValues: (0..<100).map { ("k\($0)", JSONValue.string(long)) })
        let json = try self.body(format, "upstream.down", data: data.merging(["reason": .string(long)]) { $1 })
        #expect(JSONText.text(json).utf8.count < 100_000)
        if case .string(let content)? = json["content"] { #expect(content.utf16.count <= 2000) }
        guard case .array(let embeds)? = json["embeds"], case .array(let fields)? = embeds[0]["fields"] else { return }
        #expect(fields.count <= 25)
        let sizes = fields.map { field in
            ["name", "value"].reduce(0) { sum, name in
                if case .string(let text)? = field[name] { sum + text.utf16.count } else { sum }
            }
        }
        #expect(sizes.reduce(0, +) < 6000)
    }

    @Test(arguments: [
        ("upstream.down", "upstream.up"), ("circuit.opened", "circuit.closed"), ("alert.firing", "alert.resolved"),
        ("redis.down", "redis.up"), ("gateway.overloaded", "gateway.recovered"), ("config.refused", "config.reloaded"),
    ])
    func `PagerDuty resolves the incident that the end of it belongs to`(_ beginning: String, _ end: String) throws {
        let data: [String: JSONValue] = ["target": "10.0.0.1:80", "alert": "a", "labels": ["route": "r"], "node": "n"]
        let trigger = try self.body(.pagerduty, beginning, .critical, data: data)
        // After a restart of the gateway, too.
        let resolve = try self.body(
            .pagerduty,
            end,
            .info,
            data: data.merging(["reason": "x"]) { $1 },
            gateway: "host:2"
        )
        #expect(trigger["routing_key"] == "KEY")
        #expect(trigger["event_action"] == "trigger")
        #expect(trigger["payload"]?["severity"] == "critical")
        #expect(trigger["payload"]?["source"] == "host:1")
        #expect(resolve["event_action"] == "resolve")
        #expect(resolve["payload"] == nil)
        #expect(trigger["dedup_key"] == resolve["dedup_key"])
        let others: [String: JSONValue] = ["target": "10.0.0.2:80", "node": "m", "alert": "b"]
        let other = try self.body(.pagerduty, end, .info, data: data.merging(others) { $1 })
        #expect(other["dedup_key"] != resolve["dedup_key"])
    }

    @Test func `a long name of an incident is hashed, a long summary cut`() throws {
        let long = JSONValue.string(String(repeating: "x", count: 5000))
        let json = try self.body(.pagerduty, "upstream.down", data: ["target": long, "reason": long])
        guard case .string(let key)? = json["dedup_key"], case .string(let summary)? = json["payload"]?["summary"]
        else {
            Issue.record("no key or summary")
            return
        }
        #expect(key.utf8.count <= 255)
        #expect(summary.utf16.count <= 1024)
    }

    @Test func `an event is posted as it is`() throws {
        var ids = EventIDs()
        let event = Event(
            GatewayEvent("a.b", .info, topic: "gateway", ["x": 1.5]),
            id: ids.next(at: 0, random: 0),
            time: 0,
            gateway: "h:1"
        )
        #expect(WebhookBody(event.json, for: WebhookConfiguration()).bytes == event.json)
    }
}
