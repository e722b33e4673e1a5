import GatewayCore
import GatewaySettings

/// What spans say about the process that made them.
enum TraceResource {
    /// - Parameter gateway: `HOST:PID`.
    static func attributes(_ tracing: TracingConfiguration, gateway: String) -> [Span.Attribute] {
        let host = gateway.prefix { $0 != ":" }
        var attributes: [Span.Attribute] = [
            ("service.name", .string(tracing.service)),
            ("service.version", .string(GatewayVersion.current)),
            ("service.instance.id", .string(gateway)),
            ("host.name", .string(String(host))),
        ]
        for attribute in tracing.environment.resource {
            if let index = attributes.firstIndex(where: { $0.name == attribute.name }) {
                attributes[index].value = .string(attribute.value)
            } else {
                attributes.append((attribute.name, .string(attribute.value)))
            }
        }
        return attributes
    }
}
