import NIOCore
package import NIOSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a TLS handshake with a server failed, for the log.
package struct TLSFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// Explains an error of a handshake.
    ///
    /// - Parameter certificate: The server's certificate, if it was received.
    package init(_ error: any Error, certificate: NIOSSLCertificate? = nil, at unixTime: Int = 0) {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            self.init(Self.distrust(of: certificate, at: unixTime))
        } else if (error as? IOError)?.errnoCode == ECONNRESET {
            self.init("the server reset the connection during the handshake")
        } else if text.contains("WRONG_VERSION_NUMBER") || text.contains("HTTP_REQUEST") {
            self.init("the server does not speak TLS on this port")
        } else if text.contains("EOF during") || error as? NIOSSLError == .uncleanShutdown {
            self.init("the server closed the connection during the handshake")
        } else if let alert = Self.word(after: "TLSV1_ALERT_", in: text) ?? Self.word(after: "SSLV3_ALERT_", in: text) {
            self.init("the server sent the alert \(alert.lowercased())")
        } else if let reason = Self.word(after: "OPENSSL_internal:", in: text) {
            self.init(reason.lowercased().replacing("_", with: " "))
        } else {
            self.init(text)
        }
    }

    private static func distrust(of certificate: NIOSSLCertificate?, at unixTime: Int) -> String {
        guard let certificate else { return "the certificate of the server is not trusted" }
        if Int(certificate.notValidAfter) < unixTime { return "the certificate of the server has expired" }
        if Int(certificate.notValidBefore) > unixTime { return "the certificate of the server is not valid yet" }
        return "the certificate of the server was not issued by a trusted authority"
    }

    /// Returns the capitals and underscores after a prefix in the text of an error of BoringSSL.
    private static func word(after prefix: String, in text: String) -> String? {
        guard let start = text.firstRange(of: prefix)?.upperBound else { return nil }
        let word = text[start...].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
        return word.isEmpty ? nil : String(word)
    }
}
