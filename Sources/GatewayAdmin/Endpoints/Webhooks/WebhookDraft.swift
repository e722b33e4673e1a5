import GatewayCore
import GatewayEvents
import GatewayHTTP
import GatewaySettings
import NIOCore

/// What the body of a request says about a webhook.
struct WebhookDraft {
    var settings: WebhookConfiguration
    /// Nil if the body does not say.
    var isEnabled: Bool?

    /// Reads a new webhook.
    ///
    /// - Throws: 422 with every wrong field.
    init(_ body: JSONValue, _ addresses: AddressPolicy) throws(AdminRefusal) {
        var problems: [GatewayError.Problem] = []
        var body = body
        let enabled = Self.takeEnabled(from: &body, &problems)
        self.isEnabled = enabled
        do throws(ConfigurationErrors) {
            self.settings = try WebhookConfiguration(json: body, addresses: addresses)
        } catch {
            problems += error.errors.map { GatewayError.Problem($0) }
            throw .invalid(problems)
        }
        if !problems.isEmpty { throw .invalid(problems) }
    }

    /// Reads a merge patch (RFC 7396). Members that were shown as redacted change nothing.
    ///
    /// - Throws: 422 with every wrong field.
    init(_ patch: JSONValue, of webhook: Webhook, _ addresses: AddressPolicy) throws(AdminRefusal) {
        guard case .object = patch else { throw .invalid([.init(field: "", reason: "must be a JSON object")]) }
        if let id = patch["id"], id != .string(webhook.id) {
            throw .invalid([.init(field: "id", reason: "cannot be changed")])
        }
        try self.init(webhook.settings.json.merging(patch.withoutRedacted), addresses)
    }

    private static func takeEnabled(from body: inout JSONValue, _ problems: inout [GatewayError.Problem]) -> Bool? {
        guard case .object(var members) = body, let index = members.firstIndex(where: { $0.name == "enabled" }) else {
            return nil
        }
        let value = members.remove(at: index).value
        body = .object(members)
        switch value {
        case .boolean(let isEnabled): return isEnabled
        case .null: return nil
        default:
            problems.append(.init(field: "enabled", reason: "must be true or false"))
            return nil
        }
    }
}

extension JSONValue {
    /// The value without the members whose values are redacted.
    fileprivate var withoutRedacted: JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(
            members.filter { !$0.value.isRedacted }.map { .init(name: $0.name, value: $0.value.withoutRedacted) }
        )
    }

    private var isRedacted: Bool {
        if case .string(let text) = self { text.hasSuffix(Redaction.text) } else { false }
    }
}

extension GatewayError.Problem {
    fileprivate init(_ error: ConfigurationError) {
        self.init(field: error.key, reason: error.message + (error.suggestion.isEmpty ? "" : ": " + error.suggestion))
    }
}
