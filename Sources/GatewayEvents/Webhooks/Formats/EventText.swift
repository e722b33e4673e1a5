import GatewaySettings

/// An event in words, for the formats that people read.
struct EventText {
    let type: String
    let severity: String
    let gateway: String
    /// As RFC 3339 has it.
    let time: String
    /// In one line: `upstream.down api: connection refused`.
    let headline: String
    /// The members of `data`, for a table.
    let details: [(name: String, value: String)]

    /// - Parameter event: The event, as its JSON has it.
    init(_ event: JSONValue) {
        func text(_ name: String) -> String { event[name]?.plainText ?? "" }
        self.type = text("type")
        self.severity = text("severity")
        self.gateway = text("gateway")
        self.time = text("time")
        let data: [JSONValue.Member] = if case .object(let members)? = event["data"] { members } else { [] }
        let topic = text("topic").split(separator: ".", maxSplits: 1)
        let subject =
            topic.count == 2
            ? String(topic[1])
            : ["alert", "webhook", "node", "file"].lazy.compactMap { event["data"]?[$0]?.plainText }.first
        let reason = (event["data"]?["message"] ?? event["data"]?["reason"])?.plainText ?? ""
        self.headline = self.type + (subject.map { " " + $0 } ?? "") + (reason.isEmpty ? "" : ": " + reason)
        self.details = data.map { ($0.name, $0.value.plainText) }.filter { !$0.value.isEmpty }
    }
}

extension JSONValue {
    /// The value for people: strings without quotes, and members as `name=value`.
    var plainText: String {
        switch self {
        case .null: ""
        case .string(let text): text
        case .object(let members): members.map { "\($0.name)=\($0.value.plainText)" }.joined(separator: " ")
        case .array(let values): values.map(\.plainText).joined(separator: ", ")
        case .boolean, .integer, .number: JSONText.text(self)
        }
    }
}

extension String {
    /// The text, cut to a number of characters as services count them (UTF-16), with an ellipsis.
    func cut(to limit: Int) -> String {
        guard self.utf16.count > limit else { return self }
        var text = ""
        var room = limit - 1
        for character in self {
            room -= character.utf16.count
            if room < 0 { break }
            text.append(character)
        }
        return text + "…"
    }
}
