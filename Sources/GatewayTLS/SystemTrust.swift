import NIOSSL
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The certificate authorities that the system trusts.
enum SystemTrust {
    /// Where distributions keep them, in one file.
    private static let files = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    private struct Known {
        let text: [UInt8]
        let certificates: [NIOSSLCertificate]
    }

    /// Parsing takes long, and all contexts can share the result.
    private static let known = Mutex<Known?>(nil)

    /// The authorities for a new context. `SSL_CERT_FILE` names another file, as it does for OpenSSL. It blocks; never use
    /// it on an event loop.
    static var roots: NIOSSLTrustRoots {
        #if canImport(Darwin)
            return .default
        #else
            let named = getenv("SSL_CERT_FILE").map { String(cString: $0) }
            guard
                let text = ([named].compactMap { $0 } + self.files).lazy.compactMap({ try? TLSFile.bytes(of: $0) })
                    .first
            else { return .default }
            return self.known.withLock { known in
                if let known, known.text == text { return .certificates(known.certificates) }
                guard let certificates = try? PEMText.certificates(text) else { return .default }
                known = Known(text: text, certificates: certificates)
                return .certificates(certificates)
            }
        #endif
    }
}
