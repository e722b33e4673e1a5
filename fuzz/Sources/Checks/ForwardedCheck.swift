import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewaySettings

/// `X-Forwarded-For` and `Forwarded`: each line of the input is one line of the field.
enum ForwardedCheck {
    private static let proxies = TrustedProxies(["10.0.0.0/8", "fd00::/8"].compactMap { TrustedProxy($0) })

    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        let lines = input.lines
        for id in [FieldID.xForwardedFor, .forwarded] {
            let client = self.proxies.clientNamed(by: HeaderBlock(id, lines))
            let joined = self.proxies.clientNamed(by: HeaderBlock(id, [Array(lines.joined(separator: [0x2C]))]))
            // A malformed line is ignored, but not the elements to the right of it.
            let isWellFormed = lines.allSatisfy { line in
                id != .forwarded || line.withUnsafeBytes { ForwardedParser.elements(of: $0) } != nil
            }
            if isWellFormed { try hold(client?.text == joined?.text, "the result depends on the division into lines") }
            guard let client else { continue }
            try hold(client.ip.map { IPAddress($0.description) == $0 } ?? false, "\(client) is not an address")
            guard !self.proxies.contains(client) else { continue }
            // The client can send anything to the left of what the first trusted proxy added.
            for forged in ["6.6.6.6", "for=6.6.6.6", "for=\"", "\"\\", ";", "[", "for=10.0.0.1;by=\""] {
                let found = self.proxies.clientNamed(by: HeaderBlock(id, [Array(forged.utf8)] + lines))
                try hold(found?.text == client.text, "\(forged) changes \(client) to \(String(describing: found))")
            }
        }
    }
}
