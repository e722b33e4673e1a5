import GatewayHTTP

/// What is wrong with a certificate that can be used.
package enum CertificateDefect: Hashable, Sendable {
    /// - Parameter end: When it expired, in seconds since 1970.
    case expired(end: Int64)
    /// - Parameter start: When it becomes valid, in seconds since 1970.
    case notYetValid(start: Int64)
    /// It expires soon.
    ///
    /// - Parameter end: In seconds since 1970.
    case expiring(days: Int, end: Int64)
    /// A certificate in the file was not issued by the one that follows it.
    case brokenChain

    fileprivate static let day: Int64 = 86_400
    /// How long before its end a certificate needs attention, in seconds.
    fileprivate static let warningTime = 14 * day
}

extension ServerCertificate {
    /// The whole days until it expires; negative if it has expired.
    package func daysLeft(at second: Int64) -> Int {
        let left = self.notAfter - second
        return Int(left >= 0 ? left / CertificateDefect.day : (left + 1) / CertificateDefect.day - 1)
    }

    /// Returns what is wrong with its validity period, or nil.
    ///
    /// - Parameter second: The time, in seconds since 1970.
    package func validityDefect(at second: Int64) -> CertificateDefect? {
        if second > self.notAfter { return .expired(end: self.notAfter) }
        if second < self.notBefore { return .notYetValid(start: self.notBefore) }
        guard self.notAfter - second <= CertificateDefect.warningTime else { return nil }
        return .expiring(days: self.daysLeft(at: second), end: self.notAfter)
    }

    /// Returns everything that is wrong with it.
    package func defects(at second: Int64) -> [CertificateDefect] {
        let validity = self.validityDefect(at: second).map { [$0] } ?? []
        return validity + (self.isChainBroken ? [.brokenChain] : [])
    }
}

extension CertificateDefect: CustomStringConvertible {
    package var description: String {
        func date(_ second: Int64) -> String { String(CivilTime.rfc3339(milliseconds: second * 1000).prefix(10)) }
        return switch self {
        case .expired(let end): "the certificate expired on \(date(end))"
        case .notYetValid(let start): "the certificate is not valid before \(date(start))"
        case .expiring(0, let end): "the certificate expires within a day, on \(date(end))"
        case .expiring(1, let end): "the certificate expires in 1 day, on \(date(end))"
        case .expiring(let days, let end): "the certificate expires in \(days) days, on \(date(end))"
        case .brokenChain: "a certificate in the file was not issued by the next one"
        }
    }

    /// What to do about it.
    package var suggestion: String {
        switch self {
        case .expired, .expiring: "renew it"
        case .notYetValid: "check the clock, or use another certificate"
        case .brokenChain: "list the certificate first, then the intermediate that issued it, then that one's issuer"
        }
    }
}
