import Crypto
import Foundation
import Gateway

/// Serves `gateway.toml` with a kind of credential of its own.
@main
struct AuthExample {
    static let links = SignedLinks(key: SymmetricKey(size: .bits256))
    static let middlewares = MiddlewareList.standard
        .authenticating(with: AuthenticatorRegistration("signed_link", links))

    static func main() async {
        do {
            var configuration = try GatewayConfiguration(file: "gateway.toml")
            if CommandLine.arguments.contains("--check") {
                configuration.server.listen = [.host("127.0.0.1", port: 0)]
                try await selfCheck(GatewayServer(configuration, middlewares: middlewares))
            } else {
                print("http://127.0.0.1:8080" + links.sign("/reports/7", until: .now + 3600))
                try await GatewayServer(configuration, middlewares: middlewares).run()
            }
        } catch {
            // An error thrown out of `main` would crash the program.
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(error is ConfigurationErrors ? 2 : 1)
        }
    }
}
