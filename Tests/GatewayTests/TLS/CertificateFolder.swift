import Foundation

@testable import GatewayTLS

/// A temporary folder with certificates.
struct CertificateFolder {
    let path: String

    static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// Runs `body` with a new folder, and removes it.
    static func with<R>(_ body: (CertificateFolder) async throws -> R) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(CertificateFolder(path: folder.path))
    }

    /// Writes `NAME.pem` and `NAME.key`.
    ///
    /// - Parameters:
    ///   - hosts: Names in addition to those of this machine.
    ///   - age: How long ago the certificate was made, in days. It is valid for 365.
    func write(_ name: String, hosts: [String] = [], age: Int64 = 0) throws {
        let made = try SelfSignedCertificate(hosts: hosts, now: Self.now - age * 86_400)
        try self.write(made.certificate, to: name + ".pem")
        try self.write(made.key, to: name + ".key")
    }

    func write(_ text: String, to file: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self.path + "/" + file))
    }
}
