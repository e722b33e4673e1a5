import Crypto
import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares
@testable import GatewaySettings

/// A complete exchange through a plan with one middleware of access control, without sockets. What the middleware costs is
/// the difference to `chain.none`.
enum AccessBenchmarks {
    static let all = [
        MicroBenchmark("chain.api-key") { try Self.withKeys(1000) },
        MicroBenchmark("chain.jwt") {
            try Self.exchanging(
                """
                [auth.jwt]
                secret = "a secret of at least thirty-two bytes"
                audience = ["api"]
                algorithms = ["HS256"]
                header = "X-Token"
                [middleware.auth]
                any = ["jwt"]

                """,
                field: "X-Token: \(Self.token)"
            )
        },
        MicroBenchmark("chain.cors") {
            try Self.exchanging(
                "[middleware.cors]\norigins = [\"https://app.example.com\"]\n",
                field: "Origin: https://app.example.com"
            )
        },
    ]

    /// Valid until 2100.
    private static let token: String = {
        let signed =
            base64URL(#"{"alg":"HS256","typ":"JWT"}"#.utf8) + "."
            + base64URL(#"{"sub":"ann","aud":"api","iss":"https://issuer.example","exp":4102444800}"#.utf8)
        let key = SymmetricKey(data: Array("a secret of at least thirty-two bytes".utf8))
        let code = HMAC<SHA256>.authenticationCode(for: Array(signed.utf8), using: key)
        return signed + "." + base64URL(Array(code))
    }()

    private static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var (text, bits, count) = ("", UInt32(0), 0)
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(digits[Int(bits >> UInt32(count) & 63)])
            }
        }
        if count > 0 { text.append(digits[Int(bits << UInt32(6 - count) & 63)]) }
        return text
    }

    private static func withKeys(_ count: Int) throws -> () throws -> Void {
        var settings = "[middleware.auth]\nany = [\"api_key\"]\n[auth.api_key]\n"
        for number in 0..<count {
            let digest = SHA256.hash(data: Array("key-\(number)-of-some-consumer-and-32-bytes".utf8))
            let text = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            settings += "[[auth.api_key.keys]]\nname = \"consumer\(number)\"\nsha256 = \"\(text)\"\n"
        }
        return try Self.exchanging(settings, field: "X-API-Key: key-\(count / 2)-of-some-consumer-and-32-bytes")
    }

    private static func exchanging(_ settings: String, field: String) throws -> () throws -> Void {
        try ChainBenchmarks.exchanging(
            with: ChainBenchmarks.none + settings,
            request: CodecBenchmarks.apiRequest.replacing("\r\n\r\n", with: "\r\n\(field)\r\n\r\n")
        )
    }
}
