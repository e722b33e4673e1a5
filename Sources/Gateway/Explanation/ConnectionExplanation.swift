import GatewayCore
import GatewayHTTP
import GatewayMiddlewares
import GatewaySettings
import GatewayTLS
import NIOCore

/// How a client that is given a URL reaches the gateway: the listener, and what the handshake agrees on.
package struct ConnectionExplanation: Sendable, Hashable {
    /// What a handshake agrees on with a client that offers HTTP/2 and HTTP/1.1.
    package struct Handshake: Sendable, Hashable {
        /// The name that the client asks for; nil if the URL has an address.
        package let serverName: String?
        /// The path of the certificate as written.
        package let certificate: String
        /// The names that the certificate is valid for.
        package let names: [String]
        package let protocolName: String
        package let clientCertificate: ClientAuthentication?
    }

    package enum Outcome: Sendable, Hashable {
        case plain
        case secured(Handshake)
        /// The connection or its handshake fails.
        case failed(reason: String)
    }

    /// With its scheme; nil if no listener accepts the connection.
    package let listener: String?
    package let outcome: Outcome
    /// Why the certificate is not valid for the request's host, with `strict_sni`.
    let misdirection: GatewayError?

    /// Nil if the URL has no scheme, or if the configuration has no TLS: then a proxy in front of the gateway may have it.
    init?(_ request: ExplainedRequest, configuration: GatewayConfiguration) {
        guard let scheme = request.scheme, let tls = configuration.server.tls else { return nil }
        let server = configuration.server
        let port = request.port ?? (scheme == .https ? 443 : 80)
        let listeners = server.listen.filter { server.isSecure($0) == (scheme == .https) }
        // The ports of a container or a load balancer may be others.
        let listener = listeners.first { $0.port == port } ?? listeners.first
        self.listener = listener.map { "\(scheme.rawValue)://\($0)" }
        guard self.listener != nil else {
            self.outcome = .failed(
                reason: "no address in server.listen \(scheme == .https ? "uses" : "is without") TLS"
            )
            self.misdirection = nil
            return
        }
        guard scheme == .https else {
            self.outcome = .plain
            self.misdirection = nil
            return
        }
        var certificates: [ServerCertificate] = []
        do throws(CertificateFiles.Problem) {
            for pair in tls.allCertificates {
                certificates.append(try CertificateFiles(pair, in: configuration.document.folder).load())
            }
        } catch {
            self.outcome = .failed(reason: "\(error)")
            self.misdirection = nil
            return
        }
        let name = request.urlHost.flatMap { IPAddress($0) == nil ? $0.lowercased() : nil }
        guard let choice = CertificateTable(certificates).choose(name), choice.isNamed || !tls.strictSNI else {
            let asked = name.map { "no certificate is for \(JSONText.quoted($0))" } ?? "the client asks for no name"
            self.outcome = .failed(reason: "\(asked), and server.tls.strict_sni is true")
            self.misdirection = nil
            return
        }
        let certificate = choice.certificate
        self.outcome = .secured(
            Handshake(
                serverName: name,
                certificate: certificate.name,
                names: certificate.names.map { "\($0)" },
                protocolName: tls.alpn.first == .h2 ? "HTTP/2" : "HTTP/1.1",
                clientCertificate: tls.clientCA.isEmpty ? nil : tls.clientAuth
            )
        )
        let host = HostAndPort.parse(String(decoding: request.host, as: UTF8.self))?.host.lowercased()
        let isMisdirected = tls.strictSNI && !(host.map { certificate.covers($0) } ?? true)
        self.misdirection = isMisdirected ? GatewayError(.misdirectedRequest) : nil
    }
}

extension ListenAddress {
    fileprivate var port: Int? { if case .host(_, let port) = self.location { port } else { nil } }
}

extension ConnectionExplanation {
    /// The members of the JSON object.
    var json: JSONValue {
        var members: [String: JSONValue] = ["listener": self.listener.map { .string($0) } ?? .null]
        switch self.outcome {
        case .plain: break
        case .failed(let reason): members["failure"] = .string(reason)
        case .secured(let handshake):
            members["tls"] = [
                "certificate": .string(handshake.certificate),
                "client_certificate": handshake.clientCertificate.map { .string($0.rawValue) } ?? .null,
                "names": .array(handshake.names.map { .string($0) }),
                "protocol": .string(handshake.protocolName),
                "sni": handshake.serverName.map { .string($0) } ?? .null,
            ]
        }
        return .sorted(members)
    }
}

extension ServerConfiguration {
    /// The port of the first address with TLS, as redirects to https name it.
    var httpsPort: Int { self.listen.first { self.isSecure($0) && $0.port != nil }?.port ?? 443 }
}

extension ExplainedRequest {
    /// Returns the URL that the request is redirected to.
    func urlOnHTTPS(_ port: Int) -> String {
        var location = ByteBuffer()
        self.host.withUnsafeBytes { host in
            self.rawPath.withUnsafeBytes { path in
                guard let query = self.query else {
                    return HTTPSRedirectMiddleware.write(host, path, nil, port: port, into: &location)
                }
                query.withUnsafeBytes { HTTPSRedirectMiddleware.write(host, path, $0, port: port, into: &location) }
            }
        }
        return String(buffer: location)
    }
}
