import FoundationEssentials
import NIOCore
import Testing

@testable import GatewayCore

extension EndToEnd {
    /// HAProxy in front of the gateway, HAProxy and nginx behind it, if they are installed.
    @Suite struct ProxyProtocolPeerTests {
        private static let line = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n"

        @Test(.enabled(if: ChildProcess.find("haproxy") != nil), arguments: ["", "-v2"])
        func `HAProxy in front of the gateway and behind it`(_ version: String) async throws {
            try await Self.withFolder { folder in
                let inner = try await Self.freePort()
                let outer = try await Self.freePort()
                try await Self.withGatewayBefore(inner, version: version.isEmpty ? "v1" : "v2") { gateway in
                    let configuration = """
                        defaults
                          timeout connect 5s
                          timeout client 5s
                          timeout server 5s
                        frontend outer
                          bind 127.0.0.1:\(outer) accept-proxy
                          default_backend gateway
                        backend gateway
                          server gateway 127.0.0.1:\(gateway.port) send-proxy\(version)
                        frontend inner
                          mode http
                          bind 127.0.0.1:\(inner) accept-proxy
                          http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst]"

                        """
                    let file = folder + "/haproxy.cfg"
                    try Data(configuration.utf8).write(to: URL(fileURLWithPath: file))
                    let haproxy = try ChildProcess("haproxy", "-db", "-f", file)
                    defer { haproxy.stop() }
                    try await Self.expect("192.0.2.7 4711 198.51.100.1", at: outer)
                }
            }
        }

        @Test(.enabled(if: ChildProcess.find("nginx") != nil), arguments: ["v1", "v2"])
        func `nginx behind the gateway`(_ version: String) async throws {
            try await Self.withFolder { folder in
                let inner = try await Self.freePort()
                let configuration = """
                    daemon off; worker_processes 1; pid \(folder)/nginx.pid; error_log \(folder)/error.log;
                    events { worker_connections 64; }
                    http {
                      access_log off; client_body_temp_path \(folder)/b; proxy_temp_path \(folder)/p;
                      fastcgi_temp_path \(folder)/f; uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
                      server {
                        listen 127.0.0.1:\(inner) proxy_protocol;
                        return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr";
                      }
                    }
                    """
                let file = folder + "/nginx.conf"
                try Data(configuration.utf8).write(to: URL(fileURLWithPath: file))
                let nginx = try ChildProcess("nginx", "-p", folder, "-c", file, "-e", folder + "/error.log")
                defer { nginx.stop() }
                try await Self.withGatewayBefore(inner, version: version) { gateway in
                    try await Self.expect("192.0.2.7 4711 198.51.100.1", at: gateway.port)
                }
            }
        }

        private static func withFolder(_ body: (String) async throws -> Void) async throws {
            let folder = "/tmp/gateway-e2e-\(UInt64.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await body(folder)
        }

        /// A port that was free a moment ago.
        private static func freePort() async throws -> Int { try await withUpstream(playing { _ in }) { $0.port } }

        /// Runs a gateway that reads headers, and sends them to an upstream.
        private static func withGatewayBefore(
            _ port: Int,
            version: String,
            _ body: (RunningGateway) async throws -> Void
        ) async throws {
            let toml = proxy(
                to: "http://127.0.0.1:\(port)",
                server: "trusted_proxies = [\"127.0.0.1/32\"]\nproxy_protocol = true",
                upstream: "proxy_protocol = \"\(version)\""
            )
            try await withGateway(toml, body)
        }

        /// Waits until the peers have started, and sends two requests on one connection.
        private static func expect(_ client: String, at port: Int) async throws {
            let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
            let request = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
            try await eventuallyAsync("the peers have started") {
                guard let connection = try? await RawConnection.connect(to: address) else { return false }
                defer { connection.close() }
                guard (try? await connection.send(Self.line, request)) != nil else { return false }
                return (try? await connection.response().status) == 200
            }
            let connection = try await RawConnection.connect(to: address)
            defer { connection.close() }
            try await connection.send(Self.line)
            for _ in 0..<2 {
                try await connection.send(request)
                let response = try await connection.response()
                #expect(response.text == client)
            }
        }
    }
}
