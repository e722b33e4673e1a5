/// The commented `gateway.toml` that `gateway init` writes.
package enum StarterConfiguration {
    /// Returns the text of the file.
    ///
    /// - Parameter url: The URL of the API to proxy; nil for the built-in demo upstream.
    package static func text(to url: String?) -> String {
        let name = url == nil ? "demo" : "api"
        let upstream =
            if let url {
                """
                [upstreams.api]
                targets = [\(JSONText.quoted(url))]              # several targets share the requests
                # balance = "least_requests"         # or "round_robin", "random", "hash"
                # queue = "1s"                       # how long a request waits for a free connection
                """
            } else {
                """
                [upstreams.demo]
                builtin = "demo"                     # a demo server inside the gateway, to try with curl
                # targets = ["http://127.0.0.1:9001"]  # your API, instead of builtin; several targets share the requests
                """
            }
        // Only HTTP/1.1 has upgrades.
        let isHTTP1 = url?.hasPrefix("h2c:") != true
        let upgrade = isHTTP1 ? "\nupgrade = [\"websocket\"]              # requests that may become WebSockets" : ""
        return """
            # Configuration of the gateway. Every key is optional; a commented key shows its default.
            # `gateway check` validates this file, `gateway explain GET /` shows what happens to a request,
            # docs/configuration.md lists every key. Strings may use ${NAME} or ${NAME:-default} for environment variables.

            [server]
            listen = ["127.0.0.1:8080"]          # "0.0.0.0:8080" for all interfaces
            # trusted_proxies = []               # networks whose X-Forwarded-For is trusted: ["10.0.0.0/8"]
            # drain_timeout = "30s"              # how long open requests may take once the gateway stops

            [admin]
            listen = "127.0.0.1:8081"            # /health and /metrics; "off" for none

            [log]
            level = "info"
            # access = "stdout"                  # one line per request; "off", or a file

            # Where requests go.
            \(upstream)

            # Which requests go there. The most specific route wins, regardless of order.
            [[routes]]
            name = "all"                         # the label in metrics and logs
            path = "/*"                          # "/users/{id}" matches one segment, "/api/*" everything below /api
            upstream = "\(name)"\(upgrade)

            # [routes.timeout]                   # tables under a route apply to that route only
            # first_byte = "5s"

            # Settings for every route.
            [middleware.request_id]
            header = "X-Request-ID"              # sent to the upstream and to the client

            [middleware.timeout]
            connect = "2s"
            first_byte = "60s"                   # from the end of the request to the first byte of the response

            """
    }
}
