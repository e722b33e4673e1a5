import GatewayTLS

/// Whether a certificate in use needs attention.
package struct CertificateCondition: Hashable, Sendable {
    /// The path as written.
    package let name: String
    /// The whole days until it expires; negative if it has expired.
    package let daysLeft: Int
    /// What is wrong with it, as a sentence without an end; nil if nothing is.
    package let problem: String?
}

extension CertificateWatch {
    /// Returns the condition of each certificate in use.
    ///
    /// - Parameter second: The time, in seconds since 1970.
    package func conditions(at second: Int64) -> [CertificateCondition] {
        self.reports.map { report in
            let defect = report.certificate.validityDefect(at: second).map { "\($0)" }
            let rejection = report.rejection.map { "its new files are not used: \($0)" }
            let problems = [defect, rejection].compactMap { $0 }
            return CertificateCondition(
                name: report.certificate.name,
                daysLeft: report.certificate.daysLeft(at: second),
                problem: problems.isEmpty ? nil : problems.joined(separator: "; ")
            )
        }
    }
}
