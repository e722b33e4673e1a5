import NIOConcurrencyHelpers
import NIOCore
import NIOSSL

/// TLS of a scripted upstream, and what its clients ask for.
final class SecureServer: Sendable {
    private let context: NIOSSLContext
    private let names: NIOLockedValueBox<[String?]>

    /// - Parameters:
    ///   - authority: Who must have issued the clients' certificates; nil if none is asked for.
    ///   - change: Changes further settings.
    init(
        _ certificate: TestCertificate,
        clients authority: TestAuthority? = nil,
        _ change: (inout NIOSSL.TLSConfiguration) -> Void = { _ in }
    ) throws {
        let names = NIOLockedValueBox<[String?]>([])
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try certificate.chain,
            privateKey: try certificate.privateKey
        )
        configuration.applicationProtocols = ["http/1.1"]
        if let authority {
            configuration.trustRoots = try authority.trustRoots
            configuration.certificateVerification = .noHostnameVerification
        }
        configuration.sslContextCallback = { values, promise in
            names.withLockedValue { $0.append(values.serverHostname) }
            promise.succeed(.noChanges)
        }
        change(&configuration)
        self.names = names
        self.context = try NIOSSLContext(configuration: configuration)
    }

    /// The names that clients asked for (SNI), one per handshake. Nil: none.
    var serverNames: [String?] { self.names.withLockedValue { $0 } }

    func makeHandler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: self.context) }
}
