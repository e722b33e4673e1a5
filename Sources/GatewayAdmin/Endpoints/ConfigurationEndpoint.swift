import GatewayCore
import GatewaySettings

/// `/config`: the running configuration.
struct ConfigurationEndpoint: AdminEndpoint {
    let path = "/config"
    let summary = "The configuration with all defaults, secrets redacted."
    let operation = APIOperation(
        "getConfiguration",
        .configuration,
        answers: [.json(.object(others: .any(""), "In the form of the configuration file."))]
    )

    package func answer(_ call: AdminCall) -> Response { .admin(JSONValue(call.status.configuration.redacted())) }
}
