package import GatewayHTTP
package import GatewaySettings

/// A part of a `KeySource`, prepared for looking it up in requests.
package enum KeyPart {
    case clientIP, clientCertificateSubject, route, global
    case header(HeaderName)
    case cookie([UInt8])

    package init(_ part: KeySource.Part) {
        switch part {
        case .clientIP: self = .clientIP
        case .clientCertificateSubject: self = .clientCertificateSubject
        case .route: self = .route
        case .global: self = .global
        case .header(let name): self = .header(HeaderName(name))
        case .cookie(let name): self = .cookie(Array(name.utf8))
        }
    }
}
