import Foundation
import Testing

@testable import GatewayAdmin

/// Compares `docs/api.md` with the description of the admin API. With `GOLDEN=write` in the environment it is written.
struct APIDocumentationTests {
    private static let file = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs/api.md")

    @Test func `the reference is that of the endpoints`() throws {
        let page = APIManual(APIDocument(hasToken: true).json).page
        if ProcessInfo.processInfo.environment["GOLDEN"] == "write" {
            try page.write(to: Self.file, atomically: true, encoding: .utf8)
        }
        let isCurrent = try String(contentsOf: Self.file, encoding: .utf8) == page
        #expect(isCurrent, "docs/api.md is out of date; run GOLDEN=write swift test --filter APIDocumentationTests")
    }
}
