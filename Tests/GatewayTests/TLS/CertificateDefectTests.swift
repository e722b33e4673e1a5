import Testing

@testable import GatewayTLS

struct CertificateDefectTests {
    private static let start: Int64 = 1_700_000_000
    private static let day: Int64 = 86_400
    /// The end of a certificate that was made at `start`.
    private static let end = start + 365 * day

    private static func certificate() throws -> ServerCertificate {
        let generated = try SelfSignedCertificate(hosts: [], now: self.start)
        return try ServerCertificate(
            name: "cert.pem",
            certificate: Array(generated.certificate.utf8),
            key: Array(generated.key.utf8)
        )
    }

    @Test(
        arguments: [
            (start - 3601, .notYetValid(start: start - 3600)), (start - 3600, nil), (end - 14 * day - 1, nil),
            (end - 14 * day, .expiring(days: 14, end: end)), (end - 14 * day + 1, .expiring(days: 13, end: end)),
            (end - 1, .expiring(days: 0, end: end)), (end, .expiring(days: 0, end: end)), (end + 1, .expired(end: end)),
        ] as [(Int64, CertificateDefect?)]
    )
    func `a certificate needs attention from 14 days before its end`(now: Int64, defect: CertificateDefect?) throws {
        #expect(try Self.certificate().validityDefect(at: now) == defect)
    }

    /// Seconds before the end, and the days that are left.
    private static let remainders: [(left: Int64, days: Int)] = [
        (14 * 86_400, 14), (86_400, 1), (86_399, 0), (0, 0), (-1, -1), (-86_400, -1), (-86_401, -2),
    ]

    @Test(arguments: remainders) func `days are whole`(left: Int64, days: Int) throws {
        #expect(try Self.certificate().daysLeft(at: Self.end - left) == days)
    }

    @Test(arguments: [
        (CertificateDefect.expired(end: end), "the certificate expired on 2024-11-13"),
        (.notYetValid(start: start), "the certificate is not valid before 2023-11-14"),
        (.expiring(days: 9, end: end), "the certificate expires in 9 days, on 2024-11-13"),
        (.expiring(days: 1, end: end), "the certificate expires in 1 day, on 2024-11-13"),
        (.expiring(days: 0, end: end), "the certificate expires within a day, on 2024-11-13"),
        (.brokenChain, "a certificate in the file was not issued by the next one"),
    ])
    func `a defect is a sentence`(defect: CertificateDefect, text: String) {
        #expect("\(defect)" == text)
        #expect(!defect.suggestion.isEmpty)
    }
}
