public import GatewayCore
import GatewayHTTP
public import GatewayMiddlewares
public import GatewaySettings

/// `gateway check` and `gateway explain` for programs with custom middlewares.
extension GatewayConfiguration {
    /// Checks the configuration as ``GatewayServer`` does, without serving it.
    ///
    /// - Parameter middlewares: The middleware chain of the program.
    /// - Returns: Warnings about settings that are valid but inadvisable.
    /// - Throws: ``ConfigurationErrors`` with all errors.
    public func check(middlewares: MiddlewareList = .standard) async throws -> [ConfigurationError] {
        guard middlewares.mistakes.isEmpty else { throw ConfigurationErrors(middlewares.mistakes) }
        let checked = try self.validated(middlewares: middlewares.descriptions)
        let compiled = try await PlanCheck(checked, middlewares: middlewares.registrations)
        guard compiled.errors.isEmpty else { throw ConfigurationErrors(compiled.errors) }
        return ConfigurationErrors(checked.document.warnings + compiled.warnings).errors
    }

    /// Explains how the gateway would handle a request: the matching route, the chain with every setting and its
    /// source, and the upstream URL. Sends nothing.
    ///
    /// - Parameters:
    ///   - method: The method, such as `GET`.
    ///   - url: `http://host/path?query`, or only a path.
    ///   - headers: The header fields. A `Host` field takes precedence over the host in the URL.
    ///   - peer: The IP address of the connection's peer.
    ///   - middlewares: The middleware chain of the program.
    /// - Returns: The JSON that `gateway explain --json` prints.
    /// - Throws: ``ConfigurationErrors``, or an error that describes why the request is invalid.
    public func explanation(
        of method: String,
        _ url: String,
        headers: [(name: String, value: String)] = [],
        from peer: String = "127.0.0.1",
        middlewares: MiddlewareList = .standard
    ) throws -> String {
        guard middlewares.mistakes.isEmpty else { throw ConfigurationErrors(middlewares.mistakes) }
        guard let address = IPAddress(peer) else {
            throw ExplainedRequest.Invalid(description: "\(JSONText.quoted(peer)) is not an IP address")
        }
        let request = try ExplainedRequest(method: method, url: url, fields: headers, peer: address)
        return try RequestExplanation(request, configuration: self, middlewares: middlewares.descriptions).json
    }
}
