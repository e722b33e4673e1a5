import Foundation
import Testing

@testable import GatewayDashboards

/// Reads dashboards as Grafana does.
struct DashboardTests {
    private static let names = ["overview", "upstreams", "policy", "runtime", "events"]

    private func dashboard(_ name: String) throws -> [String: Any] {
        let file = try #require(DashboardFile.grafana.first { $0.name == "\(name).json" })
        return try #require(try JSONSerialization.jsonObject(with: Data(file.text.utf8)) as? [String: Any])
    }

    private func panels(_ name: String) throws -> [[String: Any]] {
        try #require(try self.dashboard(name)["panels"] as? [[String: Any]])
    }

    @Test func `there is a file for each subject`() {
        #expect(DashboardFile.grafana.map(\.name) == Self.names.map { "\($0).json" })
    }

    @Test(arguments: names) func `each panel has a unit, a description and words for no data`(name: String) throws {
        for panel in try self.panels(name) where panel["type"] as? String != "row" {
            let title = panel["title"] as? String ?? ""
            let fields = panel["fieldConfig"] as? [String: Any]
            let defaults = fields?["defaults"] as? [String: Any]
            #expect((defaults?["unit"] as? String)?.isEmpty == false, "\(title)")
            #expect((defaults?["noValue"] as? String)?.isEmpty == false, "\(title)")
            #expect((panel["description"] as? String)?.hasSuffix(".") == true, "\(title)")
            let source = panel["datasource"] as? [String: String]
            #expect(source == ["type": "prometheus", "uid": "${datasource}"], "\(title)")
            let targets = panel["targets"] as? [[String: Any]] ?? []
            #expect(!targets.isEmpty)
            #expect(Set(targets.compactMap { $0["refId"] as? String }).count == targets.count)
        }
    }

    @Test(arguments: names) func `variables offer everything, and no data source is fixed`(name: String) throws {
        let dashboard = try self.dashboard(name)
        #expect(dashboard["__inputs"] == nil)
        let templating = dashboard["templating"] as? [String: Any]
        let variables = try #require(templating?["list"] as? [[String: Any]])
        let found = variables.compactMap { $0["name"] as? String }
        for wanted in ["datasource", "instance", "route"] { #expect(found.contains(wanted)) }
        for variable in variables where variable["type"] as? String == "query" {
            #expect(variable["includeAll"] as? Bool == true)
            #expect(variable["allValue"] as? String == ".*")
        }
    }

    @Test(arguments: names) func `panels do not overlap and fill their rows`(name: String) throws {
        var taken: Set<Int> = []
        var ids: Set<Int> = []
        for panel in try self.panels(name) {
            let place = try #require(panel["gridPos"] as? [String: Int])
            let (x, y, w, h) = (place["x"] ?? -1, place["y"] ?? -1, place["w"] ?? 0, place["h"] ?? 0)
            #expect(x >= 0 && x + w <= 24)
            for row in y..<(y + h) {
                for column in x..<(x + w) { #expect(taken.insert(row * 24 + column).inserted) }
            }
            #expect(ids.insert(panel["id"] as? Int ?? 0).inserted)
        }
        let rows = (taken.max() ?? 0) / 24 + 1
        #expect(taken.count == rows * 24, "there is a hole")
    }
}
