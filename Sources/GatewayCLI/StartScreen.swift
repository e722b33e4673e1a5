import Gateway
import GatewayCore
import GatewaySettings
import Logging
import NIOCore

/// The startup output: the addresses, the routes, and example commands.
struct StartScreen {
    let configuration: GatewayConfiguration
    /// The source of the configuration, for display.
    let origin: String
    /// Whether changes of the file are applied.
    var isWatched = false
    let listening: [SocketAddress]
    /// The address of the admin API; nil if it is off.
    let admin: SocketAddress?

    /// The maximum number of routes to list. Further routes are only counted.
    private static let routeLimit = 20

    /// The same information for a log line.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "listen": .array(self.listeners.map { .string($0.address.url($0.isSecure)) }),
            "routes": .stringConvertible(self.configuration.routes.count),
            "upstreams": .stringConvertible(self.configuration.upstreams.count),
            "configuration": .string(self.origin),
            "version": .string(GatewayVersion.current),
        ]
        if let admin { metadata["admin"] = .string(admin.url()) }
        if self.isSelfSigned { metadata["certificate"] = "self-signed" }
        if self.isWatched { metadata["watched"] = .stringConvertible(true) }
        return metadata
    }

    /// Returns the text for a terminal.
    func text(isColored: Bool) -> String {
        func styled(_ text: String, _ code: String) -> String { isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
        let title = { styled($0, "1") }
        let quiet = { styled($0, "2") }
        var lines = [
            "",
            title("Gateway \(GatewayVersion.current)") + "  "
                + quiet(self.origin + (self.isWatched ? " (watched)" : "")), "",
        ]
        for (index, (address, isSecure)) in self.listeners.enumerated() {
            lines.append((index == 0 ? "Listening  " : "           ") + styled(address.url(isSecure), "36"))
        }
        if self.isSelfSigned { lines.append("TLS        self-signed certificate of this run, for development only") }
        lines.append("Admin      " + (self.admin.map { styled($0.url(), "36") } ?? "off"))
        lines += ["", title("Routes")]
        let routes = self.configuration.routes.prefix(Self.routeLimit).map(self.row)
        lines += AlignedTable.lines(routes) { column, cell in
            switch column {
            case 0: styled(cell, "32")
            case 2: quiet(cell)
            default: cell
            }
        }.map { "  " + $0 }
        let more = self.configuration.routes.count - Self.routeLimit
        if more > 0 { lines.append(quiet("  … and \(more) more")) }
        lines += ["", title("Try next")]
        lines += self.examples.map { "  " + $0 }
        return lines.map { $0 + "\n" }.joined() + "\n"
    }

    // MARK: TLS

    /// The addresses, and whether connections to them use TLS.
    private var listeners: [(address: SocketAddress, isSecure: Bool)] {
        let server = self.configuration.server
        return self.listening.enumerated().map { index, address in
            (address, server.listen.indices.contains(index) && server.isSecure(server.listen[index]))
        }
    }

    private var isSelfSigned: Bool {
        self.configuration.server.tls?.certificates.contains { !$0.contents.certificate.isEmpty } ?? false
    }

    // MARK: Routes

    private func row(_ route: RouteConfiguration) -> [String] {
        let hosts = route.hosts.joined(separator: ",")
        let methods = route.methods.isEmpty ? "any" : route.methods.joined(separator: ",")
        return [route.name, hosts + route.path, methods, "→ " + self.destination(of: route)]
    }

    private func destination(of route: RouteConfiguration) -> String {
        if let respond = route.respond { return "responds \(respond.status)" }
        if let redirect = route.redirect { return "\(redirect.status) to \(redirect.to)" }
        let sides = route.upstream?.sides ?? []
        if sides.count > 1 { return sides.map { "\($0.name) (share \($0.share ?? 0))" }.joined(separator: ", ") }
        guard let name = sides.first?.name, let upstream = self.configuration.upstreams[name] else { return "" }
        if let builtin = upstream.builtin { return "\(name) (built-in \(builtin.rawValue))" }
        return "\(name) " + upstream.targets.map { "\($0.url)" }.joined(separator: ", ")
    }

    // MARK: Examples

    private var examples: [String] {
        var examples: [String] = []
        if let (address, isSecure) = self.listeners.first {
            let paths = self.examplePaths
            examples = paths.prefix(self.admin == nil ? 3 : 1).map {
                address.curl(path: $0.path, host: $0.host, isSecure)
            }
        }
        if let admin {
            examples += [admin.curl(path: "/health"), admin.curl(path: "/metrics")]
        }
        return examples
    }

    /// Example paths for GET requests. Uses the paths of the demo upstream if the first route leads to it.
    private var examplePaths: [(path: String, host: String?)] {
        let routes = self.configuration.routes.filter { route in
            (route.methods.isEmpty || route.methods.contains("GET")) && route.matchHeaders.isEmpty
                && route.matchQuery.isEmpty
        }
        var paths = routes.map { route in
            (path: Self.example(of: route.path), host: route.hosts.first { !$0.contains("*") })
        }
        if let first = routes.first, first.path == "/*", self.isDemo(first) {
            paths = [("/json", paths[0].host), ("/echo", paths[0].host), ("/slow/500", paths[0].host)]
        }
        return paths.isEmpty ? [("/", nil)] : paths
    }

    private func isDemo(_ route: RouteConfiguration) -> Bool {
        (route.upstream?.sides.first?.name).flatMap { self.configuration.upstreams[$0] }?.builtin == .demo
    }

    /// Returns a path that matches the pattern.
    private static func example(of pattern: String) -> String {
        let segments = pattern.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            segment == "*" ? "" : segment.hasPrefix("{") ? "1" : segment
        }
        return segments.joined(separator: "/")
    }
}

extension SocketAddress {
    /// Returns the URL of the address for a client on the same machine.
    fileprivate func url(_ isSecure: Bool = false) -> String {
        if let path = self.pathname, self.port == nil { return "unix:\(path)" }
        return "\(isSecure ? "https" : "http")://\(self.authority)"
    }

    /// Returns a command that sends a request. A certificate is for a name, so the name of the route is used, or else not
    /// verified.
    fileprivate func curl(path: String, host: String? = nil, _ isSecure: Bool = false) -> String {
        let scheme = isSecure ? "https" : "http"
        let header = host.map { " -H 'Host: \($0)'" } ?? ""
        if let socket = self.pathname, self.port == nil {
            return "curl \(isSecure ? "-ik" : "-i")\(header) --unix-socket \(socket) \(scheme)://localhost\(path)"
        }
        guard isSecure else { return "curl -i\(header) http://\(self.authority)\(path)" }
        guard let host, let port = self.port else { return "curl -ik https://\(self.authority)\(path)" }
        return "curl -i --connect-to ::\(self.authority) https://\(host):\(port)\(path)"
    }

    private var authority: String {
        let address = self.ipAddress ?? ""
        let reachable = address == "0.0.0.0" ? "127.0.0.1" : address == "::" ? "::1" : address
        return (reachable.contains(":") ? "[\(reachable)]" : reachable) + ":\(self.port ?? 0)"
    }
}
