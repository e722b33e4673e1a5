import GatewayCore
import GatewaySettings

/// `/config`: the running configuration.
struct ConfigurationEndpoint: AdminEndpoint {
    let path = "/config"
    let summary = "The configuration with all defaults, secrets redacted."

    package func answer(_ call: AdminCall) -> Response { .admin(JSONValue(call.status.configuration.redacted())) }
}
