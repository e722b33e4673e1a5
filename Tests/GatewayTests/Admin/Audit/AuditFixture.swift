import Foundation
import GatewaySettings

@testable import GatewayAdmin
@testable import GatewayCore
@testable import GatewayHTTP

/// A temporary folder for an audit log.
final class AuditFolder {
    let path: String

    init() throws {
        self.path = NSTemporaryDirectory() + "gateway-audit-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    var file: String { self.path + "/audit.jsonl" }

    func settings(_ change: (inout AuditConfiguration) -> Void = { _ in }) -> AuditConfiguration {
        var settings = AuditConfiguration()
        settings.file = self.file
        change(&settings)
        return settings
    }

    /// The text of a file in the folder; empty if there is none.
    func text(_ name: String = "audit.jsonl") -> String {
        FileManager.default.contents(atPath: self.path + "/" + name).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    func write(_ text: String, to name: String = "audit.jsonl") throws {
        try Data(text.utf8).write(to: URL(filePath: self.path + "/" + name))
    }

    func move(to name: String) throws {
        try FileManager.default.moveItem(atPath: self.file, toPath: self.path + "/" + name)
    }

    /// The lines of files, checked.
    ///
    /// - Throws: where the chain breaks.
    func verified(_ names: String...) throws -> [String] {
        var verification = AuditVerification()
        var all: [String] = []
        for name in names {
            verification.begin(file: name)
            let text = self.text(name)
            if !text.isEmpty, !text.hasSuffix("\n") { throw verification.torn() }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            for line in lines { try verification.next(line.utf8) }
            all += lines.map(String.init)
        }
        return all
    }
}

extension AuditLog {
    /// Records an act that does nothing.
    func act(_ target: String) async throws(AuditFailure) {
        try await self.perform(.admin, AuditEntry(.purgeCache, by: .program, target: target)) {}
    }

    /// The targets in memory.
    var targets: [String?] {
        get async {
            await self.entries(after: 0, limit: 1000).map { line in
                let text = String(decoding: line.bytes, as: UTF8.self)
                return text.firstMatch(of: /"target":"([^"]*)"/).map { String($0.output.1) }
            }
        }
    }
}
