import GatewayHTTP

extension ConfigurationValidator {
    /// Rejects upstreams with the name of a service that the gateway itself uses.
    mutating func services() {
        for name in configuration.services.keys.sorted() where configuration.upstreams[name] != nil {
            report(
                name: SettingPath("upstreams") + name,
                "the gateway itself uses an upstream of this name",
                "choose another name"
            )
        }
    }

    mutating func forwardAuth() {
        guard let forward = configuration.auth.forward else { return }
        let path = SettingPath("auth") + "forward"
        if forward.url == .missing {
            reportLacking("url", in: path, "there is no service to ask", "add url = \"http://127.0.0.1:9000/auth\"")
        }
        fields(forward.requestHeaders, path + "request_headers", reserved: Self.ofForwardRequests)
        fields(forward.responseHeaders, path + "response_headers", reserved: Self.ofForwarding)
        fields(forward.clientHeaders, path + "client_headers", reserved: Self.ofResponses)
        if !forward.consumerHeader.isEmpty {
            field(forward.consumerHeader, path + "consumer_header", reserved: [])
        }
        within(.milliseconds(1)...(.minutes(1)), forward.timeout, path + "timeout")
        if forward.cache != .zero {
            within(.milliseconds(1)...(.hours(24)), forward.cache, path + "cache")
        }
    }

    /// What frames a message or belongs to one connection.
    private static let ofFraming: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te", "trailer",
        "upgrade", "http2-settings", "expect",
    ]
    /// What the gateway says about the client.
    private static let ofForwarding: Set<String> = ofFraming.union([
        "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
        "x-forwarded-method", "x-forwarded-uri",
    ])
    /// What would make the response something other than an answer about the caller, too.
    private static let ofForwardRequests: Set<String> = ofForwarding.union([
        "accept-encoding", "content-encoding", "content-type", "if-match", "if-modified-since", "if-none-match",
        "if-range", "if-unmodified-since", "range",
    ])
    /// What describes the body of the response.
    private static let ofResponses: Set<String> = ofFraming.union([
        "content-encoding", "content-range", "content-type", "etag", "last-modified",
    ])

    private mutating func fields(_ names: [String], _ path: SettingPath, reserved: Set<String>) {
        var seen: Set<String> = []
        for (index, name) in names.enumerated() {
            field(name, path + index, reserved: reserved)
            if !seen.insert(name.lowercased()).inserted {
                report(path + index, "\(JSONText.quoted(name)) is there twice", "remove one")
            }
        }
    }

    private mutating func field(_ name: String, _ path: SettingPath, reserved: Set<String>) {
        if !FieldName.isToken(name) {
            report(path, "\(JSONText.quoted(name)) is not a header name", Self.headerSuggestion(name))
        } else if reserved.contains(name.lowercased()) {
            report(path, "\(name) belongs to the gateway", "remove it")
        }
    }
}
