import Foundation
import Testing

@testable import GatewayDashboards

/// Compares the files in `deploy` with what the program writes.
struct DashboardFileTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let isWriting = ProcessInfo.processInfo.environment["GOLDEN"] == "write"

    @Test(arguments: [
        ("deploy/grafana", DashboardFile.grafana.map(\.name)),
        ("deploy/prometheus", DashboardFile.prometheus.map(\.name)),
    ])
    func `there are no files but those that the program writes`(folder: String, names: [String]) throws {
        let path = Self.root.appendingPathComponent(folder).path
        let found = try FileManager.default.contentsOfDirectory(atPath: path)
        #expect(found.filter { $0.contains(".") }.sorted() == names.sorted())
    }

    @Test func `the committed files are up to date`() throws {
        let files =
            DashboardFile.grafana.map { ("deploy/grafana/\($0.name)", $0.text) }
            + DashboardFile.prometheus.map { ("deploy/prometheus/\($0.name)", $0.text) }
        for (path, text) in files {
            let url = Self.root.appendingPathComponent(path)
            if try String(contentsOf: url, encoding: .utf8) == text { continue }
            if Self.isWriting {
                try text.write(to: url, atomically: true, encoding: .utf8)
            } else {
                Issue.record("\(path) is out of date; run GOLDEN=write swift test --filter DashboardFileTests")
            }
        }
    }

    @Test(arguments: RuleFile.alerts.allAlerts.map(\.name)) func `each alert has its page`(name: String) throws {
        let url = Self.root.appendingPathComponent("docs/runbooks/\(name).md")
        let page = try String(contentsOf: url, encoding: .utf8)
        for section in ["# \(name)\n", "## What it means\n", "## How to see it\n", "## What to do\n"] {
            #expect(page.contains(section), "docs/runbooks/\(name).md lacks \(section)")
        }
    }

    @Test func `each page belongs to an alert`() throws {
        let folder = Self.root.appendingPathComponent("docs/runbooks").path
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0 != "README.md" }
        #expect(Set(pages) == Set(RuleFile.alerts.allAlerts.map { "\($0.name).md" }))
    }
}
