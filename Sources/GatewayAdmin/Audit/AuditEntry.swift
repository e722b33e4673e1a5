import GatewayHTTP
package import GatewaySettings

/// An act, before its place in the chain is known.
package struct AuditEntry: Hashable, Sendable {
    /// The maximum size of `before` and of `after`, in bytes.
    static let valueLimit = 32 * 1024
    /// The maximum length of texts that clients choose.
    static let textLimit = 256

    package var action: AuditAction
    package var actor: AuditActor
    /// What the act concerns, such as a target or a consumer.
    package var target: String?
    package var before = JSONValue.null
    package var after = JSONValue.null
    /// `ok`, or the code of the error.
    package var result = Self.ok
    /// Milliseconds since 1970.
    package var time: Int64 = 0

    static let ok = "ok"

    package init(
        _ action: AuditAction,
        by actor: AuditActor,
        target: String? = nil,
        before: JSONValue = .null,
        after: JSONValue = .null,
        result: String = Self.ok
    ) {
        self.action = action
        self.actor = actor
        self.target = target
        self.before = before
        self.after = after
        self.result = result
    }

    /// The members that precede `previous`, in their order.
    func members(seq: Int) -> [JSONValue.Member] {
        [
            .init(name: "seq", value: .integer(seq)),
            .init(name: "time", value: .string(CivilTime.rfc3339WithMilliseconds(self.time))),
            .init(name: "actor", value: .string(self.actor.name)),
            .init(name: "address", value: Self.text(self.actor.address)),
            .init(name: "action", value: .string(self.action.name)),
            .init(name: "target", value: Self.text(self.target)),
            .init(name: "before", value: Self.bounded(self.before)),
            .init(name: "after", value: Self.bounded(self.after)),
            .init(name: "result", value: .string(self.result)),
            .init(name: "request_id", value: Self.text(self.actor.requestID)),
        ]
    }

    private static func text(_ text: String?) -> JSONValue {
        guard let text else { return .null }
        guard let end = text.unicodeScalars.index(text.startIndex, offsetBy: self.textLimit, limitedBy: text.endIndex),
            end < text.endIndex
        else { return .string(text) }
        return .string(String(text.unicodeScalars[..<end]) + "…")
    }

    /// Replaces a value that would make the line too long.
    private static func bounded(_ value: JSONValue) -> JSONValue {
        let size = JSONText.text(value).utf8.count
        return size > self.valueLimit ? ["omitted_bytes": .integer(size)] : value
    }
}
