import GatewayHTTP
import GatewaySettings

extension AlertLabels {
    var json: JSONValue { .sorted(self.dictionary.mapValues { .string($0) }) }
}

extension AlertMoment {
    var json: JSONValue { .string(CivilTime.rfc3339WithMilliseconds(self.wall)) }
}

extension JSONValue {
    /// A number, or null if there is none.
    static func alertValue(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}
