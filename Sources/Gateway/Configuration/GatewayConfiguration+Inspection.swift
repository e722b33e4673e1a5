public import GatewayCore
import GatewayHTTP
public import GatewayMiddlewares
public import GatewaySettings

/// What `gateway check` and `gateway explain` do, for programs with middlewares of their own.
extension GatewayConfiguration {
    /// Checks the configuration as a ``GatewayServer`` would, without serving it.
    ///
    /// - Parameter middlewares: the chain of the program.
    /// - Returns: what is legal but unwise.
    /// - Throws: ``ConfigurationErrors`` with every mistake.
    public func check(middlewares: MiddlewareList = .standard) async throws -> [ConfigurationError] {
        guard middlewares.mistakes.isEmpty else { throw ConfigurationErrors(middlewares.mistakes) }
        let checked = try self.validated(middlewares: middlewares.descriptions)
        let compiled = try await PlanCheck(checked, middlewares: middlewares.registrations)
        guard compiled.errors.isEmpty else { throw ConfigurationErrors(compiled.errors) }
        let gaps = RouteGaps(configuration: checked, middlewares: middlewares.descriptions).warnings()
        return ConfigurationErrors(checked.document.warnings + gaps + compiled.warnings).errors
    }

    /// Explains what would happen to a request: the route that takes it, the chain with every setting and its source, and the
    /// upstream URL. Sends nothing.
    ///
    /// - Parameters:
    ///   - method: the method, such as `GET`.
    ///   - url: `http://host/path?query`, or a path.
    ///   - headers: the fields of the request; a `Host` takes precedence over the one in the URL.
    ///   - peer: the IP address that the connection comes from.
    ///   - middlewares: the chain of the program.
    /// - Returns: JSON, as `gateway explain --json` prints it.
    /// - Throws: ``ConfigurationErrors``, or an error whose description says what is wrong with the request.
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
