import GatewaySettings

/// A file for Grafana or Prometheus.
package struct DashboardFile {
    /// The name without a folder.
    package let name: String
    package let text: String

    /// The dashboards, for `deploy/grafana`.
    package static var grafana: [DashboardFile] {
        Dashboard.all.map {
            DashboardFile(name: $0.name + ".json", text: JSONText.text($0.json, indented: true) + "\n")
        }
    }

    /// The rules, for `deploy/prometheus`.
    package static var prometheus: [DashboardFile] {
        [
            DashboardFile(name: "gateway-recording.yml", text: RuleFile.recording.yaml),
            DashboardFile(name: "gateway-alerts.yml", text: RuleFile.alerts.yaml),
        ]
    }
}
