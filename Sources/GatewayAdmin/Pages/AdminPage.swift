import CPages
import FoundationEssentials
import GatewayCore
import GatewayHTTP
import NIOCore

/// A page of the admin API, in one document with its style and its script. It holds no figure and no secret: its script
/// fetches what it shows from the other endpoints, with the token that the user enters.
struct AdminPage: Sendable {
    /// The document, divided where each response has its nonce.
    private let pieces: [String]

    /// `html` names the places of the others: `STYLE`, `SCRIPT`, and `NONCE` in the tags of both.
    init(html: embedded_file, style: embedded_file, script: embedded_file) {
        let document = Self.text(html)
            .replacing("STYLE", with: Self.text(style), maxReplacements: 1)
            .replacing("SCRIPT", with: Self.text(script), maxReplacements: 1)
        self.pieces = document.split(separator: "nonce=\"NONCE\"", omittingEmptySubsequences: false).map(String.init)
    }

    private static func text(_ file: embedded_file) -> String {
        String(decoding: UnsafeRawBufferPointer(start: file.bytes, count: file.count), as: UTF8.self)
    }

    /// The page for a request.
    ///
    /// - Parameter nonce: What authorizes the script and the style of this response alone, in base64.
    func response(nonce: String = Self.makeNonce()) -> Response {
        var response = Response.admin(
            "text/html; charset=utf-8",
            ByteBuffer(string: self.pieces.joined(separator: "nonce=\"\(nonce)\""))
        )
        response.add(.contentSecurityPolicy, Self.policy(nonce))
        response.add(.xFrameOptions, "DENY")
        response.add(.referrerPolicy, "no-referrer")
        return response
    }

    /// The page loads nothing and connects to the gateway alone. Its icon is a `data:` URL. Its script may not turn text into
    /// markup (Trusted Types), because it shows names and paths that others chose.
    private static func policy(_ nonce: String) -> String {
        """
        default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; img-src data:; connect-src 'self'; \
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'
        """
    }

    /// 128 random bits in base64, as CSP Level 3 section 7.1 requires.
    private static func makeNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }).base64EncodedString()
    }
}
