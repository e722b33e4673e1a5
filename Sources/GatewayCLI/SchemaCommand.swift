import ArgumentParser
import Gateway
import GatewayMiddlewares
import GatewaySettings

/// `gateway schema`: prints the JSON Schema of `gateway.toml` for editors.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of gateway.toml, for editors."
    )

    func run() throws {
        try StandardOutput.print(JSONText.text(JSONValue(JSONSchema(middlewares: .standard).document), indented: true))
    }
}
