package import GatewayHTTP
package import GatewaySettings

/// A part of a `KeySource`, prepared for looking it up in requests.
package enum KeyPart {
    case clientIP, clientCertificateSubject, route, global, consumer, apiKey
    case claim(ClaimPath)
    case header(HeaderName)
    case cookie([UInt8])

    package init(_ part: KeySource.Part) {
        switch part {
        case .clientIP: self = .clientIP
        case .clientCertificateSubject: self = .clientCertificateSubject
        case .consumer: self = .consumer
        case .apiKey: self = .apiKey
        case .claim(let name): self = .claim(ClaimPath(name))
        case .route: self = .route
        case .global: self = .global
        case .header(let name): self = .header(HeaderName(name))
        case .cookie(let name): self = .cookie(Array(name.utf8))
        }
    }
}

extension Exchange {
    /// The name of the caller, if its credential is of this kind, nil for any kind. A credential may name nobody, and then
    /// says nothing about who calls.
    package func callerName(kind: String? = nil) -> String? {
        guard let caller = self.caller, kind == nil || caller.kind == kind, !caller.name.isEmpty else { return nil }
        return caller.name
    }

    /// A claim of the caller's token as text; nil if there is none.
    package func claim(_ path: ClaimPath) -> String? { self.caller.flatMap { path.text(in: $0.claims) } }
}
