import FoundationEssentials
import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

@testable import GatewaySettings

/// What tests of messages send and receive over: plain TCP, or TLS. `GATEWAY_TEST_WIRE=tls swift test --filter Protocol`
/// runs them over TLS.
enum Wire: String, Sendable, CaseIterable {
    case plain, tls

    @TaskLocal static var current =
        ProcessInfo.processInfo.environment["GATEWAY_TEST_WIRE"].flatMap(Wire.init) ?? .plain

    /// The ports of gateways that the harness has configured for TLS.
    private static let securePorts = NIOLockedValueBox<Set<Int>>([])

    /// Lets the gateway use TLS if the tests do, and have not configured it.
    static func apply(to configuration: inout GatewayConfiguration) throws {
        guard self.current == .tls, configuration.server.tls == nil else { return }
        configuration.server.tls = try WireCertificate.shared.get().configuration
        for index in configuration.server.listen.indices {
            if case .unix = configuration.server.listen[index].location {
                configuration.server.listen[index].scheme = .http
            }
        }
    }

    /// Connections to these addresses use TLS from now on.
    static func applied(to configuration: GatewayConfiguration, at addresses: [SocketAddress]) {
        guard let own = try? WireCertificate.shared.get().configuration, configuration.server.tls == own else { return }
        self.securePorts.withLockedValue { $0.formUnion(addresses.compactMap(\.port)) }
    }

    static func released(_ addresses: [SocketAddress]) {
        self.securePorts.withLockedValue { $0.subtract(addresses.compactMap(\.port)) }
    }

    /// The TLS of connections to an address; nil if they are plain.
    static func security(of address: SocketAddress) -> SecureClient? {
        guard let port = address.port, self.securePorts.withLockedValue({ $0.contains(port) }) else { return nil }
        return try? WireCertificate.shared.get().client
    }
}

/// A certificate that all gateways of a test run share.
private struct WireCertificate {
    static let shared = Result { try WireCertificate() }

    let configuration: GatewaySettings.TLSConfiguration
    let client: SecureClient

    private init() throws {
        let folder = "/tmp/gateway-wire-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let authority = try TestAuthority()
        try authority.issue("localhost", "127.0.0.1").write(as: "wire", to: folder)
        var configuration = GatewaySettings.TLSConfiguration()
        configuration.certificate = "\(folder)/wire.pem"
        configuration.key = "\(folder)/wire.key"
        configuration.refresh = .seconds(3600)
        self.configuration = configuration
        self.client = try SecureClient(trusting: authority)
    }
}

/// TLS of a test's connection to the gateway.
final class SecureClient: Sendable {
    private let context: NIOSSLContext
    private let serverName: String?

    /// - Parameters:
    ///   - authority: Who must have issued the gateway's certificate.
    ///   - serverName: The name to ask for; nil for none.
    ///   - certificate: The client's own certificate.
    ///   - change: Changes further settings.
    init(
        trusting authority: TestAuthority,
        serverName: String? = nil,
        certificate: TestCertificate? = nil,
        _ change: (inout NIOSSL.TLSConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = NIOSSL.TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = try authority.trustRoots
        configuration.certificateVerification = .noHostnameVerification
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .zero
        if let certificate {
            configuration.certificateChain = try certificate.chain
            configuration.privateKey = try certificate.privateKey
        }
        change(&configuration)
        self.context = try NIOSSLContext(configuration: configuration)
        self.serverName = serverName
    }

    func makeHandler() throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: self.context, serverHostname: self.serverName)
    }
}
